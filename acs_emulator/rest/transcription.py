"""Transcription: start, update, stop."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator.rest.bodies import transcription as bodies
from acs_emulator.rest.context import TheExchange, TheLeg
from acs_emulator.transcription import operations as transcription
from acs_emulator.transcription.operations import Request

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:startTranscription", status_code=202)
async def start_transcription(
    body: bodies.StartTranscription, leg: TheLeg, exchange: TheExchange
) -> Response:
    """202. Events: TranscriptionStarted or TranscriptionFailed."""
    request = Request(
        body.locale,
        body.locales or (),
        body.speech_model_endpoint_id,
        body.operation_context,
        body.operation_callback_uri,
    )
    exchange.tasks.start(transcription.start(exchange, leg, request), scope=leg.call.call_id)
    return Response(status_code=202)


@router.post("/{connection_id}:updateTranscription", status_code=202)
async def update_transcription(
    body: bodies.UpdateTranscription, leg: TheLeg, exchange: TheExchange
) -> Response:
    """202. Events: TranscriptionUpdated or TranscriptionFailed."""
    request = Request(
        body.locale, (), body.speech_model_endpoint_id, body.operation_context, body.operation_callback_uri
    )
    exchange.tasks.start(transcription.update(exchange, leg, request), scope=leg.call.call_id)
    return Response(status_code=202)


@router.post("/{connection_id}:stopTranscription", status_code=202)
async def stop_transcription(body: bodies.StopTranscription, leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: TranscriptionStopped or TranscriptionFailed."""
    request = Request(context=body.operation_context, callback_uri=body.operation_callback_uri)
    exchange.tasks.start(transcription.stop(exchange, leg, request), scope=leg.call.call_id)
    return Response(status_code=202)
