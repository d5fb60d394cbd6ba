"""Recordings: started, paused, resumed, stopped, fetched, deleted."""

from __future__ import annotations

import inspect
import io
import json
import wave
from typing import Any

from azure.communication.callautomation import (
    AzureCommunicationsRecordingStorage,
    CallAutomationClient,
    ChannelAffinity,
    RecordingChannel,
    RecordingContent,
    RecordingFormat,
)

from tests.sdks.drive.application import Callback
from tests.sdks.drive.stage import OnCall, Stage, refused


async def _state(stage: Stage, recording_id: str, state: str) -> Callback:
    """The callback that tells a recording's state."""

    def look() -> Callback | None:
        for one in stage.application.callbacks:
            told = one.data.get("recordingId"), one.data.get("state")
            if one.name == "RecordingStateChanged" and told == (recording_id, state):
                return one
        return None

    return await stage.application.find(f"the state {state} of a recording", look)


async def _file(stage: Stage, recording_id: str) -> dict[str, Any]:
    """The first chunk of a finished recording, as Event Grid tells of it."""

    def look() -> dict[str, Any] | None:
        for event in stage.application.events:
            if event["eventType"].endswith("RecordingFileStatusUpdated") and recording_id in event["subject"]:
                chunk: dict[str, Any] = event["data"]["recordingStorageInfo"]["recordingChunks"][0]
                return chunk
        return None

    return await stage.application.find("RecordingFileStatusUpdated", look)


async def record(stage: Stage) -> None:
    call = await stage.answered()
    started = await stage.client.start_recording(
        server_call_id=call.properties.server_call_id,
        recording_state_callback_url=stage.callback_url,
        recording_content_type=RecordingContent.AUDIO,
        recording_channel_type=RecordingChannel.UNMIXED,
        recording_format_type=RecordingFormat.WAV,
        channel_affinity=[ChannelAffinity(target_participant=call.caller, channel=0)],
        recording_storage=AzureCommunicationsRecordingStorage(),
    )
    recording_id = started.recording_id
    told = await _state(stage, recording_id, "active")
    assert told.model.recording_kind, told.data
    for drive, state in (
        (stage.client.pause_recording, "inactive"),
        (stage.client.resume_recording, "active"),
    ):
        await drive(recording_id)
        now = await stage.client.get_recording_properties(recording_id)
        assert now.recording_state == state, now.recording_state
    await call.outside("say", speaker="caller", text="For the record.")
    await stage.client.stop_recording(recording_id)
    missing: Any = await refused("a stopped recording", stage.client.get_recording_properties(recording_id))
    assert (missing.status_code, missing.error.code) == (404, "8522"), missing
    await _fetch_and_delete(stage, recording_id)


async def _fetch_and_delete(stage: Stage, recording_id: str) -> None:
    chunk = await _file(stage, recording_id)
    content = await stage.client.download_recording(chunk["contentLocation"])
    with wave.open(io.BytesIO(content)) as file:
        assert file.getframerate() == 16_000
    part = await stage.client.download_recording(chunk["contentLocation"], offset=8, length=4)
    assert part == b"WAVE", part
    metadata = json.loads(await stage.client.download_recording(chunk["metadataLocation"]))
    assert metadata["recordingInfo"]["format"] == "wav", metadata
    if "CallAutomationClient.delete_recording" in stage.sdk.broken:
        await _delete_in_vain(stage, chunk["deleteLocation"])
        return
    await stage.client.delete_recording(chunk["deleteLocation"])
    gone = stage.client.download_recording(chunk["contentLocation"], retry_total=0)
    assert (await refused("a deleted recording", gone)).status_code == 404


async def _delete_in_vain(stage: Stage, location: str) -> None:
    """The SDK itself fails, before it asks anybody."""
    why = stage.sdk.broken["CallAutomationClient.delete_recording"]
    try:
        await stage.client.delete_recording(location)
    except AttributeError as error:
        if why in str(error):
            return
    raise AssertionError("a broken method worked, or broke otherwise")


def _takes_a_connection() -> bool:
    """Whether a recording may be started by a callConnectionId (SDK 1.5 and newer)."""
    return "call_connection_id" in inspect.getsource(CallAutomationClient.start_recording)


async def record_by_connection(stage: Stage) -> None:
    if not _takes_a_connection():
        return
    call: OnCall = await stage.answered()
    started = await stage.client.start_recording(
        call_connection_id=call.id,
        recording_state_callback_url=stage.callback_url,
        recording_format_type=RecordingFormat.MP3,
        recording_channel_type=RecordingChannel.MIXED,
        recording_content_type=RecordingContent.AUDIO,
        pause_on_start=True,
    )
    now = await stage.client.get_recording_properties(started.recording_id)
    assert now.recording_state == "inactive", now.recording_state
    await _state(stage, started.recording_id, "inactive")
    await stage.client.resume_recording(started.recording_id)
    await _state(stage, started.recording_id, "active")
    await call.outside("say", speaker="caller", text="For the record.")
    await call.connection.hang_up(is_for_everyone=True)
    await _file(stage, started.recording_id)


SCENES = (record, record_by_connection)
