"""callscribe.domain.events."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.communication.callautomation._generated.models import _models as sdk
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain import events
from callscribe.domain.events import (
    CallbackEvent,
    CallDisconnected,
    CallEnded,
    CallParticipantAdded,
    CallParticipantRemoved,
    CallStarted,
    Choice,
    CustomContext,
    Envelope,
    EventGridEvent,
    IncomingCall,
    MalformedEvent,
    ParticipantsUpdated,
    PlayFailed,
    RecordingChunk,
    RecordingFileStatusUpdated,
    RecordingStateChanged,
    Speech,
    SubscriptionValidation,
    TranscriptionCallSummaryUpdated,
    TranscriptionFailed,
    UnknownEvent,
    parse_callback,
    parse_event_grid,
)
from callscribe.domain.participants import Participant, ParticipantKind
from callscribe.domain.results import Diagnostic, Result
from callscribe.domain.timeline import parse_rfc3339

GOLDEN = Path(__file__).parents[2] / "golden" / "acs" / "events.jsonl"
CAPTURES = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
EVENT_GRID_SCHEMAS = {"incomingcall-data", "eventgrid", "eventgrid-cloudevents"}
COMMUNICATION = "Microsoft.Communication."
GRID_TYPES = {
    "Microsoft.EventGrid.SubscriptionValidationEvent": SubscriptionValidation,
    COMMUNICATION + "IncomingCall": IncomingCall,
    COMMUNICATION + "CallStarted": CallStarted,
    COMMUNICATION + "CallEnded": CallEnded,
    COMMUNICATION + "CallParticipantAdded": CallParticipantAdded,
    COMMUNICATION + "CallParticipantRemoved": CallParticipantRemoved,
    COMMUNICATION + "RecordingFileStatusUpdated": RecordingFileStatusUpdated,
}
SDK_EVENTS = {
    name: {attribute["key"] for attribute in model._attribute_map.values()}
    for name, model in vars(sdk).items()
    if isinstance(model, type)
    and {"call_connection_id", "result_information"} <= set(getattr(model, "_attribute_map", ()))
}
USER = {"rawId": "8:acs:r_u", "kind": "communicationUser", "communicationUser": {"id": "8:acs:r_u"}}
AGENT = Participant("8:acs:r_u", ParticipantKind.COMMUNICATION_USER)
PHONE = {"phoneNumber": {"value": "+4930123456"}}
CALLER = Participant("4:+4930123456", ParticipantKind.PHONE_NUMBER)
INCOMING = {"to": USER, "from": PHONE, "incomingCallContext": "ctx", "correlationId": "cor"}


def unwrapped(capture: dict[str, Any]) -> Envelope:
    """The envelope of a capture; captures that hold only `data` get one."""
    event = capture["event"][0] if isinstance(capture["event"], list) else capture["event"]
    if capture["schema"] == "incomingcall-data":
        event = {"type": COMMUNICATION + "IncomingCall", "data": event}
    kind = event.get("type") or event["eventType"]
    time = event.get("time") or event.get("eventTime") or "2026-01-01T00:00:00Z"
    return Envelope(
        event.get("id", "id"),
        kind,
        event.get("source", ""),
        event.get("subject", ""),
        parse_rfc3339(time),
        event["data"],
    )


def callback(name: str, **data: Any) -> CallbackEvent:
    return parse_callback(envelope(COMMUNICATION + name, {"callConnectionId": "leg"} | data))


def grid(name: str, data: Any, subject: str = "") -> EventGridEvent:
    return parse_event_grid(envelope(COMMUNICATION + name, data, subject))


def envelope(kind: str, data: Any, subject: str = "") -> Envelope:
    return Envelope(id="id", type=kind, source="source", subject=subject, time=1_000, data=data)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda c: f"{c['schema']} {c['note'][:40]}")
def test_capture(capture: dict[str, Any]) -> None:
    """Every event of the real service is read into the class of its name, with its ids and its time."""
    wrapped = unwrapped(capture)
    if capture["schema"] in EVENT_GRID_SCHEMAS:
        event: Any = parse_event_grid(wrapped)
    else:
        event = parse_callback(wrapped)
        assert event.call_connection_id == wrapped.data["callConnectionId"]
        assert event.result.code == wrapped.data["resultInformation"]["code"]
        assert event.result.sub_code == wrapped.data["resultInformation"]["subCode"]
        assert event.operation_context == wrapped.data.get("operationContext")
    assert type(event).__name__ == wrapped.type.rpartition(".")[2]
    assert (event.id, event.time) == (wrapped.id, wrapped.time)


def test_captures_in_particular() -> None:
    """Spot checks of what the captures tell beyond ids."""
    grid_, callbacks_ = [], []
    for capture in CAPTURES:
        is_grid = capture["schema"] in EVENT_GRID_SCHEMAS
        (grid_ if is_grid else callbacks_).append(
            (parse_event_grid if is_grid else parse_callback)(unwrapped(capture))
        )
    updated = next(event for event in callbacks_ if isinstance(event, ParticipantsUpdated))
    assert updated.sequence_number == 1
    assert {one.kind for one in updated.participants} == {ParticipantKind.COMMUNICATION_USER}
    played = next(event for event in callbacks_ if isinstance(event, PlayFailed))
    assert played.failed_play_source_index == 1
    summary = next(event for event in callbacks_ if isinstance(event, TranscriptionCallSummaryUpdated))
    assert (summary.status, summary.status_details) == ("callSummaryUpdated", "callSummaryFailure")
    assert summary.message is not None
    recording = next(event for event in callbacks_ if isinstance(event, RecordingStateChanged))
    assert recording.started_at == parse_rfc3339("2025-04-02T09:24:51.112Z")
    ended = next(event for event in grid_ if isinstance(event, CallEnded))
    assert ended.duration == pytest.approx(49.7286)
    assert (ended.room_id, ended.is_rooms_call, ended.is_two_party) == ("{roomId}", True, False)
    incoming = [event for event in grid_ if isinstance(event, IncomingCall)]
    assert incoming[-1].custom_context.sip_headers["userToUser"] == "616d617a6f6e5f6368696;encoding=hex"
    assert incoming[-1].custom_context.voip_headers == {"customHeader": "customValue"}
    assert incoming[1].caller_display_name == ""


@pytest.mark.parametrize(("name", "keys"), SDK_EVENTS.items(), ids=SDK_EVENTS)
def test_event_of_the_sdk(name: str, keys: set[str]) -> None:
    """Every event model of the official SDK has a class here, and none of its fields is left unread."""
    event = callback(name)
    assert type(event) is getattr(events, name)
    assert event.call_connection_id == "leg"
    for key in keys:
        with pytest.raises(MalformedEvent, match=r"\$\." + key):
            callback(name, **{key: [1]})


def test_sdk_has_no_event_that_we_lack() -> None:
    """Our classes are the SDK's and the one preview event that the service sends as well."""
    ours = {member.__name__ for member in CallbackEvent.__args__} - {"UnknownEvent"}
    assert ours == set(SDK_EVENTS) | {"TranscriptionCallSummaryUpdated"}


def test_facts_common_to_callbacks() -> None:
    """Ids, context and result, with the telephone network's own codes, are told by our names."""
    event = callback(
        "CallDisconnected",
        serverCallId="server",
        correlationId="cor",
        operationContext="ctx",
        resultInformation={
            "code": 486,
            "subCode": 560486,
            "message": "Busy.",
            "sipDetails": {"code": 486, "message": "Busy Here"},
            "q850Details": {"code": 17},
        },
        version="2026-03-12",
    )
    assert event == CallDisconnected(
        id="id",
        time=1_000,
        call_connection_id="leg",
        server_call_id="server",
        correlation_id="cor",
        operation_context="ctx",
        result=Result(486, 560486, "Busy.", Diagnostic(486, "Busy Here"), Diagnostic(17)),
    )


@pytest.mark.parametrize("information", [None, {}, {"message": "?"}])
def test_result_without_code_is_none(information: Any) -> None:
    """A result that tells no code is no result: it must not look like success."""
    assert callback("CallDisconnected", resultInformation=information).result is None


def test_result_with_code_only() -> None:
    """A missing sub code is 0, a missing message is empty."""
    assert callback("CallDisconnected", resultInformation={"code": 603}).result == Result(603)


@pytest.mark.parametrize(
    ("name", "data", "facts"),
    [
        ("ParticipantsUpdated", {}, {"participants": (), "sequence_number": 0}),
        ("ParticipantsUpdated", {"participants": None, "sequenceNumber": 7}, {"sequence_number": 7}),
        ("AddParticipantSucceeded", {"participant": PHONE}, {"participant": CALLER}),
        ("RemoveParticipantFailed", {}, {"participant": None}),
        (
            "MoveParticipantSucceeded",
            {"participant": USER, "fromCall": "other"},
            {"participant": AGENT, "from_call": "other"},
        ),
        ("CancelAddParticipantFailed", {"invitationId": "inv"}, {"invitation_id": "inv"}),
        (
            "CallTransferAccepted",
            {"transferTarget": PHONE, "transferee": USER},
            {"transfer_target": CALLER, "transferee": AGENT},
        ),
        ("PlayFailed", {"failedPlaySourceIndex": 0}, {"failed_play_source_index": 0}),
        ("RecognizeFailed", {"failedPlaySourceIndex": 2}, {"failed_play_source_index": 2}),
        ("RecognizeCompleted", {}, {"tones": (), "choice": None, "speech": None}),
        (
            "RecognizeCompleted",
            {"recognitionType": "dtmf", "dtmfResult": {"tones": ["one", "pound"]}},
            {"recognition_type": "dtmf", "tones": ("one", "pound")},
        ),
        ("RecognizeCompleted", {"dtmfResult": {}}, {"tones": ()}),
        (
            "RecognizeCompleted",
            {"choiceResult": {"label": "Yes", "recognizedPhrase": "yes please", "confidence": 1}},
            {"choice": Choice("Yes", "yes please", 1.0)},
        ),
        (
            "RecognizeCompleted",
            {"speechResult": {"speech": "hello", "confidence": 0.5}},
            {"speech": Speech("hello", 0.5)},
        ),
        (
            "ContinuousDtmfRecognitionToneReceived",
            {"tone": "five", "sequenceId": 3},
            {"tone": "five", "sequence_id": 3},
        ),
        ("RecordingStateChanged", {"state": "inactive"}, {"state": "inactive", "started_at": None}),
        (
            "RecordingStateChanged",
            {"recordingId": "rec", "startDateTime": "1970-01-01T00:00:01+00:00", "recordingKind": "teams"},
            {"recording_id": "rec", "started_at": 1_000, "recording_kind": "teams"},
        ),
        ("StartRecordingFailed", {"recordingId": "rec"}, {"recording_id": "rec"}),
        (
            "TranscriptionFailed",
            {
                "transcriptionUpdate": {
                    "transcriptionStatus": "transcriptionFailed",
                    "transcriptionStatusDetails": "streamUrlMissing",
                }
            },
            {"status": "transcriptionFailed", "status_details": "streamUrlMissing"},
        ),
        ("TranscriptionStarted", {"transcriptionUpdate": None}, {"status": None, "status_details": None}),
        ("TranscriptionCallSummaryUpdated", {}, {"status": None, "message": None}),
        (
            "TranscriptionCallSummaryUpdated",
            {"transcriptionUpdate": {"transcriptionMessage": "They agreed."}},
            {"message": "They agreed."},
        ),
        (
            "MediaStreamingStarted",
            {
                "mediaStreamingUpdate": {
                    "contentType": "audio",
                    "mediaStreamingStatus": "mediaStreamingStarted",
                    "mediaStreamingStatusDetails": "subscriptionStarted",
                }
            },
            {
                "content_type": "audio",
                "status": "mediaStreamingStarted",
                "status_details": "subscriptionStarted",
            },
        ),
        ("MediaStreamingFailed", {}, {"content_type": None, "status": None}),
    ],
)
def test_own_facts_of_a_callback(name: str, data: dict[str, Any], facts: dict[str, Any]) -> None:
    """What an event tells beside the common facts is there by our names; what is absent is empty."""
    event = callback(name, **data)
    assert {key: getattr(event, key) for key in facts} == facts


@pytest.mark.parametrize(
    ("identifier", "participant"),
    [
        (USER, AGENT),
        (PHONE, CALLER),
        ({"rawId": "4:+1", "kind": "phoneNumber"}, Participant("4:+1", ParticipantKind.PHONE_NUMBER)),
        ({"rawId": "4:+1"}, Participant("4:+1", ParticipantKind.PHONE_NUMBER)),
        ({"rawId": "sanitized", "phoneNumber": {}}, Participant("sanitized", ParticipantKind.PHONE_NUMBER)),
        ({"rawId": "x", "kind": "phoneNumber"}, Participant("x", ParticipantKind.PHONE_NUMBER)),
        ({"rawId": "x", "kind": "newKind"}, Participant("x", ParticipantKind.UNKNOWN)),
        ({"rawId": "28:x", "kind": "unknown"}, Participant("28:x", ParticipantKind.UNKNOWN)),
        (
            {"rawId": "4:+1", "kind": "unknown", "communicationUser": None},
            Participant("4:+1", ParticipantKind.PHONE_NUMBER),
        ),
        (
            {"communicationUser": {"id": "8:acs:r_u"}},
            AGENT,
        ),
        (
            {"microsoftTeamsUser": {"userId": "u"}},
            Participant("8:orgid:u", ParticipantKind.MICROSOFT_TEAMS_USER),
        ),
        (
            {"microsoftTeamsUser": {"userId": "u", "cloud": "gcch"}},
            Participant("8:gcch:u", ParticipantKind.MICROSOFT_TEAMS_USER),
        ),
        (
            {"microsoftTeamsUser": {"userId": "u", "isAnonymous": True, "cloud": "public"}},
            Participant("8:teamsvisitor:u", ParticipantKind.MICROSOFT_TEAMS_USER),
        ),
        (
            {"microsoftTeamsApp": {"appId": "a", "cloud": "dod"}},
            Participant("28:dod:a", ParticipantKind.MICROSOFT_TEAMS_APP),
        ),
        (
            {"teamsExtensionUser": {"userId": "u", "tenantId": "t", "resourceId": "r"}},
            Participant("8:acs:r_t_u", ParticipantKind.TEAMS_EXTENSION_USER),
        ),
        (
            {"teamsExtensionUser": {"userId": "u", "tenantId": "t", "resourceId": "r", "cloud": "dod"}},
            Participant("8:dod-acs:r_t_u", ParticipantKind.TEAMS_EXTENSION_USER),
        ),
    ],
)
def test_identifier(identifier: dict[str, Any], participant: Participant) -> None:
    """An identifier becomes a participant, with or without kind and raw id."""
    assert callback("AddParticipantSucceeded", participant=identifier).participant == participant


@pytest.mark.parametrize(
    "identifier",
    [
        {},
        {"kind": "phoneNumber"},
        {"rawId": ""},
        {"phoneNumber": {}},
        {"communicationUser": {}},
        {"microsoftTeamsUser": {}},
        {"microsoftTeamsApp": {}},
        {"teamsExtensionUser": {"userId": "u", "tenantId": "t"}},
    ],
)
def test_identifier_of_nobody(identifier: dict[str, Any]) -> None:
    """An identifier that names nobody makes its event malformed."""
    with pytest.raises(MalformedEvent, match="names nobody"):
        callback("AddParticipantSucceeded", participant=identifier)


def test_listed_participants() -> None:
    """A list holds identifiers with their state, or bare ones as in 2022."""
    event = callback(
        "ParticipantsUpdated",
        participants=[{"identifier": USER, "isMuted": True, "isOnHold": None}, PHONE],
        sequenceNumber=5,
    )
    assert event.participants == (
        Participant("8:acs:r_u", ParticipantKind.COMMUNICATION_USER, is_muted=True),
        CALLER,
    )


def test_incoming_call() -> None:
    """An incoming call tells who calls whom, and all that the answer needs."""
    event = grid(
        "IncomingCall",
        INCOMING
        | {
            "serverCallId": "server",
            "callerDisplayName": "Ada",
            "customContext": {"sipHeaders": {"X-MS-Custom-id": "7"}, "voipHeaders": None},
            "onBehalfOfCallee": {"rawId": "8:orgid:q", "kind": "microsoftTeamsUser"},
        },
    )
    assert event == IncomingCall(
        id="id",
        time=1_000,
        to=AGENT,
        from_=CALLER,
        incoming_call_context="ctx",
        correlation_id="cor",
        server_call_id="server",
        caller_display_name="Ada",
        custom_context=CustomContext(sip_headers={"X-MS-Custom-id": "7"}),
        on_behalf_of=Participant("8:orgid:q", ParticipantKind.MICROSOFT_TEAMS_USER),
    )


def test_incoming_call_with_the_least() -> None:
    """What an incoming call may lack is empty."""
    event = grid("IncomingCall", INCOMING)
    assert isinstance(event, IncomingCall)
    assert (event.server_call_id, event.caller_display_name, event.on_behalf_of) == (None, None, None)
    assert event.custom_context == CustomContext()


@pytest.mark.parametrize("missing", INCOMING)
def test_incoming_call_without_a_needed_part(missing: str) -> None:
    """Without caller, called party, context or correlation id there is nothing to answer."""
    with pytest.raises(MalformedEvent, match=missing):
        grid("IncomingCall", {key: value for key, value in INCOMING.items() if key != missing})


def test_incoming_call_context_of_tens_of_kilobytes() -> None:
    """A context of up to 256 KiB passes, and not one character more."""
    event = grid("IncomingCall", INCOMING | {"incomingCallContext": "x" * 262_144})
    assert isinstance(event, IncomingCall)
    assert len(event.incoming_call_context) == 262_144
    with pytest.raises(MalformedEvent, match="incomingCallContext"):
        grid("IncomingCall", INCOMING | {"incomingCallContext": "x" * 262_145})


def test_subscription_validation() -> None:
    """Event Grid's question is told with the code to repeat."""
    data = {"validationCode": "code", "validationUrl": "https://example.org/validate"}
    event = parse_event_grid(envelope("Microsoft.EventGrid.SubscriptionValidationEvent", data))
    assert event == SubscriptionValidation(
        id="id", time=1_000, validation_code="code", validation_url="https://example.org/validate"
    )


@pytest.mark.parametrize("name", ["CallParticipantAdded", "CallParticipantRemoved"])
def test_participant_told_by_event_grid(name: str) -> None:
    """Both shapes of `user` give the participant, by display name."""
    shared = {"displayName": "Ada", "participantId": "p", "serverCallId": "server", "isTwoParty": True}
    wrapped = grid(
        name, shared | {"user": {"communicationIdentifier": USER, "role": "attendee"}, "userAgent": "web"}
    )
    bare = grid(name, shared | {"user": USER | {"role": "attendee"}, "endpointType": "web"})
    assert wrapped == bare
    assert isinstance(bare, CallParticipantAdded | CallParticipantRemoved)
    assert bare.participant == Participant("8:acs:r_u", ParticipantKind.COMMUNICATION_USER, "Ada")
    assert (bare.participant_id, bare.user_agent, bare.started_by, bare.group_id) == ("p", "web", None, None)


def test_participant_untold_by_event_grid() -> None:
    """An event about nobody in particular is still an event."""
    event = grid("CallParticipantAdded", {})
    assert isinstance(event, CallParticipantAdded)
    assert event.participant is None


def test_recording_files() -> None:
    """The chunks, times and kinds of a recording; its ids are those of the subject."""
    event = grid(
        "RecordingFileStatusUpdated",
        {
            "recordingStorageInfo": {
                "recordingChunks": [
                    {"documentId": "d", "index": 0, "contentLocation": "https://example.org/c"}
                ]
            },
            "recordingStartTime": "1970-01-01T00:00:02Z",
            "recordingDurationMs": 6620,
            "sessionEndReason": "CallEnded",
            "recordingContentType": "Audio",
            "recordingChannelType": "Mixed",
            "recordingFormatType": "Mp3",
        },
        subject="/recording/call/c/serverCallId/aHR0/cHM6Ly9==/recordingId/rec",
    )
    assert event == RecordingFileStatusUpdated(
        id="id",
        time=1_000,
        chunks=(RecordingChunk("d", 0, "https://example.org/c"),),
        recording_id="rec",
        server_call_id="aHR0/cHM6Ly9==",
        started_at=2_000,
        duration_ms=6620,
        session_end_reason="CallEnded",
        content_type="Audio",
        channel_type="Mixed",
        format_type="Mp3",
    )


@pytest.mark.parametrize(
    ("subject", "recording_id"), [("/recording/call/c/recordingId/rec", "rec"), ("", None), ("/else", None)]
)
def test_recording_files_of_an_older_subject(subject: str, recording_id: str | None) -> None:
    """A subject that names less leaves the ids empty."""
    event = grid("RecordingFileStatusUpdated", {"recordingStorageInfo": None}, subject)
    assert isinstance(event, RecordingFileStatusUpdated)
    assert (event.recording_id, event.server_call_id, event.chunks) == (recording_id, None, ())


@pytest.mark.parametrize("parse", [parse_callback, parse_event_grid])
@pytest.mark.parametrize("data", [None, [], {"callConnectionId": 7}])
def test_unknown_type(parse: Any, data: Any) -> None:
    """An event of an unknown type is a value, whatever it holds."""
    assert parse(envelope("Microsoft.Communication.Novelty", data)) == UnknownEvent(
        "id", 1_000, "Microsoft.Communication.Novelty"
    )


def test_each_door_knows_only_its_own() -> None:
    """An Event Grid type is unknown among callbacks, and the reverse."""
    assert isinstance(callback("IncomingCall", **INCOMING), UnknownEvent)
    assert isinstance(grid("CallConnected", {"callConnectionId": "leg"}), UnknownEvent)
    assert isinstance(callback("callconnected"), UnknownEvent)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("CallConnected", {"callConnectionId": ""}),
        ("CallConnected", {"callConnectionId": None}),
        ("CallConnected", {"callConnectionId": 7}),
        ("CallConnected", {"correlationId": "x" * 8193}),
        ("CallConnected", {"operationContext": "a\x00b"}),
        ("CallConnected", {"operationContext": "half a pair \ud83d"}),
        ("CallConnected", {"resultInformation": {"code": 2**63}}),
        ("CallConnected", {"resultInformation": {"code": "200"}}),
        ("CallConnected", {"resultInformation": {"code": True}}),
        ("CallConnected", {"resultInformation": []}),
        ("ParticipantsUpdated", {"sequenceNumber": -1}),
        ("ParticipantsUpdated", {"participants": [USER] * 1025}),
        ("ParticipantsUpdated", {"participants": ["8:acs:r_u"]}),
        ("RecognizeCompleted", {"speechResult": {"confidence": float("nan")}}),
        ("RecordingStateChanged", {"startDateTime": "yesterday"}),
        ("TranscriptionStarted", {"transcriptionUpdate": {"transcriptionStatus": 1}}),
    ],
)
def test_malformed_callback(name: str, data: dict[str, Any]) -> None:
    """A wrong type, a missing id and values out of bounds are told in one way."""
    with pytest.raises(MalformedEvent):
        callback(name, **data)


@pytest.mark.parametrize("data", [None, [], "text", 7, {}])
def test_callback_without_the_call(data: Any) -> None:
    """Data that is no object, or lacks the call's id, is malformed."""
    with pytest.raises(MalformedEvent):
        parse_callback(envelope(COMMUNICATION + "CallConnected", data))


@pytest.mark.parametrize(
    "fault",
    [
        {"id": ""},
        {"id": "x" * 8193},
        {"type": ""},
        {"subject": "x" * 8193},
        {"time": -1},
        {"time": 10**18},
    ],
)
def test_malformed_envelope(fault: dict[str, Any]) -> None:
    """The envelope is bounded like the data, for unknown types too."""
    with pytest.raises(MalformedEvent):
        parse_callback(msgspec.structs.replace(envelope("Novelty", {}), **fault))


def test_reason_holds_no_value() -> None:
    """A reason can be logged: it names the place and what was expected, never what was there."""
    with pytest.raises(MalformedEvent) as caught:
        grid("IncomingCall", INCOMING | {"from": {"phoneNumber": {"value": ["+4930123456"]}}})
    assert "$.from.phoneNumber.value" in caught.value.reason
    assert "+4930123456" not in caught.value.reason


ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20)
JSON = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
WIRE_NAMES = sorted(
    set().union(*SDK_EVENTS.values())
    | {
        "to",
        "from",
        "customContext",
        "sipHeaders",
        "rawId",
        "kind",
        "phoneNumber",
        "value",
        "user",
        "startedBy",
    }
    | {
        "transcriptionStatus",
        "recordingChunks",
        "recordingStorageInfo",
        "incomingCallContext",
        "code",
        "identifier",
    }
)
ALMOST = st.recursive(
    ATOMS | st.sampled_from([USER, PHONE, {"code": 200, "subCode": 0}]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WIRE_NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
DATA = JSON | st.dictionaries(st.sampled_from(WIRE_NAMES), ALMOST).map(
    lambda data: {"callConnectionId": "leg"} | INCOMING | data
)
TYPES = st.sampled_from([*(COMMUNICATION + name for name in SDK_EVENTS), *GRID_TYPES]) | st.text(max_size=30)
ENVELOPES = st.builds(Envelope, st.text(), TYPES, st.text(), st.text(), st.integers(), DATA)


@given(ENVELOPES, st.sampled_from([(parse_callback, CallbackEvent), (parse_event_grid, EventGridEvent)]))
def test_any_json_is_an_event_or_malformed(wrapped: Envelope, door: tuple[Any, Any]) -> None:
    """Whatever comes, the answer is an event that can be stored and read back, or MalformedEvent."""
    parse, kind = door
    try:
        event = parse(wrapped)
    except MalformedEvent:
        return
    assert msgspec.json.decode(msgspec.json.encode(event), type=kind) == event


@given(
    st.sampled_from(CAPTURES), st.dictionaries(st.text(max_size=20), JSON), st.randoms(use_true_random=False)
)
def test_order_and_extra_fields_mean_nothing(capture: Any, extra: dict[str, Any], random: Any) -> None:
    """The same fields in another order, among fields that nobody knows, are the same event."""
    wrapped = unwrapped(capture)
    parse = parse_event_grid if capture["schema"] in EVENT_GRID_SCHEMAS else parse_callback
    fields = list(({f"x-{key}": value for key, value in extra.items()} | wrapped.data).items())
    random.shuffle(fields)
    assert parse(msgspec.structs.replace(wrapped, data=dict(fields))) == parse(wrapped)


def test_transcription_failure_keeps_both_witnesses() -> None:
    """A failure of transcription tells result and status details."""
    event = callback(
        "TranscriptionFailed",
        resultInformation={"code": 400, "subCode": 8581, "message": "Action failed."},
        transcriptionUpdate={"transcriptionStatusDetails": "streamUrlMissing"},
    )
    assert isinstance(event, TranscriptionFailed)
    assert event.result == Result(400, 8581, "Action failed.")
    assert event.status_details == "streamUrlMissing"
