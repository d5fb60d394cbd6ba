from typing import Any

import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent

from acs_emulator.eventgrid import EndpointFailed, Subscription

pytestmark = pytest.mark.anyio


async def test_an_incoming_call_in_event_grids_own_schema(world: Any, goldens: Any, shape: Any) -> None:
    """An array of one that the official envelope reads; data and identifiers as captured; a context of about 7 KB."""
    await world.dial_in(displayName="Alice", **{"from": "8:acs:resource_caller", "to": "8:acs:resource_bot"})
    received = world.receiver.events[0]
    assert received.headers["aeg-event-type"] == "Notification"
    assert received.headers["aeg-delivery-count"] == "0"
    event = EventGridEvent.from_dict(received.body[0])
    assert event.event_type == "Microsoft.Communication.IncomingCall"
    assert event.subject == "/caller/8:acs:resource_caller/recipient/8:acs:resource_bot"
    captured = next(one["event"] for one in goldens("events.jsonl") if one["schema"] == "incomingcall-data")
    assert shape(event.data) == shape(captured)
    assert list(event.data["to"]) == list(captured["to"])
    assert event.data["callerDisplayName"] == "Alice"
    assert 6_000 < len(event.data["incomingCallContext"]) < 8_000


async def test_an_incoming_call_as_a_cloud_event(world: Any, goldens: Any) -> None:
    """A single object with the members of the official example; handshake by OPTIONS; headers as asked for."""
    world.emulator.event_grid.subscriptions.clear()
    await world.control(
        "/event-subscriptions",
        {
            "url": f"{world.receiver.url}/events",
            "schema": "CloudEventSchemaV1_0",
            "headers": {"X-Secret": "s"},
            "eventTypes": ["Microsoft.Communication.IncomingCall"],
        },
    )
    await world.control("/calls", {"customContext": {"voipHeaders": {"a": "b"}}})
    await world.journal("eventgrid", lambda e: e.data["type"].endswith("IncomingCall"))
    received = world.receiver.events[-1]
    official = next(
        one["event"] for one in goldens("events.jsonl") if one["schema"] == "eventgrid-cloudevents"
    )
    assert set(received.body) == set(official)
    assert set(received.body["data"]) == set(official["data"])
    event: CloudEvent[dict[str, Any]] = CloudEvent.from_dict(received.body)
    assert event.data
    assert event.data["customContext"] == {"voipHeaders": {"a": "b"}}
    assert received.headers["x-secret"] == "s"
    assert received.headers["content-type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
async def test_an_endpoint_that_does_not_agree(world: Any, schema: str) -> None:
    """424 with what was expected; no events go there."""
    world.receiver.agrees = False
    problem = await world.control(
        "/event-subscriptions", {"url": f"{world.receiver.url}/events", "schema": schema}, 424
    )
    assert "expected 200" in problem["detail"]
    assert len(world.emulator.event_grid.subscriptions) == 1


async def test_an_endpoint_that_is_not_there(world: Any) -> None:
    """EndpointFailed, for both handshakes."""
    for schema in ("EventGridSchema", "CloudEventSchemaV1_0"):
        with pytest.raises(EndpointFailed, match="cannot be reached"):
            await world.emulator.event_grid.subscribe(Subscription("http://127.0.0.1:9/", schema))


async def test_a_receiver_that_fails_is_tried_again(world: Any) -> None:
    """After 10 s, then 30 s of emulated time, with the same id and a rising count."""
    world.emulator.clock.set_speed(500)
    world.receiver.statuses = [503, 500]
    await world.control("/calls", {})
    tries = await world.emulator.journal.wait(
        "eventgrid", where=lambda e: e.data["attempt"] == 3 and e.data["status"] == 200
    )
    assert tries
    assert [one.headers["aeg-delivery-count"] for one in world.receiver.events] == ["0", "1", "2"]
    assert len({one.body[0]["id"] for one in world.receiver.events}) == 1


async def test_what_is_dead_lettered_or_expires_is_not_tried_again(world: Any) -> None:
    """413 at once; otherwise the time to live ends it."""
    world.emulator.clock.set_speed(1000)
    world.receiver.statuses = [413]
    await world.control("/calls", {})
    await world.journal("eventgrid", lambda e: e.data["status"] == 413)
    world.emulator.event_grid.subscriptions[0].time_to_live = 5
    world.receiver.statuses = [500]
    await world.control("/calls", {})
    await world.journal("eventgrid", lambda e: e.data["status"] == 500)
    world.emulator.event_grid.subscriptions[0].max_attempts = 1
    await world.control("/calls", {})
    await world.journal("eventgrid", lambda e: e.data["status"] == 200 and "IncomingCall" in e.data["type"])
    assert len(world.receiver.events) == 3


async def test_events_duplicated_and_lost_on_demand(world: Any) -> None:
    """The duplicate has the same id."""
    world.emulator.faults.add({"kind": "lose", "what": "eventgrid"})
    world.emulator.faults.add({"kind": "duplicate", "what": "eventgrid", "types": ["IncomingCall"]})
    await world.control("/calls", {})
    await world.control("/calls", {})
    await world.emulator.journal.wait("eventgrid", where=lambda _: len(world.receiver.events) == 2)
    first, second = world.receiver.events
    assert first.body[0]["id"] == second.body[0]["id"]
