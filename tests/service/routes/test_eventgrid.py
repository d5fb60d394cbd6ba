from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from callscribe.domain.errors import StoreUnavailable
from callscribe.domain.policy import Policy, Rule
from callscribe.ports import Config
from tests.service.situations import Service, assert_problem

pytestmark = pytest.mark.anyio


def incoming(number: int = 1, context: str = "opaque") -> dict[str, Any]:
    return {
        "id": f"event-{number}",
        "topic": "/subscriptions/s/resourcegroups/r/providers/microsoft.communication/communicationservices/c",
        "subject": "/caller/4:+442079460123/recipient/4:+442079460001",
        "eventType": "Microsoft.Communication.IncomingCall",
        "eventTime": "2026-03-02T09:15:00.1234567Z",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "data": {
            "to": {
                "kind": "phoneNumber",
                "rawId": "4:+442079460001",
                "phoneNumber": {"value": "+442079460001"},
            },
            "from": {
                "kind": "phoneNumber",
                "rawId": "4:+442079460123",
                "phoneNumber": {"value": "+442079460123"},
            },
            "serverCallId": f"server-{number}",
            "callerDisplayName": "",
            "incomingCallContext": context,
            "correlationId": f"correlation-{number}",
        },
    }


def as_cloud_event(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": event["id"],
        "source": event["topic"],
        "subject": event["subject"],
        "type": event["eventType"],
        "time": event["eventTime"],
        "specversion": "1.0",
        "data": event["data"],
    }


VALIDATION = {
    "id": "v",
    "topic": "/subscriptions/s",
    "subject": "",
    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
    "eventTime": "2026-03-02T09:15:00Z",
    "dataVersion": "1",
    "metadataVersion": "1",
    "data": {"validationCode": "512d38b6", "validationUrl": "https://example/validate"},
}


@pytest.fixture
def config(config: Config) -> Config:
    """The policy takes every call."""
    return replace(config, policy=Policy((Rule(to="*"),)))


async def calls(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get("/v1/calls")).json()["items"]
    return items


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ([incoming()], "application/json; charset=utf-8"),
        (incoming(), "application/json"),
        (as_cloud_event(incoming()), "application/cloudevents+json; charset=utf-8"),
        ([as_cloud_event(incoming())], "application/cloudevents-batch+json"),
        ([as_cloud_event(incoming())], "application/json"),
    ],
)
async def test_an_incoming_call(
    anyone: httpx.AsyncClient, reader: httpx.AsyncClient, body: Any, content_type: str
) -> None:
    """is on the record when Event Grid gets its 200, in either schema."""
    content = msgspec.json.encode(body)
    answer = await anyone.post("/azure/events", content=content, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.content) == (200, b"")
    [call] = await calls(reader)
    assert (call["direction"], call["from"], call["correlationId"]) == (
        "incoming",
        "4:+442079460123",
        "correlation-1",
    )


async def test_the_same_event_again(anyone: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    """is answered alike and changes nothing."""
    for _ in range(3):
        assert (await anyone.post("/azure/events", json=[incoming()])).status_code == 200
    assert len(await calls(reader)) == 1


async def test_a_batch_with_items_that_are_no_events(
    anyone: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    """is 200: the good ones are taken."""
    unreadable = incoming(3)
    unreadable["data"] = {"to": 5}
    batch = [5, {}, incoming(1), unreadable, {"eventType": "Odd"}, incoming(2)]
    assert (await anyone.post("/azure/events", json=batch)).status_code == 200
    assert {call["correlationId"] for call in await calls(reader)} == {"correlation-1", "correlation-2"}


async def test_a_large_context(anyone: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    """passes: real ones have tens of KB."""
    assert (await anyone.post("/azure/events", json=[incoming(context="x" * 60_000)])).status_code == 200
    assert len(await calls(reader)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"null", b'[{"id": }]', b"\xff"])
async def test_a_body_that_cannot_be_read(anyone: httpx.AsyncClient, body: bytes) -> None:
    """is 400."""
    assert_problem(await anyone.post("/azure/events", content=body), 400, "malformed-body")


async def test_events_that_can_neither_be_stored_nor_held(
    service: Service, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """are 503, so that Event Grid sends them again."""

    async def full(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr("callscribe.actions.inbox.Inbox.event_grid", full)
    assert_problem(await anyone.post("/azure/events", json=[incoming()]), 503, "store-unavailable")


async def test_the_handshake_of_event_grids_own_schema(anyone: httpx.AsyncClient) -> None:
    """repeats the validation code."""
    answer = await anyone.post(
        "/azure/events", json=[VALIDATION], headers={"aeg-event-type": "SubscriptionValidation"}
    )
    assert (answer.status_code, answer.json()) == (200, {"validationResponse": "512d38b6"})
    assert answer.headers["content-type"] == "application/json"


async def test_a_handshake_beside_events(anyone: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    """loses neither."""
    answer = await anyone.post("/azure/events", json=[incoming(), VALIDATION])
    assert answer.json() == {"validationResponse": "512d38b6"}
    assert len(await calls(reader)) == 1


async def test_a_handshake_without_its_code(anyone: httpx.AsyncClient) -> None:
    """is put aside like any event that cannot be read."""
    answer = await anyone.post("/azure/events", json=[VALIDATION | {"data": {}}])
    assert (answer.status_code, answer.content) == (200, b"")


async def test_the_handshake_of_cloud_events(anyone: httpx.AsyncClient) -> None:
    """allows the origin to send, at any rate; it calls nobody back."""
    headers = {
        "WebHook-Request-Origin": "eventgrid.azure.net",
        "WebHook-Request-Callback": "https://rp-eastus.eventgrid.azure.net/validate",
        "WebHook-Request-Rate": "120",
    }
    answer = await anyone.options("/azure/events", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert answer.headers["webhook-allowed-rate"] == "*"
    assert answer.headers["allow"] == "OPTIONS, POST"


async def test_options_without_an_origin(anyone: httpx.AsyncClient) -> None:
    """say what is offered, and allow nobody."""
    answer = await anyone.options("/azure/events")
    assert answer.status_code == 200
    assert "webhook-allowed-origin" not in answer.headers


async def test_an_origin_that_is_no_host(anyone: httpx.AsyncClient) -> None:
    """is refused."""
    answer = await anyone.options("/azure/events", headers={"WebHook-Request-Origin": "a b"})
    assert_problem(answer, 400, "malformed-body")
