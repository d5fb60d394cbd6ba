"""Event Grid's subscriptions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from acs_emulator.control.answers import SubscriptionShown, SubscriptionsShown
from acs_emulator.control.bodies import NewSubscription
from acs_emulator.errors import ControlRefused
from acs_emulator.eventgrid import EndpointFailed, Subscription
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["subscriptions"])


@router.post(
    "/event-subscriptions", status_code=201, response_model=SubscriptionShown, summary="Subscribe a webhook"
)
async def subscribe(body: NewSubscription, exchange: TheExchange) -> dict[str, Any]:
    """The subscription; 424 where the endpoint did not agree to it. One whose endpoint answered without agreeing awaits
    a request to its validation URL for ten minutes and gets no events until then."""
    subscription = Subscription(
        url=body.url,
        schema=body.schema_,
        headers=body.headers,
        event_types=body.event_types,
        subject_begins_with=body.subject_begins_with,
        subject_ends_with=body.subject_ends_with,
        advanced_filters=body.advanced_filters,
        time_to_live=body.time_to_live_seconds,
        max_attempts=body.max_delivery_attempts,
        dead_letter_path=body.dead_letter_path,
    )
    try:
        await exchange.event_grid.subscribe(subscription)
    except EndpointFailed as failed:
        raise ControlRefused(424, "The endpoint did not validate the subscription", str(failed)) from failed
    return subscription.to_json()


@router.get("/event-subscriptions", response_model=SubscriptionsShown, summary="The subscriptions")
async def list_subscriptions(exchange: TheExchange) -> dict[str, Any]:
    """Those that await their validation included."""
    return {"subscriptions": [one.to_json() for one in exchange.event_grid.subscriptions]}


@router.delete("/event-subscriptions/{name}", status_code=204, summary="One subscription less")
async def unsubscribe(name: str, exchange: TheExchange) -> Response:
    """What is on its way is still delivered."""
    if not exchange.event_grid.remove(name):
        raise ControlRefused(404, "No such subscription", "no subscription has this name")
    return Response(status_code=204)


@router.get(
    "/event-subscriptions/{name}/validate",
    response_model=SubscriptionShown,
    operation_id="validate_by_get",
    summary="The validation URL of a subscription",
)
@router.post(
    "/event-subscriptions/{name}/validate",
    response_model=SubscriptionShown,
    operation_id="validate_by_post",
    summary="The validation URL of a subscription",
)
async def validate(name: str, code: Annotated[str, Query()], exchange: TheExchange) -> dict[str, Any]:
    """The endpoint agrees; 404 after ten emulated minutes, and for a wrong code."""
    if not exchange.event_grid.validate(name, code):
        raise ControlRefused(404, "Nothing to validate", "no subscription awaits this code any more")
    return next(one.to_json() for one in exchange.event_grid.subscriptions if one.name == name)
