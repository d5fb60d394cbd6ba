"""Transfers: somebody is put through to somebody else.

In a call between two the application leaves with it and the others talk on; in a group only who is transferred leaves.
Source: azure-docs, how-tos/call-automation/actions-for-call-control. The codes of failures are those of a call that nobody
takes, which is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acs_emulator.calls import endcodes
from acs_emulator.calls.call import Call, CallState, Leg, LegState
from acs_emulator.calls.establishing import establish
from acs_emulator.calls.leaving import HANG_UP_DELAY, disconnected, leg_leaves, talk_on
from acs_emulator.calls.moving import relocate
from acs_emulator.calls.presence import participants_updated
from acs_emulator.calls.ringing import Answered, invitation_from, ring
from acs_emulator.errors import Refused, participant_not_found
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import is_phone_number, wire
from acs_emulator.outgoing.events import UNTOLD, Result, Told
from acs_emulator.people import performance
from acs_emulator.people.callees import Unanswered

TRANSFER_TIMEOUT = 60.0
"""Emulated seconds; azure-docs, concepts/service-limits."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer operation."""

    target: str
    transferee: str | None = None
    source_caller_id: str | None = None
    custom_context: Mapping[str, object] | None = None
    told: Told = UNTOLD


def transfer(exchange: Exchange, leg: Leg, asked: Transfer) -> None:
    """Ring at the target. Events: CallTransferAccepted or CallTransferFailed.

    Raises Refused: 409 (8607) while another transfer is under way, 404 (8522) where the transferee is not in the call, 400
    (8523) where a group call needs one named or a phone a caller id.
    """
    if leg.state is LegState.TRANSFERRING:
        raise Refused(409, "8607", "Another transfer of this call is in progress.")
    transferee = _transferee(leg, asked)
    caller = _caller(leg, asked, transferee)
    leg.state = LegState.TRANSFERRING
    exchange.tasks.start(_transfer(exchange, leg, transferee, caller, asked), scope=leg.call.call_id)


async def _transfer(exchange: Exchange, leg: Leg, transferee: str, caller: str, asked: Transfer) -> None:
    invitation = invitation_from(
        leg,
        asked.target,
        caller=caller,
        custom_context=asked.custom_context,
        give_up_after=TRANSFER_TIMEOUT,
    )
    outcome = await ring(exchange, leg.call, invitation)
    if leg.state is LegState.TRANSFERRING:
        failure = _failure(leg, transferee, outcome)
        if failure is None and isinstance(outcome, Answered):
            fields = {"transferTarget": wire(asked.target), "transferee": wire(transferee)}
            exchange.callbacks.send(leg, "CallTransferAccepted", asked.told, fields=fields)
            await _put_through(exchange, leg, transferee, outcome)
            return
        leg.state = LegState.CONNECTED
        exchange.callbacks.send(
            leg, "CallTransferFailed", asked.told, result=failure or endcodes.PARTICIPANT_NOT_PRESENT
        )
    if isinstance(outcome, Answered) and outcome.leg is not None:
        disconnected(exchange, outcome.leg, endcodes.CANCELED)


def _failure(leg: Leg, transferee: str, outcome: Answered | Unanswered) -> Result | None:
    if isinstance(outcome, Unanswered):
        return outcome.result
    gone = leg.call.participant(transferee, leg) is None
    return endcodes.PARTICIPANT_NOT_PRESENT if gone else None


async def _put_through(exchange: Exchange, leg: Leg, transferee: str, target: Answered) -> None:
    between_two = len(_others(leg)) == 1
    call = leg.call
    if between_two:
        leg.state = LegState.TRANSFER_ACCEPTED
    else:
        leg.state = LegState.CONNECTED
        legacy_offsets = leg.call.legacy_offsets
        call = Call("incoming", caller=transferee, state=CallState.ESTABLISHED, legacy_offsets=legacy_offsets)
        exchange.calls.add(call)
        relocate(exchange, transferee, leg.call, call, by=leg)
        participants_updated(exchange, leg.call)
    if target.leg is None:
        performance.come_in(exchange, call, target.raw_id, human=target.human)
        if not call.legs:
            talk_on(exchange, call)
    else:
        _seat(target.leg, call)
        exchange.tasks.start(establish(exchange, target.leg), scope=call.call_id)
    if between_two:
        await exchange.clock.sleep(HANG_UP_DELAY)
        await leg_leaves(exchange, leg, endcodes.TRANSFERRED_AWAY)


def _seat(leg: Leg, call: Call) -> None:
    """The leg that answered belongs to the call of whom it is put through to."""
    if leg.call is not call:
        leg.call.legs.remove(leg)
        call.legs.append(leg)
        leg.call = call


def _others(leg: Leg) -> list[str]:
    """Everybody in the call but the application's own end."""
    own = (leg.app, leg.shown_as)
    return [one.raw_id for one in leg.call.participants(leg) if one.raw_id not in own]


def _transferee(leg: Leg, asked: Transfer) -> str:
    others = _others(leg)
    if asked.transferee is None:
        if len(others) == 1:
            return others[0]
        message = "Invalid Request, a transferee is needed to transfer somebody out of a group call."
        raise Refused(400, "8523", message, target="transferee")
    if asked.transferee not in others:
        raise participant_not_found()
    return asked.transferee


def _caller(leg: Leg, asked: Transfer, transferee: str) -> str:
    """Whom the target sees: who is transferred, unless another caller id is given. A phone must see a number: of the
    transferee, or one of the resource's own."""
    if not is_phone_number(asked.target):
        return transferee
    own = transferee if is_phone_number(transferee) else None
    caller = asked.source_caller_id or own or leg.source_caller_id or leg.answered_for
    if caller is None:
        message = "Invalid Request, a source caller id number is needed to transfer to a phone number."
        raise Refused(400, "8523", message, target="sourceCallerIdNumber")
    return caller
