"""Participants who are moved from one call to another."""

from __future__ import annotations

from collections.abc import Sequence

from acs_emulator.calls import endcodes
from acs_emulator.calls.call import Call, Leg
from acs_emulator.calls.leaving import end
from acs_emulator.calls.presence import join, leave, participants_updated
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import wire
from acs_emulator.outgoing.events import OK, Told


async def move_here(exchange: Exchange, leg: Leg, source: Leg, raw_ids: Sequence[str], told: Told) -> None:
    """Events, for each of them: MoveParticipantSucceeded, or …Failed where they are not in the call they should come
    from. Nobody but the application left there, that call ends, which is a guess."""
    came_from, ends = source.call, len(source.call.legs)
    for raw_id in raw_ids:
        moved = came_from is not leg.call and relocate(
            exchange, raw_id, came_from, leg.call, by=source, to=leg
        )
        result = OK if moved else endcodes.PARTICIPANT_NOT_FOUND
        exchange.callbacks.send(
            leg,
            "MoveParticipantSucceeded" if moved else "MoveParticipantFailed",
            told,
            result=result,
            fields={"participant": wire(raw_id), "fromCall": source.connection_id},
        )
    if came_from is leg.call:
        return
    if came_from.people or len(came_from.legs) > 1:
        participants_updated(exchange, came_from)
    else:
        if len(came_from.legs) < ends:
            # A leg's own tasks belong to its call; they must outlive the call that it left.
            exchange.tasks.move_all(came_from.call_id, leg.call.call_id)
        await end(exchange, came_from, endcodes.ENDED_BY_AN_APP)


def relocate(
    exchange: Exchange, raw_id: str, source: Call, destination: Call, *, by: Leg, to: Leg | None = None
) -> bool:
    """Take somebody, or another end of the application's than `by`, to another call, to `to`'s end of it, with what they
    have yet to say.

    Whether they were there. Who stays is not told.
    """
    if leave(exchange, source, raw_id):
        source.onward[raw_id] = destination
        for task in [task for task, whose in source.performances.items() if whose == raw_id]:
            destination.performances[task] = source.performances.pop(task)
            exchange.tasks.move(task, source.call_id, destination.call_id)
        join(exchange, destination, raw_id, beside=to)
        source.ring_change()
        return True
    leg = source.leg_shown_as(raw_id, but=by)
    if leg is None:
        return False
    source.legs.remove(leg)
    destination.legs.append(leg)
    leg.call = destination
    participants_updated(exchange, destination)
    return True
