"""What the API's description shows: one call between Ada, on a telephone, and an agent."""

from typing import Any

import msgspec

from callscribe.domain import views
from callscribe.domain.errors import CallNotFound
from service.answers import CallList, ErrorList, ErrorView, EventList

_TRANSCRIPTION = views.TranscriptionView(
    state="active", locale="en-GB", start_mode="auto", attempts=1, event_seen=True, packet_seen=True
)
_CALL = views.CallView(
    id="call_0195f3c2a7b07c3e8f1d2a4b6c8e0f13",
    direction="incoming",
    state="connected",
    created_at="2026-03-02T09:15:00.120Z",
    transcription=_TRANSCRIPTION,
    call_connection_id="441f1200-b2f1-4f7a-9d5e-7b6c1b3a2d10",
    server_call_id="aHR0cHM6Ly9leGFtcGxl",
    correlation_id="8f6d1a54-2f0a-4f5e-9a3c-5c1f0e6b7d21",
    from_="4:+442079460123",
    to=("4:+442079460001",),
    participants=(
        views.ParticipantView(raw_id="4:+442079460123", kind="phoneNumber", display_name="Ada"),
        views.ParticipantView(raw_id="8:acs:agent", kind="communicationUser"),
    ),
    connected_at="2026-03-02T09:15:02.480Z",
)
_SEGMENT = views.SegmentView(
    id="seg_9b1d",
    number=7,
    stream="str_4c1e",
    participant_raw_id="4:+442079460123",
    text="Good morning.",
    start_ms=7040,
    started_at="2026-03-02T09:15:09.520Z",
    offset="70400000",
    duration="9600000",
    duration_ms=960,
    confidence=0.94,
    locale="en-GB",
    speaker="Ada",
    words=(
        views.WordView(text="good", offset="70400000", start_ms=7040, duration="2800000", duration_ms=280),
        views.WordView(text="morning", offset="73200000", start_ms=7320, duration="6800000", duration_ms=680),
    ),
)
_OPERATION = views.OperationView(
    operation_id="op_0195f3c2b1a07f20a3c4d5e6f7081920",
    kind="update-locale",
    state="running",
    started_at="2026-03-02T09:16:00.000Z",
    locale="fr-CA",
)


_NEXT = "MTc3MjQ0MjkwMDEyMA"


def _shown(view: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(view))


CALL = _shown(_CALL)
CALLS = _shown(CallList(items=(_CALL,), next_cursor=_NEXT))
EXPECTED = _shown(
    views.ExpectedCallView(
        call=msgspec.structs.replace(_CALL, direction="expected", state="expected", call_connection_id=None),
        transport_url="wss://calls.example/transcripts/Zk3v…",
        callback_uri="https://calls.example/azure/callbacks/Zk3v…",
    )
)
OPERATION = _shown(_OPERATION)
DONE = _shown(msgspec.structs.replace(_OPERATION, state="succeeded"))
TRANSCRIPTION = _shown(_TRANSCRIPTION)
TRANSCRIPT = _shown(
    views.TranscriptView(
        call_id=_CALL.id,
        call_connection_id=_CALL.call_connection_id,
        last_change=7,
        complete=False,
        started_at="2026-03-02T09:15:02.480Z",
        segments=(_SEGMENT,),
        gaps=(),
    )
)
TEXT = "[00:07] Ada: Good morning.\n[00:31–00:40] (gap: socket-dropped)\n"
STREAM = f"retry: 2000\n\nevent: segment\nid: 7\ndata: {msgspec.json.encode(_SEGMENT).decode()}\n\n: still here\n\n"
EVENTS = _shown(
    EventList(
        items=(
            views.EventView(
                id="evt_0195f3c2a9d07a11",
                at="2026-03-02T09:15:02.471Z",
                received_at="2026-03-02T09:15:02.480Z",
                type="Microsoft.Communication.CallConnected",
                source="callback",
                data=msgspec.Raw(b'{"callConnectionId":"441f1200-b2f1-4f7a-9d5e-7b6c1b3a2d10"}'),
            ),
        ),
        next_cursor=_NEXT,
    )
)
_ERROR = ErrorView(
    code="call-not-found",
    type="/v1/errors/call-not-found",
    title="No such call",
    description="No call has this id.",
    status=404,
    retryable=False,
    fixer="caller",
    cause=CallNotFound.cause,
    remedy=CallNotFound.remedy,
)
ERROR = _shown(_ERROR)
ERRORS = _shown(ErrorList(items=(_ERROR,)))
_STARTED = {"serverCallId": _CALL.server_call_id, "correlationId": _CALL.correlation_id}
_RESOURCE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/calls/providers/Microsoft.Communication/"
    "CommunicationServices/calls"
)
EVENT_GRID_EVENTS = [
    {
        "id": "9e9e2c6e-3b0f-4f0b-9a57-0d2f6c1e4a88",
        "topic": _RESOURCE,
        "subject": f"call/{_CALL.server_call_id}/startedBy/8:acs:agent",
        "data": _STARTED,
        "eventType": "Microsoft.Communication.CallStarted",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": "2026-03-02T09:15:00.0200412Z",
    }
]
CLOUD_EVENT = {
    "id": "9e9e2c6e-3b0f-4f0b-9a57-0d2f6c1e4a88",
    "source": _RESOURCE,
    "subject": f"call/{_CALL.server_call_id}/startedBy/8:acs:agent",
    "data": _STARTED,
    "type": "Microsoft.Communication.CallStarted",
    "time": "2026-03-02T09:15:00.0200412Z",
    "specversion": "1.0",
}
CALLBACKS = [
    {
        "id": "f9ee7654-f7ac-47e3-ad69-2f4107d75843",
        "source": f"calling/callConnections/{_CALL.call_connection_id}",
        "type": "Microsoft.Communication.CallConnected",
        "data": {
            "callConnectionId": _CALL.call_connection_id,
            "serverCallId": _CALL.server_call_id,
            "correlationId": _CALL.correlation_id,
        },
        "time": "2026-03-02T09:15:02.4712345+00:00",
        "specversion": "1.0",
        "subject": f"calling/callConnections/{_CALL.call_connection_id}",
    }
]
METRICS = (
    "# HELP callscribe_sockets_open Open transcript sockets.\n"
    "# TYPE callscribe_sockets_open gauge\n"
    "callscribe_sockets_open 3.0\n"
)
