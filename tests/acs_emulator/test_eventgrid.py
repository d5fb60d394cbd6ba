import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent

from acs_emulator.eventgrid import AdvancedFilter, EndpointFailed, Event, Subscription, grid
from tests.acs_emulator.conftest import Received, Receiver

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
    """With the same id and a rising count."""
    world.emulator.clock.set_speed(500)
    world.receiver.statuses = [503, 500]
    await world.control("/calls", {})
    tries = await world.emulator.journal.wait(
        "eventgrid", where=lambda e: e.data["attempt"] == 3 and e.data["status"] == 200
    )
    assert tries
    assert [one.headers["aeg-delivery-count"] for one in world.receiver.events] == ["0", "1", "2"]
    assert len({one.body[0]["id"] for one in world.receiver.events}) == 1


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        (500, [10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200]),
        (404, [300, 300, 300, 300, 600]),
        (408, [120, 120, 120, 300]),
        (503, [30, 30, 60]),
    ],
)
async def test_the_schedule_of_retries(world: Any, status: int, waits: list[int]) -> None:
    """Neither before its time nor after it; within a day there are eleven attempts."""
    clock = world.emulator.clock
    clock.hold()
    world.receiver.statuses = [status] * (len(waits) + 1)
    await world.control("/calls", {})
    await clock.step(0.5)
    for tries, seconds in enumerate(waits, 1):
        await clock.step(seconds - 1)
        assert len(world.receiver.events) == tries
        await clock.step(1)
        assert len(world.receiver.events) == tries + 1
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


def _member(world: Any, name: str) -> Any:
    return world.emulator.event_grid.subscriptions[-1].to_json()[name]


async def _only(world: Any, **body: Any) -> dict[str, Any]:
    """The application subscribed once, in this way."""
    world.emulator.event_grid.subscriptions.clear()
    made: dict[str, Any] = await world.control(
        "/event-subscriptions", {"url": f"{world.receiver.url}/events", **body}
    )
    return made


@pytest.mark.parametrize(
    ("statuses", "limits", "reason", "outcome", "attempts"),
    [
        ([400], {}, "UndeliverableDueToHttpBadRequest", "BadRequest", 1),
        ([401], {}, "UndeliverableDueToHttpUnauthorized", "Unauthorized", 1),
        ([404, 503], {"maxDeliveryAttempts": 2}, "MaxDeliveryAttemptsExceeded", "Busy", 2),
        ([500, 500], {"timeToLiveSeconds": 25}, "TimeToLiveExceeded", "GenericError", 2),
    ],
)
async def test_a_dead_letter(
    world: Any,
    tmp_path: Path,
    statuses: list[int],
    limits: dict[str, Any],
    reason: str,
    outcome: str,
    attempts: int,
) -> None:
    """The event with why, how often and when, in the journal and in the file that was asked for."""
    world.emulator.clock.set_speed(1000)
    letters = tmp_path / "dead.jsonl"
    await _only(world, deadLetterPath=str(letters), **limits)
    world.receiver.statuses = list(statuses)
    await world.control("/calls", {})
    entry = await world.journal("dead-letter", lambda _: True)
    (line,) = letters.read_text().splitlines()
    letter = json.loads(line)
    assert letter == entry.data["event"]
    assert letter["id"] == world.receiver.events[0].body[0]["id"]
    assert letter["deadLetterReason"] == reason
    assert letter["lastDeliveryOutcome"] == outcome
    assert letter["deliveryAttempts"] == attempts == len(world.receiver.events)
    assert letter["publishTime"] <= letter["lastDeliveryAttemptTime"]


async def test_an_endpoint_that_is_gone_for_good(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many deliveries wait for it; what comes then is given up after one attempt."""
    monkeypatch.setattr(grid, "MAX_WAITING", 1)
    world.emulator.clock.set_speed(0.01)
    world.receiver.statuses += [500, 500]
    first = await world.dial_in()
    second = await world.dial_in(**{"from": "+15551230002"})
    entry = await world.journal("dead-letter", lambda _: True)
    assert first != second
    assert entry.data["event"]["data"]["incomingCallContext"] == second
    assert entry.data["event"]["deliveryAttempts"] == 1


async def test_a_dead_letter_as_a_cloud_event(world: Any) -> None:
    """Its extension attributes are in lower case; no file is written unless asked."""
    await _only(world, schema="CloudEventSchemaV1_0")
    world.receiver.statuses = [413]
    await world.control("/calls", {})
    entry = await world.journal("dead-letter", lambda _: True)
    assert entry.data["event"]["deadletterreason"] == "UndeliverableDueToHttpRequestEntityTooLarge"
    assert entry.data["event"]["specversion"] == "1.0"


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
async def test_an_endpoint_that_agrees_later(world: Any, schema: str) -> None:
    """200 without agreement awaits a request to the validation URL; no event comes before it."""
    world.receiver.silent = True
    made = await _only(world, schema=schema)
    assert (made["validated"], made["provisioningState"]) == (False, "AwaitingManualAction")
    await world.control("/calls", {})
    asked = world.receiver.requests[-1]
    url = (
        asked.headers["webhook-request-callback"]
        if schema == "CloudEventSchemaV1_0"
        else asked.body[0]["data"]["validationUrl"]
    )
    assert (await world.http.get(url.replace("code=", "code=x"))).status_code == 404
    assert (await world.http.get(url)).json()["provisioningState"] == "Succeeded"
    await world.control("/calls", {})
    await world.journal("eventgrid", lambda e: e.data["type"].endswith("IncomingCall"))
    assert len([one for one in world.receiver.requests if "IncomingCall" in str(one.body)]) == 1


async def test_a_validation_url_after_ten_minutes(world: Any) -> None:
    """It is too late."""
    world.receiver.silent = True
    world.emulator.clock.hold()
    await _only(world)
    url = world.receiver.requests[-1].body[0]["data"]["validationUrl"]
    await world.emulator.clock.step(601)
    assert (await world.http.get(url)).status_code == 404
    assert _member(world, "provisioningState") == "Failed"


async def test_filters(world: Any) -> None:
    """Only events whose subject and members match are delivered."""
    to = {"operatorType": "StringIn", "key": "data.to.PhoneNumber.Value", "values": ["+15550000002"]}
    await _only(
        world,
        eventTypes=["Microsoft.Communication.IncomingCall"],
        subjectBeginsWith="/CALLER/4:+1555",
        subjectEndsWith="2",
        advancedFilters=[to],
    )
    for number in ("+15550000001", "+15550000002"):
        await world.control("/calls", {"to": number})
    await world.journal("eventgrid", lambda e: e.data["type"].endswith("IncomingCall"))
    (event,) = world.receiver.events
    assert event.body[0]["data"]["to"]["phoneNumber"]["value"] == "+15550000002"
    wrong = {"url": world.receiver.url, "advancedFilters": [{"operatorType": "StringIn", "key": "subject"}]}
    await world.control("/event-subscriptions", wrong, 422)


@pytest.mark.parametrize(
    ("operator", "key", "given", "matches"),
    [
        ("StringIn", "eventtype", {"values": ["t"]}, True),
        ("StringNotIn", "eventType", {"values": ["T"]}, False),
        ("StringBeginsWith", "data.a.b", {"values": ["x", "He"]}, True),
        ("StringNotBeginsWith", "data.a.b", {"values": ["he"]}, False),
        ("StringEndsWith", "data.a.b", {"values": ["LO"]}, True),
        ("StringNotEndsWith", "data.nothing", {"values": ["lo"]}, True),
        ("StringContains", "data.a.b", {"values": ["ell"]}, True),
        ("StringNotContains", "data.a.b", {"values": ["ell"]}, False),
        ("NumberIn", "data.n", {"values": [1, 5]}, True),
        ("NumberNotIn", "data.n", {"values": [5]}, False),
        ("NumberGreaterThan", "data.n", {"value": 5}, False),
        ("NumberGreaterThanOrEquals", "data.n", {"value": 5}, True),
        ("NumberLessThan", "data.a", {"value": 5}, False),
        ("NumberLessThanOrEquals", "data.n", {"value": 5}, True),
        ("BoolEquals", "data.yes", {"value": True}, True),
        ("IsNullOrUndefined", "data.a.b.c", {}, True),
        ("IsNotNull", "data.a", {}, True),
    ],
)
def test_operators(operator: str, key: str, given: dict[str, Any], matches: bool) -> None:
    """Case does not matter; a member that is missing matches what denies."""
    event = Event("T", "s", {"a": {"b": "Hello"}, "n": 5, "yes": True}, "topic").members("EventGridSchema")
    one = AdvancedFilter.model_validate({"operatorType": operator, "key": key, **given})
    assert one.matches(event) is matches


async def test_a_subscription_that_goes(world: Any) -> None:
    """No events go there any more."""
    name = (await _only(world))["name"]
    assert (await world.http.delete(f"/_emulator/event-subscriptions/{name}")).status_code == 204
    assert (await world.http.delete(f"/_emulator/event-subscriptions/{name}")).status_code == 404
    assert (await world.control("/calls", {}))["subscriptions"] == 0


async def test_a_webhook_that_seems_to_fail(world: Any) -> None:
    """Event Grid tries again; the receiver, which had it, gets it twice."""
    world.emulator.faults.add({"kind": "webhook", "what": "eventgrid", "status": 500, "received": True})
    await world.control("/calls", {})
    await world.journal("eventgrid", lambda e: e.data["attempt"] == 2 and e.data["status"] == 200)
    assert [one.headers["aeg-delivery-count"] for one in world.receiver.events] == ["0", "1"]


async def test_a_slow_event(world: Any) -> None:
    """Comes when its time has passed."""
    world.emulator.faults.add({"kind": "slowWebhook", "what": "eventgrid", "seconds": 20})
    world.emulator.clock.hold()
    await world.control("/calls", {})
    await world.emulator.clock.step(19.5)
    assert world.receiver.events == []
    await world.emulator.clock.step(0.5)
    assert len(world.receiver.events) == 1


class _Quoting(Receiver):
    """Writes its JSON with single quotes."""

    def _response(self, request: Received) -> tuple[str, bytes]:
        head, content = super()._response(request)
        return head, content.replace(b'"', b"'")


async def test_a_handshake_answered_in_single_quotes(world: Any) -> None:
    """Agrees all the same."""
    application = _Quoting()
    server = await asyncio.start_server(application.answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"
        made = await world.control("/event-subscriptions", {"url": url})
    assert made["validated"]
