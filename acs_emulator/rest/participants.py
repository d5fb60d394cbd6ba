"""Participants: list, get, add, cancel, remove, mute, move."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from acs_emulator.calls import invitations, moving
from acs_emulator.calls.call import Person
from acs_emulator.calls.presence import mute
from acs_emulator.errors import Refused, participant_not_found
from acs_emulator.identifiers import is_communication_user, is_phone_number
from acs_emulator.rest.bodies import participants as bodies
from acs_emulator.rest.context import ApiVersion, TheExchange, TheLeg, require_established, with_context

router = APIRouter(prefix="/calling/callConnections/{connection_id}")

PAGE_SIZE = 100
"""Participants on one page. The specification has `nextLink` and no way to ask for a size; the size is a guess."""
_FROM = "skip"


@router.get("/participants")
async def get_participants(
    request: Request, leg: TheLeg, api_version: ApiVersion, skip: str = ""
) -> dict[str, Any]:
    """200 with a page of them; `nextLink`, where there are more, is an absolute address under the host that the client
    used."""
    first = int(skip) if skip.isdecimal() and len(skip) < 7 else 0
    people = leg.call.participants(leg)
    last = first + PAGE_SIZE
    page: dict[str, Any] = {"value": [person.to_json() for person in people[first:last]]}
    if last < len(people):
        host = request.headers.get("host", "")
        query = f"api-version={api_version}&{_FROM}={last}"
        page["nextLink"] = f"{request.url.scheme}://{host}{request.url.path}?{query}"
    return page


@router.get("/participants/{raw_id}")
async def get_participant(leg: TheLeg, raw_id: str) -> dict[str, Any]:
    """200, or 404 with the code "8522" for somebody who is not in the call."""
    person = leg.call.participant(raw_id, leg)
    if person is None:
        raise participant_not_found()
    return person.to_json()


@router.post("/participants:add", status_code=202)
async def add_participant(body: bodies.AddParticipant, leg: TheLeg, exchange: TheExchange) -> dict[str, Any]:
    """202 with the invitation's id. Events: AddParticipantSucceeded or AddParticipantFailed."""
    require_established(leg)
    raw_id, caller_id = body.participant_to_add.name, body.source_caller_id_number
    if is_phone_number(raw_id) and caller_id is None and leg.source_caller_id is None:
        raise Refused(
            400,
            "8523",
            "Invalid Request, a source caller id number is needed to add a phone number.",
            target="sourceCallerIdNumber",
        )
    invitation_id = invitations.add(
        exchange,
        leg,
        raw_id,
        body.told,
        source_caller_id=caller_id.raw_id if caller_id else leg.source_caller_id,
        display_name=body.source_display_name or "",
        invitation_timeout=body.invitation_timeout_in_seconds,
        custom_context=body.custom_calling_context,
    )
    shown = {"participant": Person(raw_id).to_json(), "invitationId": invitation_id}
    return with_context(shown, body.operation_context)


@router.post("/participants:cancelAddParticipant", status_code=202)
async def cancel_add_participant(
    body: bodies.CancelAddParticipant, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """202. Events: CancelAddParticipantSucceeded or CancelAddParticipantFailed."""
    invitations.cancel_add(exchange, leg, body.invitation_id, body.told)
    return with_context({"invitationId": body.invitation_id}, body.operation_context)


@router.post("/participants:remove", status_code=202)
async def remove_participant(
    body: bodies.RemoveParticipant, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """202. Events: RemoveParticipantSucceeded or RemoveParticipantFailed."""
    require_established(leg)
    exchange.tasks.start(
        invitations.remove(exchange, leg, body.participant_to_remove.name, body.told), scope=leg.call.call_id
    )
    return with_context({}, body.operation_context)


@router.post("/participants:mute")
async def mute_participants(
    body: bodies.MuteParticipants, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """200. Events: ParticipantsUpdated. One ACS user at a time: more of them, and phones, are refused with 400 (8523)."""
    require_established(leg)
    if len(body.target_participants) > 1:
        message = "Invalid Request, only one participant can be muted at a time."
        raise Refused(400, "8523", message, target="targetParticipants")
    raw_id = body.target_participants[0].name
    if not is_communication_user(raw_id):
        message = "Invalid Request, only Azure Communication Services users can be muted."
        raise Refused(400, "8523", message, target="targetParticipants")
    person = leg.call.participant(raw_id, leg)
    if person is None:
        raise participant_not_found()
    if not person.muted:
        mute(exchange, leg.call, person)
    return with_context({}, body.operation_context)


@router.post("/participants:moveHere", status_code=202)
async def move_participants(
    body: bodies.MoveParticipants, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """202 with those who are asked for, which is a guess. Events: MoveParticipantSucceeded or MoveParticipantFailed for
    each. 404 where there is no call `fromCall`."""
    require_established(leg)
    source = exchange.leg(body.from_call)
    require_established(source)
    raw_ids = [target.name for target in body.target_participants]
    exchange.tasks.start(moving.move_here(exchange, leg, source, raw_ids, body.told), scope=leg.call.call_id)
    shown = {"participants": [Person(raw_id).to_json() for raw_id in raw_ids], "fromCall": body.from_call}
    return with_context(shown, body.operation_context)
