"""Participants on hold: they hear music and nobody hears them.

Nobody listens to what a held participant hears, so the music is made ready, to find out whether it can be played, and is
remembered until they are taken back. Sources: the REST specification's Hold and Unhold, and the sub codes of azure-docs.
"""

from __future__ import annotations

from acs_emulator.calls import endcodes
from acs_emulator.calls.call import Leg, Person
from acs_emulator.calls.presence import participants_updated
from acs_emulator.exchange import Exchange
from acs_emulator.media.prompts import CannotPlay, Source
from acs_emulator.outgoing.events import Result, Told


def hold(exchange: Exchange, leg: Leg, raw_id: str, music: Source | None, told: Told) -> None:
    """Put somebody on hold. Events: ParticipantsUpdated, or HoldFailed where they are not in the call or the music
    cannot be played; that they are not held then is a guess."""
    person = leg.call.participant(raw_id, leg)
    if person is None:
        _tell_failed(exchange, leg, endcodes.PARTICIPANT_NOT_PRESENT, told)
        return
    person.hold_music = music
    if music is None:
        _held(exchange, leg, person)
        return
    exchange.tasks.start(_hold(exchange, leg, person, music, told), scope=leg.call.call_id)


async def _hold(exchange: Exchange, leg: Leg, person: Person, music: Source, told: Told) -> None:
    speaks = bool(leg.cognitive_services_endpoint)
    try:
        await exchange.prompts.ready(exchange.client, exchange.clock, music, cognitive_services=speaks)
    except CannotPlay as cannot:
        if person.hold_music is music:
            person.hold_music = None
        _tell_failed(exchange, leg, cannot.result, told)
        return
    # Whoever was taken back, or given other music, while the music was made ready is not put on hold by it.
    if person.hold_music is music:
        _held(exchange, leg, person)


def _held(exchange: Exchange, leg: Leg, person: Person) -> None:
    if not person.on_hold:
        person.on_hold = True
        participants_updated(exchange, leg.call)


def unhold(exchange: Exchange, leg: Leg, person: Person) -> None:
    """Take somebody back, even while their music is made ready; it stops. Events: ParticipantsUpdated."""
    was_held, person.on_hold, person.hold_music = person.on_hold, False, None
    if was_held:
        participants_updated(exchange, leg.call)


def _tell_failed(exchange: Exchange, leg: Leg, result: Result, told: Told) -> None:
    exchange.callbacks.send(leg, "HoldFailed", told, result=result)
