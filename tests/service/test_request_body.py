import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from callscribe.domain.access import Scope
from tests.service.situations import LIMITS, Service, assert_problem, edge_settings

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}


async def chunks(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


async def test_a_body_at_the_limit(controller: httpx.AsyncClient) -> None:
    """is read; one byte more is 413."""
    limit = LIMITS.body_bytes
    within = await controller.post("/v1/calls", content=b"{}" + b" " * (limit - 2), headers=JSON)
    assert_problem(within, 422, "invalid-request")
    assert_problem(
        await controller.post("/v1/calls", content=b" " * (limit + 1), headers=JSON), 413, "body-too-large"
    )


async def test_a_chunked_body_over_the_limit(controller: httpx.AsyncClient) -> None:
    """is 413 although its length was not said."""
    answer = await controller.post("/v1/calls", content=chunks(30, 100_000), headers=JSON)
    assert_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize("path", ["/azure/events", "/azure/callbacks/the-key", "/v1/calls"])
async def test_one_limit_for_every_path(service: Service, path: str) -> None:
    """is the setting, whoever sends."""
    service.settings = edge_settings(replace(LIMITS, body_bytes=100), development=True)
    client = await service.client(Scope.CONTROL)
    assert (await client.post(path, content=b" " * 100, headers=JSON)).status_code != 413
    assert_problem(await client.post(path, content=b" " * 101, headers=JSON), 413, "body-too-large")


async def test_the_largest_batch_of_event_grid(anyone: httpx.AsyncClient) -> None:
    """passes: 1 MB."""
    batch = b"[" + b" " * 1_048_574 + b"]"
    assert (await anyone.post("/azure/events", content=batch)).status_code == 200


async def test_a_body_that_does_not_come(service: Service) -> None:
    """is refused when its time is over."""
    service.settings = edge_settings(development=True, body_seconds=0.01)
    app = service.app()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/azure/events",
        "raw_path": b"/azure/events",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("service", 80),
    }
    sent: list[dict[str, object]] = []
    calls = 0

    async def receive() -> dict[str, object]:
        nonlocal calls
        calls += 1
        if calls == 1:
            return {"type": "http.request", "body": b"[", "more_body": True}
        return await asyncio.Future()

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 400


async def test_a_client_that_goes_away_while_it_sends(service: Service) -> None:
    """is not answered."""
    scope = {"type": "http", "method": "POST", "path": "/azure/events", "headers": [], "query_string": b""}
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    await service.app()(scope, receive, send)  # type: ignore[arg-type]
    assert sent == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"]
)
async def test_a_json_type(controller: httpx.AsyncClient, content_type: str) -> None:
    """is read."""
    answer = await controller.post(
        "/v1/calls", content=b'{"targets": 5}', headers={"Content-Type": content_type}
    )
    assert_problem(answer, 422, "invalid-request")


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "text/x+json", "json"]
)
async def test_another_type(controller: httpx.AsyncClient, content_type: str) -> None:
    """is 415."""
    answer = await controller.post("/v1/calls", content=b"{}", headers={"Content-Type": content_type})
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "body",
    [b"{", b"targets", b'{"targets": [}', b"\xff\xfe{}", b'{"externalId": "\\ud800"}', b"[" * 5000, b"{}{}"],
)
async def test_a_body_that_is_no_json(controller: httpx.AsyncClient, body: bytes) -> None:
    """is 400, in words that hold nothing of it."""
    problem = assert_problem(
        await controller.post("/v1/calls", content=body, headers=JSON), 400, "malformed-body"
    )
    assert problem["detail"] == "the body is not valid JSON"


async def test_a_stranger_with_a_wrong_body(anyone: httpx.AsyncClient) -> None:
    """hears of the missing key first."""
    assert_problem(await anyone.post("/v1/calls", content=b"{", headers=JSON), 401, "unauthorized")
