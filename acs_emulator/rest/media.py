"""Media: play, recognize, cancel."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator.media import playing, recognizing
from acs_emulator.rest import versions
from acs_emulator.rest.bodies import media as bodies
from acs_emulator.rest.bodies.recognize import Recognize
from acs_emulator.rest.context import ApiVersion, TheExchange, TheLeg, require_established

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:play", status_code=202)
async def play(body: bodies.Play, leg: TheLeg, exchange: TheExchange) -> Response:
    """202. Events: PlayStarted, then PlayCompleted, PlayFailed or PlayCanceled."""
    require_established(leg)
    operation = playing.Play(
        sources=[one.source for one in body.play_sources],
        targets=[one.name for one in body.play_to or ()],
        loop=body.play_options is not None and body.play_options.loop,
        told=body.told,
    )
    playing.play(exchange, leg, operation, interrupt=bool(body.interrupt_call_media_operation))
    return Response(status_code=202)


@router.post("/{connection_id}:recognize", status_code=202)
async def recognize(body: Recognize, leg: TheLeg, exchange: TheExchange, api_version: ApiVersion) -> Response:
    """202. Events: PlayStarted for a prompt; RecognizeCompleted, RecognizeFailed or RecognizeCanceled."""
    require_established(leg)
    request = body.to_request(preview=versions.is_preview(api_version))
    recognizing.recognize(exchange, leg, request, interrupt=bool(body.interrupt_call_media_operation))
    return Response(status_code=202)


@router.post("/{connection_id}:cancelAllMediaOperations", status_code=202)
async def cancel_all_media_operations(leg: TheLeg) -> Response:
    """202. Events: PlayCanceled, RecognizeCanceled."""
    require_established(leg)
    leg.media.cancel_all()
    return Response(status_code=202)
