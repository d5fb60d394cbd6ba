"""Recordings: start, state, pause, resume, stop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from acs_emulator.calls.call import Call
from acs_emulator.errors import Refused, call_not_found
from acs_emulator.exchange import Exchange
from acs_emulator.recordings import operations as recordings
from acs_emulator.recordings.formats import check_encoder, choose
from acs_emulator.recordings.recording import Recording, Wanted
from acs_emulator.rest import versions
from acs_emulator.rest.bodies import recordings as bodies
from acs_emulator.rest.context import ApiVersion, TheExchange

router = APIRouter(prefix="/calling")
BY_CONNECTION_SINCE = "2025-06-15"
WITH_KIND_SINCE = "2024-04-15"


def get_recording(exchange: TheExchange, recording_id: str) -> Recording:
    return exchange.recordings.find(recording_id)


TheRecording = Annotated[Recording, Depends(get_recording)]


@router.post("/recordings")
async def start_recording(
    body: bodies.StartRecording, exchange: TheExchange, api_version: ApiVersion
) -> JSONResponse:
    """200; by callConnectionId 202 while the call is not yet established, which is a guess at what the specification's
    202 is for. Events: RecordingStateChanged, or StartRecordingFailed."""
    format_ = choose(body.recording_content_type, body.recording_channel_type, body.recording_format_type)
    check_encoder(format_)
    call = _call(exchange, body, api_version)
    wanted = Wanted(
        format_,
        api_version,
        body.recording_state_callback_uri,
        body.channels if format_.unmixed else {},
        body.external_storage.container_url if body.external_storage else None,
    )
    early = body.call_connection_id is not None and call.state == "ringing"
    recording = recordings.start(exchange, call, wanted, paused=bool(body.pause_on_start), wait=early)
    return JSONResponse(_shown(recording, api_version), 202 if early else 200)


@router.get("/recordings/{recording_id}")
async def get_recording_properties(recording: TheRecording, api_version: ApiVersion) -> dict[str, str]:
    """200, or 404 with the code "8522" as soon as the recording has ended."""
    return _shown(recording, api_version)


@router.delete("/recordings/{recording_id}", status_code=204)
async def stop_recording(recording: TheRecording, exchange: TheExchange) -> Response:
    """204. Events: RecordingStateChanged; then, by Event Grid, RecordingFileStatusUpdated."""
    recordings.stop(exchange, recording)
    return Response(status_code=204)


@router.post("/recordings/{recording_id}:pause", status_code=202)
async def pause_recording(recording: TheRecording, exchange: TheExchange) -> Response:
    """202. Events: RecordingStateChanged."""
    recordings.pause(exchange, recording)
    return Response(status_code=202)


@router.post("/recordings/{recording_id}:resume", status_code=202)
async def resume_recording(recording: TheRecording, exchange: TheExchange) -> Response:
    """202. Events: RecordingStateChanged."""
    recordings.resume(exchange, recording)
    return Response(status_code=202)


def _call(exchange: Exchange, body: bodies.StartRecording, api_version: str) -> Call:
    """Raises Refused where there is no such call."""
    if body.call_connection_id is not None:
        if not versions.at_least(api_version, BY_CONNECTION_SINCE):
            raise Refused(400, "BadRequest", "The field CallLocator is invalid.", target="callLocator")
        return exchange.leg(body.call_connection_id).call
    call = exchange.calls.find(body.call_locator.call) if body.call_locator else None
    if call is None:
        raise call_not_found()
    return call


def _shown(recording: Recording, api_version: str) -> dict[str, str]:
    """`RecordingStateResponse`; releases before 2024-04-15 know no `recordingKind`, as captured."""
    shown = {"recordingId": recording.recording_id, "recordingState": recording.state}
    if versions.at_least(api_version, WITH_KIND_SINCE):
        lower = versions.camel_case_recording_kinds(api_version)
        shown["recordingKind"] = (
            recordings.KIND if lower else recordings.KIND[0].upper() + recordings.KIND[1:]
        )
    return shown
