"""Transcription: start, update, stop; the preview's summary of a call.

Releases ignore the members of the preview; whether 2026-03-12 refuses them is not known.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator.rest.bodies import transcription as bodies
from acs_emulator.rest.context import ApiVersion, TheExchange, TheLeg
from acs_emulator.rest.versions import is_preview
from acs_emulator.transcription import operations as transcription
from acs_emulator.transcription.insights import NOTHING
from acs_emulator.transcription.operations import Request
from acs_emulator.transcription.summaries import summarize

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:startTranscription", status_code=202)
async def start_transcription(
    body: bodies.StartTranscription, leg: TheLeg, exchange: TheExchange, api_version: ApiVersion
) -> Response:
    """202. Events: TranscriptionStarted or TranscriptionFailed."""
    preview = is_preview(api_version)
    request = Request(
        locale=body.locale,
        locales=(body.locales or ()) if preview else (),
        model_endpoint_id=body.speech_model_endpoint_id,
        insights=body.insights if preview else NOTHING,
        told=body.told,
    )
    exchange.tasks.start(transcription.start(exchange, leg, request), scope=leg.call.call_id)
    return Response(status_code=202)


@router.post("/{connection_id}:updateTranscription", status_code=202)
async def update_transcription(
    body: bodies.UpdateTranscription, leg: TheLeg, exchange: TheExchange, api_version: ApiVersion
) -> Response:
    """202. Events: TranscriptionUpdated or TranscriptionFailed."""
    request = Request(
        locale=body.locale,
        model_endpoint_id=body.speech_model_endpoint_id,
        insights=body.insights if is_preview(api_version) else NOTHING,
        told=body.told,
    )
    exchange.tasks.start(transcription.update(exchange, leg, request), scope=leg.call.call_id)
    return Response(status_code=202)


@router.post("/{connection_id}:stopTranscription", status_code=202)
async def stop_transcription(body: bodies.StopTranscription, leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: TranscriptionStopped or TranscriptionFailed."""
    exchange.tasks.start(transcription.stop(exchange, leg, Request(told=body.told)), scope=leg.call.call_id)
    return Response(status_code=202)


@router.post("/{connection_id}:summarizeCall", status_code=202)
async def summarize_call(body: bodies.SummarizeCall, leg: TheLeg, exchange: TheExchange) -> Response:
    """202; of the preview alone. Event: TranscriptionCallSummaryUpdated."""
    summarize(exchange, leg, body.told)
    return Response(status_code=202)
