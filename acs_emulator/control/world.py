"""Faults, the clock, the journal, subscriptions, reset."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response

from acs_emulator.control.bodies import NewSubscription, Speed
from acs_emulator.errors import ControlRefused
from acs_emulator.eventgrid import EndpointFailed, Subscription
from acs_emulator.faults import AnyFault, Http
from acs_emulator.leaving import forget_all
from acs_emulator.rest import operations
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["world"])
MAX_WAIT = 60.0


@router.post("/faults", status_code=201)
async def add_fault(
    body: Annotated[AnyFault, Body(discriminator="kind")], exchange: TheExchange
) -> dict[str, Any]:
    """The fault's id. It strikes once unless `times` says otherwise (null: until it is deleted)."""
    if isinstance(body, Http) and body.operation not in operations.NAMES | {"*"}:
        known = ", ".join(sorted(operations.NAMES))
        raise ControlRefused(422, "The request is invalid", f"no operation {body.operation}; one of: {known}")
    return {"faultId": exchange.faults.add(body)}


@router.get("/faults")
async def list_faults(exchange: TheExchange) -> dict[str, Any]:
    """The faults that wait to strike."""
    return {"faults": exchange.faults.to_json()}


@router.delete("/faults", status_code=204)
async def clear_faults(exchange: TheExchange) -> Response:
    """Nothing goes wrong any more."""
    exchange.faults.clear()
    return Response(status_code=204)


@router.delete("/faults/{fault_id}", status_code=204)
async def remove_fault(fault_id: str, exchange: TheExchange) -> Response:
    """One fault less."""
    if not exchange.faults.remove(fault_id):
        raise ControlRefused(404, "No such fault", "no fault waits under this id")
    return Response(status_code=204)


@router.post("/clock")
async def set_clock(body: Speed, exchange: TheExchange) -> dict[str, Any]:
    """Emulated seconds per real second from now on."""
    exchange.clock.set_speed(body.speed)
    return {"speed": exchange.clock.speed, "now": exchange.clock.now()}


@router.post("/reset", status_code=204)
async def reset(exchange: TheExchange) -> Response:
    """Forget calls, callees, faults and the journal, without telling anybody; subscriptions stay."""
    await forget_all(exchange)
    exchange.callees.clear()
    exchange.faults.clear()
    exchange.journal.clear()
    return Response(status_code=204)


@router.get("/journal")
async def read_journal(
    exchange: TheExchange,
    kind: Annotated[str, Query(description="Kinds, separated by commas; all by default")] = "",
    after: Annotated[int, Query(ge=0, description="Only entries with a higher number")] = 0,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for a match")] = 0.0,
) -> dict[str, Any]:
    """Matching entries, oldest first; empty where none came in time."""
    kinds = tuple(name for name in kind.split(",") if name)
    found = await exchange.journal.wait(*kinds, after=after, within=wait)
    return {"entries": [entry.to_json() for entry in found]}


@router.get("/connection-string")
async def connection_string(request: Request, exchange: TheExchange) -> dict[str, Any]:
    """How a client reaches this emulator. SDKs force https on a connection string."""
    host = request.headers.get("host", "")
    return {
        "endpoint": f"{request.url.scheme}://{host}/",
        "accessKey": exchange.options.access_key,
        "resourceId": exchange.options.resource_id,
        "connectionString": exchange.connection_string,
    }


@router.post("/event-subscriptions", status_code=201)
async def subscribe(body: NewSubscription, exchange: TheExchange) -> dict[str, Any]:
    """The validated subscription; 424 where the endpoint did not agree to it."""
    subscription = Subscription(
        url=body.url,
        schema=body.schema_,
        headers=body.headers,
        event_types=body.event_types,
        time_to_live=body.time_to_live_seconds,
        max_attempts=body.max_delivery_attempts,
    )
    try:
        await exchange.event_grid.subscribe(subscription)
    except EndpointFailed as failed:
        raise ControlRefused(424, "The endpoint did not validate the subscription", str(failed)) from failed
    return subscription.to_json()


@router.get("/event-subscriptions")
async def list_subscriptions(exchange: TheExchange) -> dict[str, Any]:
    """The subscriptions."""
    return {"subscriptions": [one.to_json() for one in exchange.event_grid.subscriptions]}
