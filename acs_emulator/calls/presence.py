"""Who is in a call."""

from __future__ import annotations

from acs_emulator.calls import callevents
from acs_emulator.calls.call import Call, CallState, Leg, Person
from acs_emulator.exchange import Exchange
from acs_emulator.media import continuous


def participants_updated(exchange: Exchange, call: Call) -> None:
    """Tell every connected leg who is in the call now."""
    call.hush(exchange.clock.ticks())
    for leg in call.legs:
        if not leg.talks:
            continue
        leg.sequence += 1
        exchange.callbacks.send(
            leg,
            "ParticipantsUpdated",
            fields={
                "participants": [person.to_json() for person in call.participants(leg)],
                "sequenceNumber": leg.sequence,
            },
        )


def join(exchange: Exchange, call: Call, raw_id: str, *, beside: Leg | None = None) -> None:
    """Somebody comes into the call, where `beside` is behind a PSTN line at its end of that line; whoever waits to speak
    until they are there goes on."""
    call.people[raw_id] = Person(raw_id, beside=beside if beside is not None and beside.line else None)
    call.onward.pop(raw_id, None)
    if raw_id not in call.joined:
        call.joined.append(raw_id)
    if call.caller is None:
        call.caller = raw_id
    call.ring_change()
    callevents.came(exchange, call, raw_id)
    if call.state is CallState.ESTABLISHED:
        participants_updated(exchange, call)
        exchange.note_call(call, "joined")


def leave(exchange: Exchange, call: Call, raw_id: str) -> bool:
    """Somebody is no longer in the call; whether they were. Nobody else is told yet."""
    person = call.people.pop(raw_id, None)
    if person is None:
        return False
    call.sound.cut(raw_id, exchange.clock.ticks())
    continuous.gone(call, raw_id)
    callevents.went(exchange, call, raw_id)
    exchange.note_call(call, "left")
    return True


def mute(exchange: Exchange, call: Call, person: Person) -> None:
    """They are heard no more. Events: ParticipantsUpdated."""
    person.muted = True
    participants_updated(exchange, call)
