"""Participants on hold: hold and unhold."""

from __future__ import annotations

from fastapi import APIRouter, Response

from acs_emulator.calls import holding
from acs_emulator.errors import participant_not_found
from acs_emulator.media.prompts import Source
from acs_emulator.rest.bodies import participants as bodies
from acs_emulator.rest.context import TheExchange, TheLeg, require_established

router = APIRouter(prefix="/calling/callConnections")


@router.post("/{connection_id}:hold")
async def hold(body: bodies.Hold, leg: TheLeg, exchange: TheExchange) -> Response:
    """200. Events: ParticipantsUpdated or HoldFailed."""
    require_established(leg)
    music = body.play_source_info
    source = Source(music.kind, music.value) if music else None
    holding.hold(exchange, leg, body.target_participant.name, source, body.told)
    return Response(status_code=200)


@router.post("/{connection_id}:unhold")
async def unhold(body: bodies.Unhold, leg: TheLeg, exchange: TheExchange) -> Response:
    """200, or 404 with the code "8522" for somebody who is not in the call, since no event tells of it; a guess.

    Events: ParticipantsUpdated.
    """
    require_established(leg)
    person = leg.call.participant(body.target_participant.name, leg)
    if person is None:
        raise participant_not_found()
    holding.unhold(exchange, leg, person)
    return Response(status_code=200)
