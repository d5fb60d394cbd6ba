"""Everything that the emulator sends has the members, order, types and forms of what the service sent."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.communication.callautomation._generated import models
from azure.core.messaging import CloudEvent

from acs_emulator import Emulator
from tests.acs_emulator.conftest import GOLDEN
from tests.acs_emulator.said import Said, stage
from tests.acs_emulator.shapes import differences
from tests.acs_emulator.situations import play_all

pytestmark = pytest.mark.anyio

CALLBACKS = [
    "CallConnected", "CallDisconnected", "CreateCallFailed", "AnswerFailed", "ConnectFailed",
    "ParticipantsUpdated", "AddParticipantSucceeded", "AddParticipantFailed", "RemoveParticipantSucceeded",
    "RemoveParticipantFailed", "CancelAddParticipantSucceeded", "CancelAddParticipantFailed",
    "MoveParticipantSucceeded", "MoveParticipantFailed", "CallTransferAccepted", "CallTransferFailed",
    "PlayStarted", "PlayCompleted", "PlayFailed", "PlayCanceled", "RecognizeCompleted", "RecognizeFailed",
    "RecognizeCanceled", "ContinuousDtmfRecognitionToneReceived", "ContinuousDtmfRecognitionToneFailed",
    "ContinuousDtmfRecognitionStopped", "SendDtmfTonesCompleted", "SendDtmfTonesFailed", "HoldFailed",
    "RecordingStateChanged", "StartRecordingFailed", "TranscriptionStarted", "TranscriptionStopped",
    "TranscriptionUpdated", "TranscriptionFailed", "MediaStreamingStarted", "MediaStreamingStopped",
    "MediaStreamingFailed", "TranscriptionCallSummaryUpdated",
]  # fmt: skip
"""Every documented callback; the last is a preview's."""
EVENTS = [
    "IncomingCall", "CallStarted", "CallEnded", "CallParticipantAdded", "CallParticipantRemoved",
    "RecordingFileStatusUpdated",
]  # fmt: skip
"""Every documented Event Grid event of calling."""

EVERYWHERE = {"callConnectionId", "serverCallId", "correlationId", "resultInformation"}
BEYOND_THE_MODELS = {"version", "publicEventType"}
ENVELOPE = ["id", "source", "type", "data", "time", "specversion", "datacontenttype", "subject"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?\+00:00")
OPTIONAL = {"operationContext", "sipDetails", "q850Details"}
"""Sent where there is something to say: a context was given, or the api-version is newer than the capture."""
SEEN_IN_CAPTURES = {"eventSource"}
"""No SDK model has it, and RecordingStateChanged does."""


def golden(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLDEN / name).read_text().splitlines() if line]


def captured(*schemas: str) -> list[Any]:
    """The captured events of these schemas, one test each."""
    found = []
    for line in golden("events.jsonl"):
        if line["schema"] not in schemas:
            continue
        event = line["event"][0] if isinstance(line["event"], list) else line["event"]
        name = (event.get("type") or event.get("eventType") or "IncomingCall").rpartition(".")[2]
        found.append(pytest.param(name, event, id=f"{name}-{len(found)}"))
    return found


@pytest.fixture(scope="module")
async def said(emulator: Emulator) -> AsyncIterator[Said]:
    """What the emulator said in every situation."""
    async with stage(emulator) as all_said:
        await play_all(all_said)
        yield all_said


@pytest.mark.parametrize("name", CALLBACKS)
async def test_every_documented_callback_is_sent(said: Said, name: str) -> None:
    """Its model knows every member, and has every required one; the envelope is a CloudEvent about the call."""
    events = said.callbacks(name)
    assert events
    for body in events:
        assert list(body) == ENVELOPE
        event: CloudEvent[Any] = CloudEvent.from_dict(body)
        assert event.time is not None
        assert TIME.fullmatch(body["time"])
        assert event.source == event.subject == _about(name, body["data"])
        _is_known(name, body["data"])


def test_no_event_of_the_sdk_is_forgotten() -> None:
    """Every model of the newest SDK that tells of a call's result is a callback; the summary is a preview's alone."""
    known = {
        name
        for name, model in vars(models).items()
        if {"callConnectionId", "resultInformation"}
        <= {entry["key"] for entry in getattr(model, "_attribute_map", {}).values()}
    }
    assert known == set(CALLBACKS) - {"TranscriptionCallSummaryUpdated"}


def _about(name: str, data: dict[str, Any]) -> str:
    if name in ("RecordingStateChanged", "StartRecordingFailed"):
        return f"calling/recordings/{data['serverCallId']}/{data['recordingId']}/{name}"
    return f"calling/callConnections/{data['callConnectionId']}"


def _is_known(name: str, data: dict[str, Any]) -> None:
    """Against the SDK's model, and Appendix A's members behind it."""
    assert data["publicEventType"] == f"Microsoft.Communication.{name}"
    assert set(data) >= EVERYWHERE | BEYOND_THE_MODELS
    model = getattr(models, name.replace("CallSummaryUpdated", "Updated"))
    known = {entry["key"] for entry in model._attribute_map.values()}
    assert set(data) - known - BEYOND_THE_MODELS - SEEN_IN_CAPTURES == set()
    needed = known - OPTIONAL - MAY_BE_ABSENT.get(name, set())
    assert needed - set(data) == set()
    read = model.deserialize(data)
    assert read.call_connection_id == data["callConnectionId"]
    assert read.result_information.code == data["resultInformation"]["code"]


MAY_BE_ABSENT = {
    "RecognizeCompleted": {"dtmfResult", "choiceResult", "speechResult"},
    "RecognizeFailed": {"failedPlaySourceIndex"},
}
"""Of a model's members, those that depend on what happened."""


async def test_each_mode_of_recognition_has_its_result(said: Said) -> None:
    """The one that its recognition type names, and no other."""
    results = {"dtmf": "dtmfResult", "choices": "choiceResult", "speech": "speechResult"}
    told = {event["data"]["recognitionType"]: event["data"] for event in said.callbacks("RecognizeCompleted")}
    assert {kind: set(data) & set(results.values()) for kind, data in told.items()} == {
        kind: {name} for kind, name in results.items()
    }


async def test_a_callback_is_an_array_of_one(said: Said) -> None:
    """With every plus sign escaped, as captured."""
    for raw, body in said.bodies:
        assert len(body) == 1
        assert b"+" not in raw
        assert b"\\u002B00:00" in raw


@pytest.mark.parametrize(("name", "capture"), captured("cloudevents", "wire-body"))
async def test_callbacks_look_as_captured(said: Said, name: str, capture: dict[str, Any]) -> None:
    """Member for member; what a capture leaves out because nothing was to be said of it may be there."""
    likely = [event for event in said.callbacks(name) if _alike(event, capture)]
    assert likely
    for event in likely:
        assert list(differences(capture, event, more=OPTIONAL, less=OPTIONAL)) == []


@pytest.mark.parametrize(("name", "capture"), captured("partial"))
async def test_callbacks_say_what_somebody_logged(said: Said, name: str, capture: dict[str, Any]) -> None:
    """Members of a log, in an order of its own; the result word for word."""
    (event, *_) = said.callbacks(name)
    assert set(capture["data"]) <= set(event["data"])
    assert event["data"]["resultInformation"] == capture["data"]["resultInformation"]


def _alike(event: dict[str, Any], capture: dict[str, Any]) -> bool:
    """Whether both tell of a success, or both of a failure."""
    codes = [one["data"].get("resultInformation", {}).get("code") for one in (event, capture)]
    return (codes[0] == 200) == (codes[1] in (200, None))


@pytest.mark.parametrize("name", EVENTS)
async def test_every_documented_event_is_sent(said: Said, name: str) -> None:
    """In both schemas, with the same data, and a time in UTC."""
    events, cloud_events = said.events(name), said.cloud_events(name)
    assert events
    members = ["id", "topic", "subject", "data", "eventType", "dataVersion", "metadataVersion", "eventTime"]
    for event in events:
        assert sorted(event) == sorted(members)
        assert (event["dataVersion"], event["metadataVersion"]) == ("1.0", "1")
        (same,) = (one for one in cloud_events if one["id"] == event["id"])
        assert same["data"] == event["data"]
        assert (same["source"], same["subject"]) == (event["topic"], event["subject"])
        assert CloudEvent.from_dict(same).specversion == "1.0"
        for time in (event["eventTime"], same["time"]):
            assert re.fullmatch(r"[\d-]{10}T[\d:]{8}(\.\d{1,7})?Z", time)


NEWER = {"startedBy", "group", "room", "deleteLocation", "recordingContentType", "recordingChannelType"}
NEWER |= {"recordingFormatType", "customContext", "sipHeaders", "onBehalfOfCallee", "voipHeaders"}
"""Members that some pages of the documentation have and others have not, or that depend on the call. `startedBy` holds the
identifier itself on the old page and `communicationIdentifier` in today's REST specification, which is followed."""


@pytest.mark.parametrize(
    ("name", "capture"), captured("incomingcall-data", "eventgrid", "eventgrid-cloudevents")
)
async def test_events_look_as_documented(said: Said, name: str, capture: dict[str, Any]) -> None:
    """Member for member; the examples of CloudEvents differ in the order of their envelopes, which means nothing."""
    cloud = "type" in capture
    data = capture["data"] if "id" in capture else capture
    kind = data.get("from", {}).get("kind")
    sent = said.cloud_events(name) if cloud else said.events(name)
    likely = [one for one in sent if kind in (None, one["data"].get("from", {}).get("kind"))]
    assert likely
    for event in likely:
        shown = [{n: v for n, v in one.items() if n != "startedBy"} for one in (data, event["data"])]
        assert list(differences(*shown, more=NEWER, less=NEWER)) == []
        if "id" in capture:
            names = [[n.lower() for n in one if n != "data"] for one in (capture, event)]
            assert sorted(names[0]) == sorted(names[1])
            assert cloud or list(event) == list(capture)


KINDS = ("TranscriptionMetadata", "TranscriptionData", "AudioMetadata", "AudioData", "DtmfData")
AUDIO = ("timestamp", "participantRawID", "data", "silent")
"""Captures contradict each other in the order of these members; the documentation's is followed."""


def packets() -> list[dict[str, Any]]:
    """Every captured packet."""
    found = [line["packet"] for line in golden("packets.jsonl")]
    for packet in found:
        if data := packet.get("audioData"):
            packet["audioData"] = {name: data[name] for name in AUDIO if name in data}
    return found


PACKETS = packets()


async def test_packets_look_as_captured(said: Said) -> None:
    """Every one that was sent is like a capture, with the members in the same order."""
    sent = said.world.listener.packets + said.media.packets
    assert {packet["kind"] for packet in sent} == set(KINDS)
    for packet in sent:
        wrong = [
            list(differences(capture, packet)) for capture in PACKETS if capture["kind"] == packet["kind"]
        ]
        assert [] in wrong, (packet, wrong)


@pytest.mark.parametrize(
    "capture", [pytest.param(one, id=f"{n}-{one['kind']}") for n, one in enumerate(PACKETS)]
)
async def test_every_captured_packet_is_sent(said: Said, capture: dict[str, Any]) -> None:
    """Of both generations of offsets, and of the preview."""
    sent = said.world.listener.packets + said.media.packets
    assert [] in [list(differences(capture, packet)) for packet in sent if packet["kind"] == capture["kind"]]


async def test_a_frame_of_audio_lasts_twenty_milliseconds(said: Said) -> None:
    """640 bytes at 16 kHz, as its metadata says; only unmixed frames name their speaker."""
    packets = said.media.packets
    (metadata, *_) = (one["audioMetadata"] for one in packets if one["kind"] == "AudioMetadata")
    assert metadata["length"] == metadata["sampleRate"] // 50 * 2
    frames = [one["audioData"] for one in packets if one["kind"] == "AudioData"]
    assert {len(frame["data"]) for frame in frames} == {-(-metadata["length"] // 3) * 4}
    assert {"participantRawID" in frame for frame in frames} == {True, False}


REST = [
    line
    for line in golden("rest_pairs.jsonl")
    if not line["operation"].startswith("delete recording content")
]
OF_OLD_VERSIONS = {"mediaSubscriptionId"}
"""Members that only the api-versions before the first release had."""
OF_THE_PATH_AND_PROXY = {"ms-cv", "x-azure-ref", "server", "x-microsoft-skype-chain-id", "content-length"}
"""Headers that tell of Azure's own machines, or of the length of a text of theirs."""


@pytest.mark.parametrize("pair", REST, ids=[line["operation"] for line in REST])
async def test_responses_look_as_captured(said: Said, pair: dict[str, Any]) -> None:
    """The status, the headers that mean something, and the body member for member."""
    answer = said.answers[_asked(pair["operation"])]
    assert answer.status_code in ACCEPTED.get(pair["operation"], {pair["status"]})
    missing = {name.lower() for name in pair["responseHeaders"]} - {name.lower() for name in answer.headers}
    assert missing - OF_THE_PATH_AND_PROXY == set()
    if pair["response"] is None:
        assert answer.content == b""
        return
    wanted = {name: one for name, one in pair["response"].items() if one != "…"}
    known = {"CallConnectionProperties", "RecordingStateResponse"}
    more = {entry["key"] for name in known for entry in getattr(models, name)._attribute_map.values()}
    found = list(differences(wanted, answer.json(), more=more, less=OF_OLD_VERSIONS))
    assert found == []
    if "error" in wanted:
        assert answer.json() == wanted


ACCEPTED = {"startRecording": {200, 202}}
"""What the REST specification allows besides what was captured."""


def _asked(operation: str) -> str:
    """The answer that a captured operation is compared with."""
    plain = operation.partition(" (")[0].replace(" #1", "")
    names = {
        "createCall with media streaming": "createCall",
        "hangUp forEveryone": "hangUp",
        "getCall 10 s after terminate": "getCall after terminate",
    }
    return names.get(plain, plain)


async def test_nothing_failed_inside(said: Said) -> None:
    """While all this was said, no task of the emulator's own ended in an error."""
    assert [entry.to_json() for entry in said.world.emulator.journal.entries(["error"])] == []
