"""Situations of media: transcription, streaming, playing, recognition, tones, hold."""

from __future__ import annotations

from typing import Any

from azure.communication.callautomation import (
    DtmfTone,
    FileSource,
    MediaStreamingOptions,
    RecognitionChoice,
    TextSource,
)

from tests.acs_emulator.conftest import Listener
from tests.acs_emulator.said import AGENT, CALLER, RELEASE, Said, connected, delivered, id_of, press

PREVIEW = "2025-08-15-preview"
MISSING = "http://127.0.0.1:9/missing.wav"
NOWHERE = "ws://127.0.0.1:9/nowhere"


async def transcription(said: Said) -> None:
    """Started, heard, another locale, stopped; and one whose socket nobody listens on."""
    world = said.world
    connection = await connected(said, transcription=world.transcription(start_transcription=False))
    await connection.start_transcription(locale="en-US", operation_context="start")
    await world.event("TranscriptionStarted", id_of(connection))
    await world.control(f"/calls/{id_of(connection)}/say", {"text": "Hello everyone."}, 202)
    await world.listener.until(lambda: "Hello everyone." in world.listener.finals)
    await connection.update_transcription(locale="de-DE")
    await world.event("TranscriptionUpdated", id_of(connection))
    await connection.stop_transcription()
    await world.event("TranscriptionStopped", id_of(connection))
    failing = await connected(said, transcription=world.transcription(transport_url=NOWHERE))
    await world.event("TranscriptionFailed", id_of(failing))


async def of_old(said: Said) -> None:
    """A custom model, and the offsets of the preview of early 2024."""
    world = said.world
    connection_id = await _answered(
        said, RELEASE, {"speechModelEndpointId": "0000a000-9999-5555-ae00-cd00e0bc0001"}, legacyOffsets=True
    )
    await world.control(f"/calls/{connection_id}/say", {"text": "Working all the time."}, 202)
    await world.listener.until(lambda: "Working all the time." in world.listener.finals)


async def summary(said: Said) -> None:
    """Two calls of a preview: one that is summarized, and one in which nobody spoke."""
    world = said.world
    options = {
        "enableSentimentAnalysis": True,
        "piiRedactionOptions": {"enable": True, "redactionType": "maskWithCharacter"},
        "summarizationOptions": {"enableEndCallSummary": True, "locale": "en-US"},
    }
    connection_id = await _answered(said, PREVIEW, options)
    words = {"text": "My date of birth is 1.1.1970.", "seconds": 1}
    await world.control(f"/calls/{connection_id}/say", words, 202)
    await world.listener.until(lambda: any("birth" in final for final in world.listener.finals))
    for one in (connection_id, await _answered(said, PREVIEW, options)):
        await world.control(f"/calls/{one}/hang-up", {}, 200)
        await world.event("TranscriptionCallSummaryUpdated", one)


async def _answered(said: Said, version: str, options: dict[str, Any], **call: Any) -> str:
    """The callConnectionId of a call with these transcription options, which today's SDK cannot send."""
    world = said.world
    body = {
        "incomingCallContext": await world.dial_in(**call),
        "callbackUri": world.callback_url,
        "callIntelligenceOptions": {"cognitiveServicesEndpoint": "https://speech.example"},
        "transcriptionOptions": {
            "transportType": "websocket",
            "transportUrl": world.listener.url,
            "locale": "en-US",
            "startTranscription": True,
            **options,
        },
    }
    answered = await said.ask("POST", "/calling/callConnections:answer", body, version=version)
    connection_id = str(answered.json()["callConnectionId"])
    await world.event("TranscriptionStarted", connection_id)
    return connection_id


async def streaming(said: Said) -> None:
    """Audio of a speaker and keys, unmixed; then mixed; and one whose socket nobody listens on."""
    world = said.world
    for channels in ("unmixed", "mixed"):
        before = len(said.media.frames)
        connection = await connected(said, media_streaming=_media(said.media.url, channels))
        await world.event("MediaStreamingStarted", id_of(connection))
        await said.media.until(lambda seen=before: _has(said.media, "AudioMetadata", seen))
        await world.control(f"/calls/{id_of(connection)}/say", {"text": "Hello everyone."}, 202)
        await said.media.until(lambda seen=before: _has(said.media, "AudioData", seen))
        await press(said, connection, "3")
        await said.media.until(lambda seen=before: _has(said.media, "DtmfData", seen))
        await connection.stop_media_streaming()
        await world.event("MediaStreamingStopped", id_of(connection))
    failing = await connected(said, media_streaming=_media(NOWHERE, "mixed"))
    await world.event("MediaStreamingFailed", id_of(failing))


def _media(url: str, channels: str) -> MediaStreamingOptions:
    return MediaStreamingOptions(
        transport_url=url,
        transport_type="websocket",
        content_type="audio",
        audio_channel_type=channels,
        start_media_streaming=True,
        enable_dtmf_tones=True,
    )


def _has(listener: Listener, kind: str, after: int) -> bool:
    return any(packet["kind"] == kind for packet in listener.packets[after:])


async def playing(said: Said) -> None:
    """To its end, cancelled, and with a second source that cannot be fetched."""
    world, connection = said.world, await connected(said)
    await connection.play_media(TextSource(text="Hi."))
    await world.event("PlayStarted", id_of(connection))
    await world.event("PlayCompleted", id_of(connection))
    await connection.play_media([TextSource(text="Hi."), FileSource(url=MISSING)])
    await world.event("PlayFailed", id_of(connection))
    await connection.play_media(TextSource(text="Hold the line."), loop=True)
    await connection.cancel_all_media_operations()
    await world.event("PlayCanceled", id_of(connection))


async def recognition(said: Said) -> None:
    """Cancelled, silent, and tones, a choice and speech that are recognized."""
    world, connection = said.world, await connected(said)
    ask = connection.start_recognizing_media
    await ask("dtmf", CALLER, initial_silence_timeout=300)
    await connection.cancel_all_media_operations()
    await world.event("RecognizeCanceled", id_of(connection))
    await ask("dtmf", CALLER, initial_silence_timeout=1)
    await world.event("RecognizeFailed", id_of(connection))
    world.emulator.clock.set_speed(2)  # somebody who has to press or speak has ten real seconds
    await ask("dtmf", CALLER, dtmf_max_tones_to_collect=1, initial_silence_timeout=20)
    await press(said, connection, "1")
    await _recognized(said, "dtmf")
    choice = RecognitionChoice(label="Yes", phrases=["yes"], tone=DtmfTone.ONE)
    await ask("choices", CALLER, choices=[choice], initial_silence_timeout=20)
    await press(said, connection, "1")
    await _recognized(said, "choices")
    await ask("speech", CALLER, initial_silence_timeout=20)
    await world.control(f"/calls/{id_of(connection)}/say", {"text": "Yes."}, 202)
    await _recognized(said, "speech")
    world.emulator.clock.set_speed(100)


async def _recognized(said: Said, kind: str) -> None:
    await said.world.journal(
        "callback", lambda e: e.data["event"]["data"].get("recognitionType") == kind and delivered(e)
    )


async def tones(said: Said) -> None:
    """Heard one by one, until who presses them leaves; sent to a phone, and in vain to a user."""
    world, connection = said.world, await connected(said)
    await connection.add_participant(AGENT, operation_context="agent")
    await world.event("AddParticipantSucceeded", id_of(connection))
    await connection.start_continuous_dtmf_recognition(CALLER, operation_context="tones")
    await press(said, connection, "5")
    await world.event("ContinuousDtmfRecognitionToneReceived", id_of(connection))
    await connection.stop_continuous_dtmf_recognition(CALLER)
    await world.event("ContinuousDtmfRecognitionStopped", id_of(connection))
    await connection.send_dtmf_tones([DtmfTone.ONE], CALLER)
    await world.event("SendDtmfTonesCompleted", id_of(connection))
    await connection.send_dtmf_tones([DtmfTone.ONE], AGENT)
    await world.event("SendDtmfTonesFailed", id_of(connection))
    await connection.start_continuous_dtmf_recognition(AGENT)
    await connection.remove_participant(AGENT)
    await world.event("ContinuousDtmfRecognitionToneFailed", id_of(connection))


async def holding(said: Said) -> None:
    """With music that cannot be fetched."""
    world, connection = said.world, await connected(said)
    await connection.hold(CALLER, play_source=FileSource(url=MISSING))
    await world.event("HoldFailed", id_of(connection))
