"""The clock, reset, and how a client reaches the emulator."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from acs_emulator.calls.leaving import forget_all
from acs_emulator.control.answers import Addresses, ClockShown
from acs_emulator.control.bodies import SetClock
from acs_emulator.exchange import Exchange
from acs_emulator.recorder.replay import SCOPE as REPLAY
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["world"])


@router.get("/clock", response_model=ClockShown, summary="What time it is")
async def clock(exchange: TheExchange) -> dict[str, Any]:
    """The emulated moment, and how time passes."""
    return _shown(exchange)


@router.post("/clock", response_model=ClockShown, summary="Set, hold, release or step the clock")
async def set_clock(body: SetClock, exchange: TheExchange) -> dict[str, Any]:
    """After a step, everything that became due has run, and receivers have answered (or five real seconds passed)."""
    if body.speed is not None:
        exchange.clock.set_speed(body.speed)
    if body.held is True:
        exchange.clock.hold()
    elif body.held is False:
        exchange.clock.release()
    if body.step is not None:
        await exchange.clock.step(body.step)
    return _shown(exchange)


@router.post("/reset", status_code=204, summary="As new")
async def reset(
    exchange: TheExchange,
    subscriptions: Annotated[bool, Query(description="Whether the subscriptions go too")] = False,
) -> Response:
    """Forget calls, callees, faults, the recording and the journal, without telling anybody; the seed and the clock's
    speed are those of the start again, and the clock runs. Subscriptions stay unless they are told to go; so does the
    clock's time, and the numbers of the journal go on."""
    exchange.tasks.cancel(REPLAY)
    await forget_all(exchange)
    exchange.callees.clear()
    exchange.faults.clear()
    exchange.faults.seed(exchange.options.seed)
    exchange.recorder.clear()
    exchange.clock.set_speed(exchange.options.speed)
    exchange.clock.release()
    if subscriptions:
        exchange.event_grid.subscriptions.clear()
    exchange.repeated.clear()
    exchange.identities.clear()
    exchange.prompts.clear()
    exchange.journal.clear()
    return Response(status_code=204)


@router.get("/connection-string", response_model=Addresses, summary="How a client reaches this emulator")
async def connection_string(request: Request, exchange: TheExchange) -> dict[str, Any]:
    """SDKs force https on a connection string."""
    host = request.headers.get("host", "")
    return {
        "endpoint": f"{request.url.scheme}://{host}/",
        "accessKey": exchange.options.access_key,
        "resourceId": exchange.options.resource_id,
        "connectionString": exchange.connection_string,
    }


def _shown(exchange: Exchange) -> dict[str, Any]:
    return {"speed": exchange.clock.speed, "held": exchange.clock.held, "now": exchange.clock.now()}
