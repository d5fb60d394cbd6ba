"""Recording a run, and sending it again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from acs_emulator.control.answers import RecorderShown, ReplayStarted
from acs_emulator.control.bodies import Replay, Switch
from acs_emulator.exchange import Exchange
from acs_emulator.recorder.replay import SCOPE, replay
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["recorder"])


@router.post("/recorder", response_model=RecorderShown, summary="Start or stop the recorder")
async def switch(body: Switch, exchange: TheExchange) -> dict[str, Any]:
    """Starting forgets the last recording; stopping keeps it until the next start or reset."""
    if body.on:
        exchange.recorder.start()
    else:
        exchange.recorder.stop()
    return _shown(exchange)


@router.get("/recorder", response_model=RecorderShown, summary="Whether the recorder runs")
async def recorder(exchange: TheExchange) -> dict[str, Any]:
    """And how much it holds."""
    return _shown(exchange)


@router.get(
    "/recording",
    summary="Everything that went out since the recorder was started",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
async def recording(exchange: TheExchange) -> StreamingResponse:
    """JSON lines: requests, and the sockets' openings, frames and ends, in their order and with their emulated times."""

    def lines() -> Iterator[str]:
        for line in exchange.recorder.lines:
            yield line.model_dump_json(by_alias=True, exclude_none=True) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.post("/replay", status_code=202, response_model=ReplayStarted, summary="Send a recording again")
async def start_replay(body: Replay, exchange: TheExchange) -> dict[str, Any]:
    """The same bytes in the same order, at the clock's pace, with new tokens. The journal tells of its end (kind
    `replay`)."""
    replay_id = uuid.uuid4().hex[:8]
    exchange.tasks.start(replay(exchange, body.lines, body.urls, replay_id), scope=SCOPE)
    return {"replayId": replay_id, "lines": len(body.lines)}


def _shown(exchange: Exchange) -> dict[str, Any]:
    recorder = exchange.recorder
    return {"on": recorder.on, "lines": len(recorder.lines), "truncated": recorder.truncated}
