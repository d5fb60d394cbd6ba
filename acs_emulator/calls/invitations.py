"""Participants added to and removed from a call by the application."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from acs_emulator.calls import endcodes
from acs_emulator.calls.call import Leg
from acs_emulator.calls.establishing import establish
from acs_emulator.calls.leaving import end, leg_leaves
from acs_emulator.calls.presence import leave, participants_updated
from acs_emulator.calls.ringing import Invitation, invitation_from, ring
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import is_phone_number, wire
from acs_emulator.outgoing.events import OK, Result, Told
from acs_emulator.people import performance
from acs_emulator.people.callees import Unanswered


def add(
    exchange: Exchange,
    leg: Leg,
    raw_id: str,
    told: Told,
    *,
    source_caller_id: str | None,
    display_name: str,
    invitation_timeout: float | None,
    custom_context: Mapping[str, object] | None,
) -> str:
    """The invitation's id. Events: AddParticipantSucceeded or AddParticipantFailed."""
    invitation_id = str(uuid.uuid4())
    invitation = invitation_from(
        leg,
        raw_id,
        caller=source_caller_id if is_phone_number(raw_id) else None,
        display_name=display_name,
        custom_context=custom_context,
        give_up_after=invitation_timeout,
    )
    leg.call.invitations[invitation_id] = exchange.tasks.start(
        _invite(exchange, leg, invitation_id, invitation, told), scope=leg.call.call_id
    )
    return invitation_id


async def _invite(
    exchange: Exchange, leg: Leg, invitation_id: str, invitation: Invitation, told: Told
) -> None:
    call, raw_id = leg.call, invitation.callee
    outcome = await ring(exchange, call, invitation)
    call.invitations.pop(invitation_id, None)
    if isinstance(outcome, Unanswered):
        _tell(exchange, leg, "AddParticipantFailed", raw_id, told, outcome.result)
        return
    _tell(exchange, leg, "AddParticipantSucceeded", raw_id, told)
    if outcome.leg is not None:
        await establish(exchange, outcome.leg)
        return
    performance.come_in(exchange, call, outcome.raw_id, human=outcome.human, beside=leg)


def cancel_add(exchange: Exchange, leg: Leg, invitation_id: str, told: Told) -> None:
    """Events: CancelAddParticipantSucceeded, or …Failed where nobody is being rung under that id."""
    ringing = leg.call.invitations.pop(invitation_id, None)
    if ringing is not None:
        ringing.cancel()
    exchange.callbacks.send(
        leg,
        "CancelAddParticipantSucceeded" if ringing is not None else "CancelAddParticipantFailed",
        told,
        result=OK if ringing is not None else endcodes.NO_SUCH_INVITATION,
        fields={"invitationId": invitation_id},
    )


async def remove(exchange: Exchange, leg: Leg, raw_id: str, told: Told) -> None:
    """Events: RemoveParticipantSucceeded, or …Failed where they are not in the call. The last of the others takes the
    call with them."""
    call = leg.call
    other = call.leg_shown_as(raw_id, but=leg)
    if not leave(exchange, call, raw_id) and other is None:
        _tell(exchange, leg, "RemoveParticipantFailed", raw_id, told, endcodes.PARTICIPANT_NOT_FOUND)
        return
    _tell(exchange, leg, "RemoveParticipantSucceeded", raw_id, told)
    if other is not None:
        await leg_leaves(exchange, other, endcodes.REMOVED)
    if not call.people and len(call.legs) < 2:
        await end(exchange, call, endcodes.ENDED_BY_AN_APP)
    elif other is None:
        participants_updated(exchange, call)


def _tell(exchange: Exchange, leg: Leg, name: str, raw_id: str, told: Told, result: Result = OK) -> None:
    exchange.callbacks.send(leg, name, told, result=result, fields={"participant": wire(raw_id)})
