"""Participants: list, get, add, cancel, remove."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from acs_emulator import invitations
from acs_emulator.calls import Leg, LegState
from acs_emulator.errors import Refused
from acs_emulator.identifiers import is_phone_number, raw_id_of, wire
from acs_emulator.rest.bodies import participants as bodies
from acs_emulator.rest.context import TheExchange, TheLeg

router = APIRouter(prefix="/calling/callConnections/{connection_id}")


@router.get("/participants")
async def get_participants(leg: TheLeg) -> dict[str, Any]:
    """200 with all of them on one page."""
    return {"value": leg.call.participants()}


@router.get("/participants/{raw_id}")
async def get_participant(leg: TheLeg, raw_id: str) -> dict[str, Any]:
    """200, or 404 with the code "8522" for somebody who is not in the call."""
    for participant in leg.call.participants():
        if participant["identifier"] == wire(raw_id):
            return participant
    raise Refused(404, "8522", "Participant not found.")


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
        source_caller_id=raw_id_of(caller_id.value) if caller_id else leg.source_caller_id,
        display_name=body.source_display_name or "",
        invitation_timeout=body.invitation_timeout_in_seconds,
        custom_context=body.custom_calling_context,
    )
    shown: dict[str, Any] = {
        "participant": {"identifier": wire(raw_id), "isMuted": False, "isOnHold": False},
        "invitationId": invitation_id,
    }
    return _with_context(shown, body.operation_context)


@router.post("/participants:cancelAddParticipant", status_code=202)
async def cancel_add_participant(
    body: bodies.CancelAddParticipant, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """202. Events: CancelAddParticipantSucceeded or CancelAddParticipantFailed."""
    invitations.cancel_add(exchange, leg, body.invitation_id, body.told)
    return _with_context({"invitationId": body.invitation_id}, body.operation_context)


@router.post("/participants:remove", status_code=202)
async def remove_participant(
    body: bodies.RemoveParticipant, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """202. Events: RemoveParticipantSucceeded or RemoveParticipantFailed."""
    require_established(leg)
    exchange.tasks.start(
        invitations.remove(exchange, leg, body.participant_to_remove.name, body.told), scope=leg.call.call_id
    )
    return _with_context({}, body.operation_context)


def require_established(leg: Leg) -> None:
    """Raises Refused (400, "8501") while the call is not connected."""
    if leg.state is not LegState.CONNECTED:
        raise Refused(400, "8501", "Action is invalid when call is not in Established state.")


def _with_context(shown: dict[str, Any], context: str | None) -> dict[str, Any]:
    return shown if context is None else {**shown, "operationContext": context}
