"""Media streaming: start, stop."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator.rest.bodies import streaming as bodies
from acs_emulator.rest.context import TheExchange, TheLeg
from acs_emulator.streaming import operations as streaming

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:startMediaStreaming", status_code=202)
async def start_media_streaming(
    body: bodies.StartMediaStreaming, leg: TheLeg, exchange: TheExchange
) -> Response:
    """202. Events: MediaStreamingStarted or MediaStreamingFailed."""
    exchange.tasks.start(streaming.start(exchange, leg, body.told), scope=leg.call.call_id)
    return Response(status_code=202)


@router.post("/{connection_id}:stopMediaStreaming", status_code=202)
async def stop_media_streaming(
    body: bodies.StopMediaStreaming, leg: TheLeg, exchange: TheExchange
) -> Response:
    """202. Events: MediaStreamingStopped or MediaStreamingFailed."""
    exchange.tasks.start(streaming.stop(exchange, leg, body.told), scope=leg.call.call_id)
    return Response(status_code=202)
