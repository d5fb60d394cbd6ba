"""Transcription and media streaming over sockets."""

from __future__ import annotations

import base64
import json
from typing import Any

from azure.communication.callautomation import (
    AudioFormat,
    MediaStreamingAudioChannelType,
    MediaStreamingContentType,
    MediaStreamingOptions,
    StreamingTransportType,
    TranscriptionOptions,
)

from tests.sdks.drive.stage import Stage


def _anything(packet: dict[str, Any]) -> bool:
    return True


async def transcribe(stage: Stage) -> None:
    call = await stage.answered(
        transcription=TranscriptionOptions(
            transport_url=stage.stream_url(name := f"transcription{id(stage)}"),
            transport_type=StreamingTransportType.WEBSOCKET,
            locale="en-US",
            start_transcription=False,
            enable_intermediate_results=True,
        )
    )
    await call.connection.start_transcription(locale="en-US", operation_context="start")
    started = await call.event("TranscriptionStarted", "start")
    update = started.model.transcription_update
    assert update.transcription_status == "transcriptionStarted", started.data
    stream = await stage.stream(name, "TranscriptionMetadata", _anything)
    assert stream.of("TranscriptionMetadata")[0]["callConnectionId"] == call.id
    assert stream.headers["x-ms-call-connection-id"] == call.id
    await call.outside("say", speaker="caller", text="Hello there.")
    stream = await stage.stream(
        name,
        "TranscriptionData",
        lambda packet: bool(packet["text"] == "Hello there." and packet["resultStatus"] == "Final"),
    )
    assert stream.of("TranscriptionData")[-1]["participantRawID"] == call.caller.raw_id
    await call.connection.update_transcription(locale="de-DE", operation_context="update")
    await call.event("TranscriptionUpdated")
    now = await call.connection.get_call_properties()
    assert now.transcription_subscription.locale == "de-DE", now.transcription_subscription
    await call.connection.stop_transcription(operation_context="stop")
    await call.event("TranscriptionStopped", "stop")


async def stream_audio(stage: Stage) -> None:
    call = await stage.answered(
        media_streaming=MediaStreamingOptions(
            transport_url=stage.stream_url(name := f"audio{id(stage)}"),
            transport_type=StreamingTransportType.WEBSOCKET,
            content_type=MediaStreamingContentType.AUDIO,
            audio_channel_type=MediaStreamingAudioChannelType.UNMIXED,
            start_media_streaming=False,
            enable_bidirectional=True,
            audio_format=AudioFormat.PCM16_K_MONO,
            enable_dtmf_tones=True,
        )
    )
    await call.connection.start_media_streaming(operation_context="start")
    started = await call.event("MediaStreamingStarted", "start")
    assert started.model.media_streaming_update.media_streaming_status == "mediaStreamingStarted"
    stream = await stage.stream(name, "AudioMetadata", _anything)
    metadata = stream.of("AudioMetadata")[0]
    assert (metadata["encoding"], metadata["sampleRate"], metadata["length"]) == ("PCM", 16000, 640)
    await call.outside("say", speaker="caller", text="Hello there.")
    stream = await stage.stream(name, "AudioData", lambda packet: packet["silent"] is False)
    spoken = next(packet for packet in stream.of("AudioData") if not packet["silent"])
    assert spoken["participantRawID"] == call.caller.raw_id
    assert len(base64.b64decode(spoken["data"])) == 640
    await call.outside("press", tones="3")
    await stage.stream(name, "DtmfData", lambda packet: bool(packet["data"] in ("3", "three")))
    silence = base64.b64encode(bytes(640)).decode()
    for packet in (
        {"Kind": "AudioData", "AudioData": {"Data": silence}, "StopAudio": None},
        {"kind": "stopAudio", "stopAudio": {}},
    ):
        await stream.socket.send_str(json.dumps(packet))
    await call.connection.stop_media_streaming(operation_context="stop")
    await call.event("MediaStreamingStopped", "stop")


SCENES = (transcribe, stream_audio)
