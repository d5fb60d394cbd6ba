import base64
import io
import json
import wave
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from azure.communication.callautomation import ChannelAffinity, PhoneNumberIdentifier
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from acs_emulator.calls.call import Call
from acs_emulator.clock import TICKS_PER_SECOND
from acs_emulator.recordings import formats

pytestmark = pytest.mark.anyio
MIXED_WAV = {
    "recording_content_type": "audio",
    "recording_channel_type": "mixed",
    "recording_format_type": "wav",
}
UNMIXED_WAV = {**MIXED_WAV, "recording_channel_type": "unmixed"}
ALICE, BOB, CAROL = "4:+15550000001", "4:+15550000002", "4:+15550000003"


@pytest.fixture
async def held(world: Any) -> AsyncIterator[Any]:
    """The world, with a clock that stands still unless it is stepped, and is released in the end."""
    yield world
    world.emulator.clock.release()


async def _call(world: Any) -> Call:
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected", connection_id)
    call = world.emulator.calls.find(connection_id)
    assert isinstance(call, Call)
    return call


async def _begun(world: Any, **options: Any) -> tuple[Call, str]:
    """A call with a recording that has just begun, at a moment at which the clock stands still."""
    call = await _call(world)
    world.emulator.clock.hold()
    started = await world.client.start_recording(
        server_call_id=call.server_call_id, **{**MIXED_WAV, **options}
    )
    await world.emulator.clock.step(0.1)
    return call, str(started.recording_id)


def _sounds(world: Any, call: Call, raw_id: str, level: int, after: float, seconds: float) -> None:
    """Somebody hums on one level, which one finds in a recording."""
    start = world.emulator.clock.ticks() + round(after * TICKS_PER_SECOND)
    samples = level.to_bytes(2, "little", signed=True) * round(seconds * 16_000)
    call.sound.add(raw_id, start, round(seconds * TICKS_PER_SECOND), lambda: samples)


async def _told(world: Any, recording_id: str, number: int) -> dict[str, Any]:
    """The recording's so manieth RecordingStateChanged."""

    def told() -> list[Any]:
        return [
            entry.data["event"]
            for entry in world.emulator.journal.entries(["callback"])
            if entry.data["type"] == "RecordingStateChanged"
            and entry.data["event"]["data"]["recordingId"] == recording_id
        ]

    await world.journal("callback", lambda _: len(told()) >= number)
    event: dict[str, Any] = told()[number - 1]
    return event


async def _stopped(world: Any, recording_id: str) -> dict[str, Any]:
    """The data of the event that tells of the files of a recording that is stopped now."""
    await world.client.stop_recording(recording_id)
    await world.emulator.clock.step(1)
    data: dict[str, Any] = (await _files(world))["data"]
    return data


async def _files(world: Any) -> dict[str, Any]:
    entry = await world.journal(
        "eventgrid",
        lambda e: e.data["type"].endswith("RecordingFileStatusUpdated") and e.data["status"] == 200,
    )
    event: dict[str, Any] = entry.data["event"][0]
    return event


def _content(world: Any, told: dict[str, Any], index: int = 0) -> bytes:
    chunk = told["recordingStorageInfo"]["recordingChunks"][index]
    file = world.emulator.exchange.recordings.file(chunk["documentId"], world.emulator.clock.now())
    assert file is not None
    content: bytes = file.content
    return content


def _metadata(world: Any, told: dict[str, Any]) -> dict[str, Any]:
    chunk = told["recordingStorageInfo"]["recordingChunks"][0]
    file = world.emulator.exchange.recordings.file(chunk["documentId"], world.emulator.clock.now())
    metadata: dict[str, Any] = json.loads(file.metadata)
    return metadata


def _levels(content: bytes) -> list[list[int]]:
    """Of every channel of a WAV file, one sample in the middle of each second."""
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (16_000, 2)
        channels, frames = file.getnchannels(), file.readframes(file.getnframes())
    samples = memoryview(frames).cast("h")
    seconds = len(samples) // channels // 16_000
    return [
        [samples[(16_000 * second + 8_000) * channels + channel] for second in range(seconds)]
        for channel in range(channels)
    ]


def _golden(goldens: Callable[[str], list[Any]], operation: str) -> Any:
    return next(one for one in goldens("rest_pairs.jsonl") if one["operation"] == operation)["response"]


async def test_a_recording_lives(world: Any, goldens: Callable[[str], list[Any]]) -> None:
    """Answered inactive, then active; inactive while paused; not found once it is stopped: as captured."""
    call = await _call(world)
    started = await world.client.start_recording(
        server_call_id=call.server_call_id, recording_state_callback_url=world.callback_url, **MIXED_WAV
    )
    recording_id = started.recording_id
    assert started.recording_state == _golden(goldens, "startRecording")["recordingState"]
    for number, act in enumerate(("pause_recording", "resume_recording", "stop_recording"), start=1):
        told = await _told(world, recording_id, number)
        state = (await world.client.get_recording_properties(recording_id)).recording_state
        assert state == told["data"]["state"] == ("inactive" if number == 2 else "active")
        await getattr(world.client, act)(recording_id)
    assert (await _told(world, recording_id, 4))["data"]["state"] == "inactive"
    with pytest.raises(ResourceNotFoundError) as missing:
        await world.client.get_recording_properties(recording_id)
    assert missing.value.error.code == _golden(goldens, "getRecording after stop")["error"]["code"]
    assert missing.value.error.message == _golden(goldens, "getRecording after stop")["error"]["message"]


async def test_the_state_is_told_as_captured(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """To the recording's own callback URI, by the recorder, whose connection is not the call's."""
    call = await _call(world)
    started = await world.client.start_recording(
        server_call_id=call.server_call_id, recording_state_callback_url=world.callback_url, **MIXED_WAV
    )
    event = await _told(world, started.recording_id, 1)
    captured = next(
        one["event"]
        for one in goldens("events.jsonl")
        if one["schema"] == "cloudevents" and one["event"]["type"].endswith("RecordingStateChanged")
    )
    assert shape(event) == shape(captured)
    ids = json.loads(base64.urlsafe_b64decode(started.recording_id + "=="))
    assert list(ids) == ["PlatformEndpointId", "ResourceSpecificId"]
    data = event["data"]
    assert data["callConnectionId"] == ids["PlatformEndpointId"] != call.legs[0].connection_id
    assert data["serverCallId"] == call.server_call_id
    assert data["recordingKind"] == captured["data"]["recordingKind"]
    source = f"calling/recordings/{call.server_call_id}/{started.recording_id}/RecordingStateChanged"
    assert event["source"] == event["subject"] == data["eventSource"] == source


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("2023-03-06", None),
        ("2025-06-15", "AzureCommunicationServices"),
        ("2026-03-12", "azureCommunicationServices"),
    ],
)
async def test_the_kind_is_written_as_the_version_knows_it(
    world: Any, version: str, kind: str | None
) -> None:
    """Not at all, with a capital, without."""
    call = await _call(world)
    key = AzureKeyCredential(world.emulator.access_key)
    async with CallAutomationClient(world.emulator.url, key, api_version=version) as client:
        await client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)
    entry = await world.journal("request", lambda e: e.data["operation"] == "startRecording")
    assert entry.data["response"].get("recordingKind") == kind


async def test_mixed_sound_without_its_pauses(held: Any, goldens: Callable[[str], list[Any]]) -> None:
    """One channel, everybody added up, what was said in a pause left out and the pause listed."""
    call, recording_id = await _begun(held)
    _sounds(held, call, ALICE, 100, after=1, seconds=5)
    _sounds(held, call, BOB, 20, after=2, seconds=6)
    await held.emulator.clock.step(3)
    await held.client.pause_recording(recording_id)
    await held.emulator.clock.step(2)
    await held.client.resume_recording(recording_id)
    await held.emulator.clock.step(4)
    told = await _stopped(held, recording_id)
    assert _levels(_content(held, told)) == [[0, 100, 120, 120, 20, 20, 0]]
    metadata = _metadata(held, told)
    assert metadata["chunkDuration"] == told["recordingDurationMs"] == 7000
    assert [pause["duration"] for pause in metadata["pauseResumeIntervals"]] == [2000]
    assert metadata["recordingInfo"] == {
        "contentType": "audio",
        "channelType": "mixed",
        "format": "wav",
        "audioConfiguration": {"sampleRate": 16_000, "bitRate": 256_000, "channels": 1},
    }
    assert metadata["participants"] == [{"participantId": raw_id} for raw_id in call.joined]


async def test_what_is_said_is_heard(held: Any) -> None:
    """Somebody who speaks in the call is on its recording."""
    call, recording_id = await _begun(held)
    await held.control(f"/calls/{call.call_id}/say", {"text": "Is anybody there?"}, 202)
    await held.emulator.clock.step(3)
    told = await _stopped(held, recording_id)
    assert any(_content(held, told)[44:])


async def test_the_files_are_told_of_as_documented(
    held: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """RecordingFileStatusUpdated with its chunk's three locations, under a host that SDKs download from."""
    call, recording_id = await _begun(held)
    await held.emulator.clock.step(2)
    await _stopped(held, recording_id)
    event = await _files(held)
    documented = next(
        one["event"]["data"]
        for one in goldens("events.jsonl")
        if one["schema"] == "eventgrid-cloudevents" and "RecordingFile" in one["event"]["type"]
    )
    assert shape(event["data"]) == shape(documented)
    assert event["subject"] == (
        f"/recording/call/{call.call_id}/serverCallId/{call.server_call_id}/recordingId/{recording_id}"
    )
    chunk = event["data"]["recordingStorageInfo"]["recordingChunks"][0]
    location = f"https://us-storage.asm.skype.com/v1/objects/{chunk['documentId']}"
    assert chunk["contentLocation"] == f"{location}/content/audio"
    assert chunk["metadataLocation"] == f"{location}/content/acsmetadata"
    assert chunk["deleteLocation"] == location
    assert (chunk["index"], chunk["endReason"]) == (0, "SessionEnded")
    assert event["data"]["recordingFormatType"] == "Wav"


@pytest.mark.parametrize(
    ("options", "channels"),
    [
        ({}, {BOB: 0, ALICE: 1}),
        ({"audio_channel_participant_ordering": [ALICE, BOB]}, {ALICE: 0, BOB: 1}),
        ({"channel_affinity": [(ALICE, 2)]}, {ALICE: 2, BOB: 0}),
    ],
)
async def test_unmixed_sound(held: Any, options: dict[str, Any], channels: dict[str, int]) -> None:
    """A channel a participant: by who sounded first, by the order or the channels asked for."""
    numbers = {raw_id: PhoneNumberIdentifier(raw_id.removeprefix("4:")) for raw_id in (ALICE, BOB)}
    if ordering := options.get("audio_channel_participant_ordering"):
        options = {"audio_channel_participant_ordering": [numbers[raw_id] for raw_id in ordering]}
    if affinity := options.get("channel_affinity"):
        options = {"channel_affinity": [ChannelAffinity(numbers[who], channel) for who, channel in affinity]}
    call, recording_id = await _begun(held, **{**UNMIXED_WAV, **options})
    _sounds(held, call, ALICE, 100, after=1.25, seconds=1.5)
    _sounds(held, call, BOB, 20, after=1, seconds=1)
    await held.emulator.clock.step(3)
    told = await _stopped(held, recording_id)
    levels = _levels(_content(held, told))
    assert {raw_id: levels[channel] for raw_id, channel in channels.items()} == {
        ALICE: [0, 100, 100],
        BOB: [0, 20, 0],
    }
    assert len(levels) == max(channels.values()) + 1
    metadata = _metadata(held, told)
    assert {
        one["participantId"]: one["channel"] for one in metadata["participants"] if "channel" in one
    } == channels
    assert metadata["recordingInfo"]["audioConfiguration"]["channels"] == len(levels)


async def test_a_sixth_voice_is_not_on_an_unmixed_recording(held: Any) -> None:
    """There are five channels."""
    call, recording_id = await _begun(held, **UNMIXED_WAV)
    for number in range(1, 7):
        _sounds(held, call, f"4:+1555000000{number}", number, after=number, seconds=1)
    await held.emulator.clock.step(8)
    levels = _levels(_content(held, await _stopped(held, recording_id)))
    assert [max(channel) for channel in levels] == [1, 2, 3, 4, 5]


async def test_a_recording_begins_paused(held: Any) -> None:
    """Inactive until it is resumed, and what was before is not on it."""
    call, recording_id = await _begun(held, pause_on_start=True)
    assert (await held.client.get_recording_properties(recording_id)).recording_state == "inactive"
    _sounds(held, call, ALICE, 100, after=0, seconds=3)
    await held.emulator.clock.step(2)
    await held.client.resume_recording(recording_id)
    await held.emulator.clock.step(2)
    told = await _stopped(held, recording_id)
    assert _levels(_content(held, told)) == [[100, 0]]
    assert [pause["duration"] for pause in _metadata(held, told)["pauseResumeIntervals"]] == [2000]


@pytest.mark.parametrize(("acts", "state"), [(["pause"], "inactive"), (["pause", "resume"], "active")])
async def test_a_recording_is_paused_while_it_is_starting(held: Any, acts: list[str], state: str) -> None:
    """It begins paused, unless it was resumed."""
    call = await _call(held)
    held.emulator.clock.hold()
    started = await held.client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)
    for act in acts:
        await getattr(held.client, f"{act}_recording")(started.recording_id)
    await held.emulator.clock.step(0.1)
    assert (await held.client.get_recording_properties(started.recording_id)).recording_state == state


async def test_a_recording_ends_with_its_call(held: Any) -> None:
    """Without being stopped."""
    call, _ = await _begun(held)
    await held.emulator.clock.step(2)
    await held.client.get_call_connection(call.legs[0].connection_id).hang_up(is_for_everyone=True)
    await held.emulator.clock.step(2)
    data = (await _files(held))["data"]
    assert data["sessionEndReason"] == "CallEnded"
    assert data["recordingDurationMs"] == 2100


@pytest.mark.parametrize("kind", ["mp3", "mp4"])
async def test_other_formats(held: Any, kind: str) -> None:
    """Encoded as documented: mp3 of 48 kbit/s, mp4 with a picture of 1920 by 1080 sixteen times a second."""
    av = pytest.importorskip("av")
    call, recording_id = await _begun(
        held,
        recording_content_type="audioVideo" if kind == "mp4" else "audio",
        recording_format_type=kind,
    )
    _sounds(held, call, ALICE, 100, after=1, seconds=2)
    await held.emulator.clock.step(4)
    told = await _stopped(held, recording_id)
    with av.open(io.BytesIO(_content(held, told))) as file:
        audio = file.streams.audio[0]
        assert (audio.rate, audio.channels) == (16_000, 1)
        assert file.duration / 1_000_000 == pytest.approx(4, abs=0.15)
        if kind == "mp3":
            assert audio.bit_rate == 48_000
        else:
            picture = file.streams.video[0]
            assert (picture.width, picture.height, picture.frames) == (1920, 1080, 64)
    assert told["recordingFormatType"] == kind.capitalize()
    assert told["recordingContentType"] == ("AudioVideo" if kind == "mp4" else "Audio")


@pytest.mark.parametrize("where", ["group_call_id", "room_id"])
async def test_the_call_of_a_group_or_room(world: Any, where: str) -> None:
    """Is found by its name."""
    name = "01234567-89ab-cdef-0123-456789abcdef"
    connected = await world.client.connect_call(world.callback_url, **{where: name})
    await world.event("CallConnected", connected.call_connection_id)
    started = await world.client.start_recording(**{where: name}, **MIXED_WAV)
    assert (
        await world.client.get_recording_properties(started.recording_id)
    ).recording_id == started.recording_id


async def test_a_recording_waits_for_its_call(held: Any) -> None:
    """Started by callConnectionId while the call is being set up, it begins with the call."""
    context = await held.dial_in()
    held.emulator.clock.hold()
    connection_id = await held.answer(context)
    started = await held.client.start_recording(
        call_connection_id=connection_id, recording_state_callback_url=held.callback_url, **MIXED_WAV
    )
    entry = await held.journal("request", lambda e: e.data["operation"] == "startRecording")
    assert entry.data["status"] == 202
    held.emulator.clock.release()
    assert (await _told(held, started.recording_id, 1))["data"]["state"] == "active"


async def test_a_call_that_is_never_established(held: Any) -> None:
    """StartRecordingFailed for the recording that waited for it."""
    context = await held.dial_in()
    held.emulator.clock.hold()
    connection_id = await held.answer(context)
    started = await held.client.start_recording(
        call_connection_id=connection_id, recording_state_callback_url=held.callback_url, **MIXED_WAV
    )
    await held.client.get_call_connection(connection_id).hang_up(is_for_everyone=True)
    await held.emulator.clock.step(0.15)
    failed = await held.event("StartRecordingFailed")
    assert failed["recordingId"] == started.recording_id
    assert failed["resultInformation"]["code"] == 400


async def test_a_call_that_nobody_answers(world: Any) -> None:
    """The same."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "behaviour": "decline"})
    world.emulator.clock.hold()
    try:
        created = await world.client.create_call(
            PhoneNumberIdentifier("+15550001111"),
            world.callback_url,
            source_caller_id_number=PhoneNumberIdentifier("+15559870000"),
        )
        started = await world.client.start_recording(
            call_connection_id=created.call_connection_id,
            recording_state_callback_url=world.callback_url,
            **MIXED_WAV,
        )
    finally:
        world.emulator.clock.release()
    failed = await world.event("StartRecordingFailed")
    assert failed["recordingId"] == started.recording_id


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ({"recording_channel_type": "unmixed", "recording_format_type": "mp3"}, "recordingFormatType"),
        ({"recording_content_type": "audioVideo", "recording_format_type": "wav"}, "recordingFormatType"),
        (
            {"recording_content_type": "audioVideo", "recording_channel_type": "unmixed"},
            "recordingFormatType",
        ),
        ({"recording_content_type": "audio", "recording_format_type": "mp4"}, "recordingFormatType"),
        ({"recording_format_type": "ogg"}, "recordingFormatType"),
    ],
)
async def test_what_acs_does_not_record(world: Any, options: dict[str, str], target: str) -> None:
    """400."""
    call = await _call(world)
    with pytest.raises(HttpResponseError) as refused:
        await world.client.start_recording(server_call_id=call.server_call_id, **options)
    assert refused.value.status_code == 400
    assert refused.value.model.error.target == target


async def test_enumerations_in_any_case(world: Any) -> None:
    """As SDKs of all languages write them."""
    call = await _call(world)
    started = await world.client.start_recording(
        server_call_id=call.server_call_id,
        recording_content_type="AUDIO",
        recording_channel_type="Unmixed",
        recording_format_type="Wav",
    )
    assert started.recording_id


async def test_no_encoder_is_installed(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """400 that says what to install; nothing but wav is recorded."""
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    call = await _call(world)
    with pytest.raises(HttpResponseError) as refused:
        await world.client.start_recording(server_call_id=call.server_call_id)
    assert refused.value.status_code == 400
    assert "extra 'recordings'" in refused.value.model.error.message
    assert await world.client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)


async def test_a_call_is_recorded_once_at_a_time(world: Any) -> None:
    """400 with the code that Microsoft's samples know, until the first is stopped."""
    call = await _call(world)
    first = await world.client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)
    with pytest.raises(HttpResponseError) as refused:
        await world.client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)
    assert refused.value.model.error.code == "8553"
    await world.client.stop_recording(first.recording_id)
    second = await world.client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)
    assert second.recording_id != first.recording_id


async def test_calls_that_cannot_be_recorded(world: Any) -> None:
    """An unknown one is not found; one that rings is not established."""
    with pytest.raises(ResourceNotFoundError) as missing:
        await world.client.start_recording(server_call_id="unknown", **MIXED_WAV)
    assert missing.value.error.code == "8522"
    await world.dial_in()
    (call,) = world.emulator.calls.all()
    with pytest.raises(HttpResponseError) as refused:
        await world.client.start_recording(server_call_id=call.server_call_id, **MIXED_WAV)
    assert (refused.value.status_code, refused.value.model.error.code) == (400, "8501")


async def test_call_connection_id_in_an_older_version(world: Any) -> None:
    """400: it came with 2025-06-15."""
    call = await _call(world)
    key = AzureKeyCredential(world.emulator.access_key)
    async with CallAutomationClient(world.emulator.url, key, api_version="2025-05-15") as client:
        with pytest.raises(HttpResponseError) as refused:
            await client.start_recording(call_connection_id=call.legs[0].connection_id, **MIXED_WAV)
    assert refused.value.status_code == 400
