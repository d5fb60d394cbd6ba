"""Event Grid's events of VoIP calls: CallStarted, CallEnded, CallParticipantAdded, CallParticipantRemoved.

They tell of ACS users only, not of phones, bots and Teams users, and the application's own ends are bots. A call is told
of from the moment an ACS user is in it; who started it is whoever opened it, where that is a user, else the first of
them. Both are guesses. Source: azure-docs, event-grid/communication-services-voice-video-events, whose newer revisions
put the identifier into `communicationIdentifier`, as the Event Grid SDKs read it.
"""

from __future__ import annotations

import uuid

from acs_emulator.calls.call import Call, CallState
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import is_communication_user, wire

ENDPOINT_TYPE = "acs_emulator"
ROLE = "Attendee"
"""The documentation prints a placeholder; Attendee is the default of Rooms, and a guess here."""
_TYPE = "Microsoft.Communication."


def came(exchange: Exchange, call: Call, raw_id: str) -> None:
    """Somebody is in the call. Ringing calls are not yet told of; rooms and groups begin with the first who comes."""
    if call.state is CallState.RINGING and call.direction in ("incoming", "outgoing"):
        return
    if not is_communication_user(raw_id):
        return
    _begin(exchange, call, raw_id)
    _tell_of_participant(exchange, call, "CallParticipantAdded", raw_id)


def established(exchange: Exchange, call: Call) -> None:
    """The call that rang is connected, with whoever is in it."""
    for raw_id in call.people:
        if raw_id not in call.told_of:
            came(exchange, call, raw_id)


def went(exchange: Exchange, call: Call, raw_id: str) -> None:
    """Somebody left."""
    if raw_id in call.told_of:
        _tell_of_participant(exchange, call, "CallParticipantRemoved", raw_id)
        del call.told_of[raw_id]


def ended(exchange: Exchange, call: Call) -> None:
    """The call is over for everybody."""
    for raw_id in list(call.told_of):
        went(exchange, call, raw_id)
    if call.started_at is None:
        return
    seconds = exchange.clock.now() - call.started_at
    data = {"durationOfCall": seconds, **_about(call)}
    exchange.event_grid.publish(f"{_TYPE}CallEnded", f"call/{call.server_call_id}", data)


def _begin(exchange: Exchange, call: Call, raw_id: str) -> None:
    if call.started_at is not None:
        return
    call.started_at = exchange.clock.now()
    opener = call.caller if call.direction != "outgoing" else next((leg.source for leg in call.legs), None)
    call.started_by = opener if opener and is_communication_user(opener) else raw_id
    subject = f"call/{call.server_call_id}/startedBy/{call.started_by}"
    exchange.event_grid.publish(f"{_TYPE}CallStarted", subject, _about(call))


def _tell_of_participant(exchange: Exchange, call: Call, name: str, raw_id: str) -> None:
    participant_id = call.told_of.setdefault(raw_id, str(uuid.uuid4()))
    data = {
        "user": _party(raw_id),
        "displayName": "",
        "participantId": participant_id,
        "endpointType": ENDPOINT_TYPE,
        **_about(call),
    }
    exchange.event_grid.publish(f"{_TYPE}{name}", f"call/{call.server_call_id}/participant/{raw_id}", data)


def _about(call: Call) -> dict[str, object]:
    shown: dict[str, object] = {
        "startedBy": _party(call.started_by or ""),
        "serverCallId": call.server_call_id,
    }
    if call.direction in ("group", "room"):
        shown[call.direction] = {"id": call.call_id.partition(":")[2]}
    shown["isTwoParty"] = call.direction in ("incoming", "outgoing") and len(call.participants()) <= 2
    shown["correlationId"] = call.correlation_id
    shown["isRoomsCall"] = call.direction == "room"
    return shown


def _party(raw_id: str) -> dict[str, object]:
    identifier = wire(raw_id)
    del identifier["kind"]
    return {"communicationIdentifier": identifier, "role": ROLE}
