"""Media: play, cancel, and transcription."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator import playing
from acs_emulator.playing import Source
from acs_emulator.rest import bodies
from acs_emulator.rest.context import TheExchange, TheLeg
from acs_emulator.rest.participants import require_established
from acs_emulator.transcription import operations as transcription
from acs_emulator.transcription.operations import Request

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:play", status_code=202)
async def play(body: bodies.Play, leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: PlayStarted, then PlayCompleted, PlayFailed or PlayCanceled."""
    require_established(leg)
    operation = playing.Play(
        sources=[Source(source.kind, source.value) for source in body.play_sources],
        loop=body.play_options is not None and body.play_options.loop,
        context=body.operation_context,
        callback_uri=body.operation_callback_uri,
    )
    playing.play(exchange, leg, operation, interrupt=bool(body.interrupt_call_media_operation))
    return Response(status_code=202)


@router.post("/{connection_id}:cancelAllMediaOperations", status_code=202)
async def cancel_all_media_operations(leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: PlayCanceled."""
    require_established(leg)
    playing.cancel_all(exchange, leg)
    return Response(status_code=202)


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
