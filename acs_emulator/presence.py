"""Who is in a call."""

from __future__ import annotations

from acs_emulator.calls import Call, CallState, LegState, Person
from acs_emulator.exchange import Exchange


def participants_updated(exchange: Exchange, call: Call) -> None:
    """Tell every connected leg who is in the call now."""
    for leg in call.legs:
        if leg.state is not LegState.CONNECTED:
            continue
        leg.sequence += 1
        exchange.callbacks.send(
            leg,
            "ParticipantsUpdated",
            fields={"participants": call.participants(), "sequenceNumber": leg.sequence},
        )


def join(exchange: Exchange, call: Call, raw_id: str) -> None:
    """Somebody comes into the call; whoever waits to speak until they are there goes on."""
    call.people[raw_id] = Person(raw_id)
    if raw_id not in call.joined:
        call.joined.append(raw_id)
    if call.caller is None:
        call.caller = raw_id
    call.ring_change()
    if call.state is CallState.ESTABLISHED:
        participants_updated(exchange, call)
        exchange.note_call(call, "joined")
