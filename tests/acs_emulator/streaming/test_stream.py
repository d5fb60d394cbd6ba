import array
import asyncio
import base64
import itertools
import json
import wave
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.communication.callautomation import PhoneNumberIdentifier

from acs_emulator.audio.resampling import doubled
from acs_emulator.audio.soundtrack import TICKS_PER_SAMPLE
from acs_emulator.audio.voice import voice
from acs_emulator.outgoing import streams
from acs_emulator.people import recorded
from acs_emulator.people.recorded import Ears
from acs_emulator.speech import Heard
from acs_emulator.speech.recognizer import Pace

pytestmark = pytest.mark.anyio

CALLER = "4:+15551230001"
AGENT = "8:acs:agent"
SECOND = 10_000_000
HELLO = {"text": "Hello.", "seconds": 1}


async def _call(world: Any, application: Any, *turns: Any, context: str | None = None, **options: Any) -> str:
    """A call that is streamed from its setup on, at ten times the speed."""
    world.emulator.clock.set_speed(10)
    incoming = await world.dial_in(*turns, hangUp=False) if turns else await world.dial_in()
    connection_id: str = await world.answer(
        incoming, media_streaming=application.options(**options), operation_context=context
    )
    await application.until(lambda: application.metadata)
    await world.event("CallConnected", connection_id)
    return connection_id


async def _send(application: Any, packet: dict[str, Any]) -> None:
    await application.sockets[-1].send(json.dumps(packet))


def _audio(samples: bytes) -> dict[str, Any]:
    return {"kind": "AudioData", "audioData": {"data": base64.b64encode(samples).decode()}}


def _heard(entries: Any) -> Any:
    return lambda entry: entry.data["received"] == {**entry.data["received"], **entries}


async def test_a_mixed_stream_from_setup_on(world: Any, application: Any) -> None:
    """Metadata, then a frame for every 20 ms in order, with what is said in them sample by sample."""
    connection_id = await _call(world, application, HELLO)
    await application.until(lambda: len(application.sounding()) >= 50)
    frames = application.of("AudioData")
    assert application.packets[0] == {
        "kind": "AudioMetadata",
        "audioMetadata": {
            "subscriptionId": application.metadata[0]["subscriptionId"],
            "encoding": "PCM",
            "sampleRate": 16_000,
            "channels": 1,
            "length": 640,
        },
    }
    assert {len(base64.b64decode(frame["data"])) for frame in frames} == {640}
    assert {tuple(frame) for frame in frames} == {("timestamp", "data", "silent")}
    moments = [datetime.fromisoformat(frame["timestamp"]) for frame in frames]
    steps = {after - before for before, after in itertools.pairwise(moments)}
    assert steps <= {timedelta(milliseconds=ms) for ms in (19, 20, 21)}
    await application.until(lambda: voice("Hello.", SECOND, CALLER) in application.sound())
    properties = await world.client.get_call_connection(connection_id).get_call_properties()
    subscription = properties.media_streaming_subscription
    assert subscription.id == application.metadata[0]["subscriptionId"]
    assert (subscription.state, subscription.subscribed_content_types) == ("active", ["audio"])


async def test_a_long_turn(world: Any, application: Any) -> None:
    """Sounds in pieces without a seam of silence."""
    await _call(world, application, {"text": "On and on.", "seconds": 11})
    world.emulator.clock.set_speed(50)
    pieces = [voice("On and on.", seconds * SECOND, CALLER) for seconds in (10, 1)]
    await application.until(lambda: len(application.sounding()) >= 550)
    await application.until(lambda: b"".join(pieces) in application.sound())


async def test_the_socket_is_dialled_as_for_transcription(world: Any, application: Any) -> None:
    """The URL verbatim, a token of 24 hours, the ids of the call."""
    connection_id = await _call(world, application)
    assert application.paths == ["/media/key?token=a%2Fb"]
    headers = application.headers[0]
    claims = jwt.decode(headers["authorization"].removeprefix("Bearer "), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 86_400
    assert headers["x-ms-call-connection-id"] == connection_id
    assert headers["x-ms-call-correlation-id"]


async def test_an_unmixed_stream(world: Any, application: Any) -> None:
    """A frame for each person, with their own sound; silent ones are marked and full of zeros."""
    connection_id = await _call(world, application, audio_channel_type="unmixed")
    await world.control(f"/calls/{connection_id}/join", {"rawId": AGENT}, 200)
    await world.control(f"/calls/{connection_id}/say", {"speaker": AGENT, **HELLO}, 202)
    await application.until(lambda: voice("Hello.", SECOND, AGENT) in application.sound(AGENT))
    frames = application.of("AudioData")
    assert list(frames[-1]) == ["timestamp", "participantRawID", "data", "silent"]
    assert {frame["participantRawID"] for frame in frames[-2:]} == {CALLER, AGENT}
    silent = [frame for frame in frames if frame["participantRawID"] == CALLER]
    assert {(frame["silent"], frame["data"]) for frame in silent} == {
        (True, base64.b64encode(bytes(640)).decode())
    }


async def test_24_khz(world: Any, application: Any) -> None:
    """Frames of 960 bytes."""
    await _call(world, application, HELLO, audio_format="pcm24KMono")
    await application.until(lambda: len(application.sounding()) >= 50)
    assert (application.metadata[0]["sampleRate"], application.metadata[0]["length"]) == (24_000, 960)
    assert {len(base64.b64decode(frame["data"])) for frame in application.of("AudioData")} == {960}


async def test_people_who_are_muted_or_silent(world: Any, application: Any) -> None:
    """Are not heard from then on."""
    connection_id = await _call(world, application)
    await world.control(f"/calls/{connection_id}/say", {"text": "On and on.", "seconds": 20}, 202)
    await application.until(application.sounding)
    await world.control(f"/calls/{connection_id}/silence", {"silent": True}, 200)
    count = len(application.packets)
    await application.until(lambda: len(application.packets) > count + 100)
    assert {frame["silent"] for frame in application.of("AudioData")[-50:]} == {True}
    await world.control(f"/calls/{connection_id}/silence", {"silent": False}, 200)
    await application.until(lambda: not application.of("AudioData")[-1]["silent"])


async def test_keys_that_somebody_presses(world: Any, application: Any) -> None:
    """Are sent where the application asked for them."""
    connection_id = await _call(world, application, enable_dtmf_tones=True)
    await world.control(f"/calls/{connection_id}/press", {"tones": ["three", "pound"]}, 200)
    await application.until(lambda: len(application.of("DtmfData")) == 2)
    assert application.of("DtmfData") == [{"data": "3"}, {"data": "#"}]


async def test_keys_that_nobody_asked_for(world: Any, application: Any) -> None:
    """Are not."""
    connection_id = await _call(world, application)
    await world.control(f"/calls/{connection_id}/press", {"tones": ["three"]}, 200)
    count = len(application.packets)
    await application.until(lambda: len(application.packets) > count + 10)
    assert application.of("DtmfData") == []


async def test_sound_from_the_application(world: Any, application: Any) -> None:
    """Is heard in the call back to back, sample by sample, and not in the application's own stream."""
    connection_id = await _call(world, application, enable_bidirectional=True)
    call = world.emulator.calls.find(connection_id)
    app = call.legs[0].app
    world.emulator.clock.hold()
    now = world.emulator.clock.ticks()
    keeper = call.sound.keep(now)
    spoken = voice("I am a bot.", SECOND, app)
    for at in range(0, len(spoken), 640):
        await _send(application, _audio(spoken[at : at + 640]))
    await _all_is_taken(world, application)
    assert call.sound.heard(app, now, now + SECOND) == spoken
    world.emulator.clock.release()
    await application.until(
        lambda: call.sound.heard(app, now, now + SECOND) and _is_over(world, now + 2 * SECOND)
    )
    keeper.close()
    assert application.sounding() == []


def _is_over(world: Any, moment: int) -> bool:
    return bool(world.emulator.clock.ticks() > moment)


async def _all_is_taken(world: Any, application: Any) -> None:
    """What was sent before is known to the emulator."""
    after = world.emulator.journal.entries()[-1].number
    await _send(application, {})
    assert await world.emulator.journal.wait("error", after=after)


async def test_sound_that_is_stopped(world: Any, application: Any) -> None:
    """What is queued is not heard, and what comes after it is heard at once."""
    connection_id = await _call(world, application, enable_bidirectional=True)
    call = world.emulator.calls.find(connection_id)
    app = call.legs[0].app
    keeper = call.sound.keep(world.emulator.clock.ticks())
    world.emulator.clock.hold()
    now = world.emulator.clock.ticks()
    for packet in (
        _audio(bytes(range(1, 251)) * 640),
        {"kind": "stopAudio", "stopAudio": {}},
        _audio(b"\1\1" * 160),
    ):
        await _send(application, packet)
    await _send(application, {"Kind": "StopAudio", "AudioData": None, "StopAudio": {}})
    await world.journal("audio", _heard({"frames": 2, "stops": 2}))
    assert call.sound.heard(app, now, now + SECOND) is None
    await _send(application, _audio(b"\1\1" * 160))
    await _send(application, {"kind": "mark"})
    await _send(application, {"kind": "nonsense", "audioData": None})
    await _all_is_taken(world, application)
    assert call.sound.heard(app, now, now + SECOND // 50) == b"\1\1" * 160 + bytes(320)
    keeper.close()
    world.emulator.clock.release()


async def test_sound_at_24_khz(world: Any, application: Any) -> None:
    """Frames need not hold whole threes of samples."""
    connection_id = await _call(world, application, enable_bidirectional=True, audio_format="pcm24KMono")
    call = world.emulator.calls.find(connection_id)
    keeper = call.sound.keep(world.emulator.clock.ticks())
    world.emulator.clock.hold()
    now = world.emulator.clock.ticks()
    for length in (2, 8, 14, 24):
        await _send(application, _audio(b"\1\1" * (length // 2)))
    await _all_is_taken(world, application)
    heard = call.sound.heard(call.legs[0].app, now, now + 20 * TICKS_PER_SAMPLE)
    keeper.close()
    world.emulator.clock.release()
    assert heard == b"\1\1" * 16 + bytes(8)


async def test_two_applications_talk_over_a_line(world: Any, application: Any) -> None:
    """What one sends into its stream comes out of the other's, under the number that the line shows."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "raisesIncomingCall": True})
    callee, ours = PhoneNumberIdentifier("+15550001111"), PhoneNumberIdentifier("+15550002222")
    world.emulator.clock.set_speed(10)
    placed = await world.client.create_call(
        callee,
        world.callback_url,
        source_caller_id_number=ours,
        media_streaming=application.options(enable_bidirectional=True),
    )
    offered = await world.offered(callee.raw_id)
    answered = await world.answer(
        offered["incomingCallContext"],
        media_streaming=application.options(audio_channel_type="unmixed", start_media_streaming=False),
    )
    await world.event("CallConnected", placed.call_connection_id)
    await world.event("CallConnected", answered)
    await application.until(lambda: application.metadata)
    await world.client.get_call_connection(answered).start_media_streaming()
    await application.until(lambda: len(application.metadata) == 2)
    spoken = voice("Bot to bot.", SECOND, "bot")
    await application.sockets[0].send(json.dumps(_audio(spoken)))
    await application.until(lambda: spoken in application.sound(ours.raw_id))
    mixed = [frame for frame in application.sounding() if "participantRawID" not in frame]
    assert mixed == []


async def test_a_one_way_stream(world: Any, application: Any) -> None:
    """Takes no sound: it is counted, not heard."""
    connection_id = await _call(world, application)
    await _send(application, _audio(b"\1\1" * 320))
    await world.journal("audio", _heard({"frames": 1, "discarded": 1, "ticks": 0}))
    assert world.emulator.calls.find(connection_id).sound.speakers() == []


async def test_malformed_frames(world: Any, application: Any) -> None:
    """The journal shows some of them, and the stream goes on."""
    await _call(world, application, enable_bidirectional=True)
    for _ in range(25):
        await application.sockets[0].send("no JSON")
    await application.sockets[0].send(b"\0")
    await _send(application, {"kind": "stopAudio"})
    await world.journal("audio", _heard({"malformed": 26}))
    assert (
        len(world.emulator.journal.entries(["error"], where=lambda e: "malformed" in e.data["message"])) == 20
    )
    await application.until(lambda: application.of("AudioData"))


async def test_a_dropped_socket_is_dialled_again(world: Any, application: Any) -> None:
    """Interrupted, re-established; new metadata of the same subscription."""
    connection_id = await _call(world, application, context="setup")
    application.sockets[0].transport.abort()
    await application.until(lambda: len(application.metadata) == 2)
    first, second = application.metadata
    assert first["subscriptionId"] == second["subscriptionId"]
    interrupted = (await world.event("MediaStreamingStopped", connection_id))["mediaStreamingUpdate"]
    assert interrupted["mediaStreamingStatusDetails"] == "streamConnectionInterrupted"
    entry = await world.journal(
        "callback",
        lambda e: (
            e.data["type"] == "MediaStreamingStarted"
            and e.data["event"]["data"]["mediaStreamingUpdate"]["mediaStreamingStatusDetails"]
            == "streamConnectionReestablished"
        ),
    )
    assert entry.data["event"]["data"]["operationContext"] == "setup"


async def test_a_socket_that_a_fault_drops(world: Any, application: Any) -> None:
    """After so many frames; dialled again, or not."""
    world.emulator.faults.add({"kind": "dropSocket", "what": "mediaStreaming", "afterPackets": 5})
    connection_id = await _call(world, application)
    await application.until(lambda: len(application.metadata) == 2)
    assert [packet["kind"] for packet in application.packets[:7]] == [
        "AudioMetadata",
        *["AudioData"] * 5,
        "AudioMetadata",
    ]
    world.emulator.faults.add({"kind": "dropSocket", "what": "mediaStreaming", "reconnect": False})
    failed = await world.event("MediaStreamingFailed", connection_id)
    assert failed["resultInformation"]["subCode"] == 8578
    assert len(application.sockets) == 2


async def test_a_slow_socket(world: Any, application: Any) -> None:
    """Frames are late, and none is missing."""
    world.emulator.faults.add({"kind": "slowSocket", "what": "mediaStreaming", "seconds": 5})
    await _call(world, application)
    await application.until(lambda: len(application.of("AudioData")) > 300)
    moments = [datetime.fromisoformat(frame["timestamp"]) for frame in application.of("AudioData")]
    steps = {after - before for before, after in itertools.pairwise(moments)}
    assert steps <= {timedelta(milliseconds=ms) for ms in (19, 20, 21)}


async def test_a_socket_that_stays_away(world: Any, application: Any, free_tcp_port: int) -> None:
    """MediaStreamingFailed 500/8578 after the last redial."""
    connection_id = await _call(world, application)
    leg = world.emulator.calls.find(connection_id).legs[0]
    leg.media_streaming.transport_url = f"ws://127.0.0.1:{free_tcp_port}/"
    await application.sockets[0].close()
    failed = await world.event("MediaStreamingFailed", connection_id)
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (500, 8578)
    assert leg.properties()["mediaStreamingSubscription"]["state"] == "inactive"


async def test_the_call_ends(world: Any, application: Any) -> None:
    """The socket is closed after the last frame that was due; no event tells of it, and nothing is kept."""
    connection_id = await _call(world, application, HELLO)
    call = world.emulator.calls.find(connection_id)
    await application.until(lambda: len(application.sounding()) >= 50)
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected", connection_id)
    await application.sockets[0].wait_closed()
    sent = world.emulator.journal.entries(["audio"])[-1].data["sent"]
    assert sent["silent"] + sent["sounding"] == len(application.of("AudioData"))
    assert sent["lost"] == 0
    assert call.listeners == []
    assert call.sound.heard(CALLER, 0, world.emulator.clock.ticks()) is None
    told = [event["type"] for event in world.receiver.callbacks]
    assert "Microsoft.Communication.MediaStreamingStopped" not in told


async def test_a_clock_that_is_stepped(world: Any, application: Any) -> None:
    """Exactly as many frames as time passed, and none while it stands still."""
    await _call(world, application)
    await application.until(lambda: application.of("AudioData"))
    world.emulator.clock.hold()
    await world.emulator.clock.step(0.02)
    before = await _counted(application)
    await world.emulator.clock.step(2.0)
    await application.until(lambda: len(application.of("AudioData")) >= before + 100)
    assert len(application.of("AudioData")) == before + 100
    world.emulator.clock.release()


async def _counted(application: Any) -> int:
    """How many frames have come, when no more are on their way."""
    pong = await application.sockets[0].ping()
    await pong
    return len(application.of("AudioData"))


class Deaf:
    """A recogniser that hears nothing."""

    async def listen(self, channel: bytes, rate: int, locale: str, pace: Pace) -> AsyncGenerator[Heard, None]:
        for heard in ():
            yield heard


async def test_recorded_audio(
    world: Any, application: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sounds as it was recorded, at twice the samples."""
    monkeypatch.setattr(world.emulator.exchange, "ears", Ears())
    monkeypatch.setattr(recorded, "open_recognizer", Deaf)
    samples = array.array("h", (1 + i % 1_000 for i in range(12_000))).tobytes()
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(samples)
    world.emulator.clock.set_speed(10)
    context = await world.dial_in(audio=str(tmp_path / "a.wav"), hangUp=False)
    await world.answer(context, media_streaming=application.options())
    spoken = doubled(samples[:16_000]) + doubled(samples[16_000:])
    await application.until(lambda: spoken in application.sound())


async def test_an_application_that_reads_nothing(
    world: Any, application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holds up nobody: the call ends all the same, and what the application did not take is lost."""
    monkeypatch.setattr(streams, "CLOSE_TIMEOUT", -0.7)
    connection_id = await _call(world, application)
    application.sockets[0].transport.pause_reading()
    running = world.emulator.calls.find(connection_id).legs[0].media_streaming.stream
    world.emulator.clock.set_speed(1000)
    async with asyncio.timeout(10):
        while not running.waiting:
            await world.emulator.clock.sleep(10)
    world.emulator.clock.set_speed(10)
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected", connection_id)
    assert "did not close in time" in world.emulator.journal.entries(["error"])[-1].data["message"]
    application.sockets[0].transport.abort()
