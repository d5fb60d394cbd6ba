"""Whom an application means by a participant of its call."""

from __future__ import annotations

from acs_emulator.calls.call import Leg
from acs_emulator.errors import participant_not_found


def find(leg: Leg, raw_id: str) -> str:
    """The raw id, if somebody else of that name is in the call as this leg sees it.

    Raises Refused (404, "8522"); that it is told at once, and not by an event, is a guess.
    """
    if raw_id not in (leg.app, leg.shown_as) and leg.call.participant(raw_id, leg) is not None:
        return raw_id
    if leg.line is None and leg.call.leg_shown_as(raw_id, but=leg) is not None:
        return raw_id
    raise participant_not_found()


def comes_from(leg: Leg, target: str, raw_id: str) -> bool:
    """Whether what `raw_id` says or presses is, for this leg, the target's: over a PSTN line everybody at its other
    end is the one number."""
    if leg.line is not None and target == leg.line.far:
        person = leg.call.people.get(raw_id)
        return raw_id != leg.shown_as and (person is None or person.beside is not leg)
    return raw_id == target


def is_group(leg: Leg) -> bool:
    """Whether more than one other party is in the call, as this leg sees it."""
    return len(leg.call.participants(leg)) > 2
