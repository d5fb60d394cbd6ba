"""Media: play and cancel."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator import playing
from acs_emulator.playing import Source
from acs_emulator.rest.bodies import media as bodies
from acs_emulator.rest.context import TheExchange, TheLeg
from acs_emulator.rest.participants import require_established

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:play", status_code=202)
async def play(body: bodies.Play, leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: PlayStarted, then PlayCompleted, PlayFailed or PlayCanceled."""
    require_established(leg)
    operation = playing.Play(
        sources=[Source(source.kind, source.value) for source in body.play_sources],
        loop=body.play_options is not None and body.play_options.loop,
        told=body.told,
    )
    playing.play(exchange, leg, operation, interrupt=bool(body.interrupt_call_media_operation))
    return Response(status_code=202)


@router.post("/{connection_id}:cancelAllMediaOperations", status_code=202)
async def cancel_all_media_operations(leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: PlayCanceled."""
    require_established(leg)
    playing.cancel_all(exchange, leg)
    return Response(status_code=202)
