"""DTMF: continuous recognition, sending."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from acs_emulator.calls import parties
from acs_emulator.media import continuous, sending
from acs_emulator.rest.bodies import dtmf as bodies
from acs_emulator.rest.context import TheExchange, TheLeg, require_established, with_context

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:startContinuousDtmfRecognition")
async def start_continuous_dtmf_recognition(
    body: bodies.ContinuousDtmfRecognition, leg: TheLeg, exchange: TheExchange
) -> Response:
    """200. Events: ContinuousDtmfRecognitionToneReceived, …ToneFailed where the participant leaves."""
    require_established(leg)
    target = parties.find(leg, body.target_participant.name)
    leg.media.require_free((target,))
    continuous.start(exchange, leg, target, body.told)
    return Response(status_code=200)


@router.post("/{connection_id}:stopContinuousDtmfRecognition")
async def stop_continuous_dtmf_recognition(
    body: bodies.ContinuousDtmfRecognition, leg: TheLeg, exchange: TheExchange
) -> Response:
    """200. Events: ContinuousDtmfRecognitionStopped."""
    require_established(leg)
    continuous.stop(exchange, leg, parties.find(leg, body.target_participant.name), body.told)
    return Response(status_code=200)


@router.post("/{connection_id}:sendDtmfTones", status_code=202)
async def send_dtmf_tones(body: bodies.SendDtmfTones, leg: TheLeg, exchange: TheExchange) -> dict[str, Any]:
    """202. Events: SendDtmfTonesCompleted or SendDtmfTonesFailed."""
    require_established(leg)
    sending.send(exchange, leg, body.target_participant.name, body.tones, body.told)
    return with_context({}, body.operation_context)
