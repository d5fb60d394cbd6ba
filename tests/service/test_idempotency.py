import asyncio
from typing import Any

import httpx
import pytest

from callscribe.adapters.sql.access import UNANSWERED_MS
from callscribe.adapters.sql.store import SqlStore
from callscribe.domain.access import Scope
from callscribe.domain.errors import StoreUnavailable
from tests.service.situations import NOWHERE, Service, assert_problem

pytestmark = pytest.mark.anyio
EXPECT = {"expect": {}}


async def place(client: httpx.AsyncClient, body: Any = EXPECT, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/v1/calls", json=body, headers=named)


async def calls(client: httpx.AsyncClient) -> int:
    return len((await client.get("/v1/calls")).json()["items"])


async def test_the_same_request_again(controller: httpx.AsyncClient) -> None:
    """gets the first one's answer, and is not done again."""
    first = await place(controller, Idempotency_Key="k")
    again = await place(controller, Idempotency_Key="k")
    assert (first.status_code, "idempotency-replayed" in first.headers) == (201, False)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == "application/json"
    assert await calls(controller) == 1


async def test_azures_name_for_the_header(controller: httpx.AsyncClient) -> None:
    """means the same key."""
    await place(controller, Repeatability_Request_ID="k")
    assert (await place(controller, Idempotency_Key="k")).headers["idempotency-replayed"] == "true"


async def test_another_request_with_the_same_key(controller: httpx.AsyncClient) -> None:
    """is refused, and nothing is done."""
    await place(controller, Idempotency_Key="k")
    answer = await place(controller, EXPECT | {"externalId": "other"}, Idempotency_Key="k")
    assert_problem(answer, 422, "idempotency-key-reused")
    assert await calls(controller) == 1


async def test_another_caller_with_the_same_key(service: Service, controller: httpx.AsyncClient) -> None:
    """has keys of their own."""
    other = await service.client(Scope.CONTROL)
    await place(controller, Idempotency_Key="k")
    assert "idempotency-replayed" not in (await place(other, Idempotency_Key="k")).headers
    assert await calls(controller) == 2


async def test_requests_without_a_key(controller: httpx.AsyncClient) -> None:
    """are each done."""
    await place(controller)
    await place(controller)
    assert await calls(controller) == 2


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "tab\t"])
async def test_a_key_that_is_none(controller: httpx.AsyncClient, key: str) -> None:
    """is refused, and nothing is done."""
    problem = assert_problem(await place(controller, Idempotency_Key=key), 422, "invalid-request")
    assert problem["errors"][0]["pointer"] == "header.Idempotency-Key"
    assert await calls(controller) == 0


async def test_a_refusal(controller: httpx.AsyncClient) -> None:
    """that would come again is kept like any answer; one of the door is not, and may be corrected."""
    unknown = "/v1/calls/call_none/hang-up"
    first = await controller.post(unknown, json={}, headers={"Idempotency-Key": "k"})
    again = await controller.post(unknown, json={}, headers={"Idempotency-Key": "k"})
    assert_problem(first, 404, "call-not-found")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"
    assert_problem(await place(controller, {"expect": 5}, Idempotency_Key="j"), 422, "invalid-request")
    assert (await place(controller, Idempotency_Key="j")).status_code == 201


async def test_a_failure_behind_us(controller: httpx.AsyncClient) -> None:
    """is not kept: the request can be sent again (no ACS answers here)."""
    body = {"connect": {"roomId": "r"}}
    answer = await place(controller, body, Idempotency_Key="k")
    assert_problem(answer, 504, "acs-no-answer")
    assert NOWHERE not in answer.text
    again = await place(controller, body, Idempotency_Key="k")
    assert (again.status_code, "idempotency-replayed" in again.headers) == (201, False)


async def test_a_defect(
    service: Service, controller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """is not kept either."""

    async def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("callscribe.actions.calls.place", fails)
        assert_problem(await place(controller, Idempotency_Key="k"), 500, "internal")
    assert (await place(controller, Idempotency_Key="k")).status_code == 201


async def test_the_same_request_while_the_first_runs(
    controller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """is told to wait."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> None:
        begun.set()
        await go_on.wait()
        raise StoreUnavailable

    monkeypatch.setattr("callscribe.actions.calls.place", slow)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(place(controller, Idempotency_Key="k"))
        await begun.wait()
        second = await place(controller, Idempotency_Key="k")
        go_on.set()
    assert_problem(second, 409, "idempotency-in-progress")
    assert second.headers["retry-after"] == "1"
    assert_problem(first.result(), 503, "store-unavailable")


async def test_a_request_whose_answer_never_came(
    service: Service, controller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """may be sent again when its lease has run out, as it was; the key stays that request's."""
    begun = asyncio.Event()

    async def hangs(*_: object) -> None:
        begun.set()
        await asyncio.Future()

    with monkeypatch.context() as patched:
        patched.setattr("callscribe.actions.calls.place", hangs)
        first = asyncio.create_task(place(controller, Idempotency_Key="k"))
        await begun.wait()
        await cancelled(first)
    assert_problem(await place(controller, Idempotency_Key="k"), 409, "idempotency-in-progress")
    later = service.ports.clock.now() + UNANSWERED_MS
    monkeypatch.setattr("callscribe.adapters.system.SystemClock.now", lambda _: later)
    other = await place(controller, EXPECT | {"externalId": "other"}, Idempotency_Key="k")
    assert_problem(other, 422, "idempotency-key-reused")
    assert (await place(controller, Idempotency_Key="k")).status_code == 201
    assert (await place(controller, Idempotency_Key="k")).headers["idempotency-replayed"] == "true"
    assert await calls(controller) == 1


async def test_a_request_that_is_cancelled_before_anything_is_done(
    controller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gives its key back, and only its own: the same request can be sent again at once."""
    taken, go_on, begin = asyncio.Event(), asyncio.Event(), SqlStore.begin_idempotent

    async def slow(*about: Any) -> Any:
        kept = await begin(*about)
        taken.set()
        await go_on.wait()
        return kept

    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "begin_idempotent", slow)
        first = asyncio.create_task(place(controller, Idempotency_Key="k"))
        await taken.wait()
        go_on.set()
        await cancelled(first)
    assert (await place(controller, Idempotency_Key="k")).status_code == 201
    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "begin_idempotent", slow)
        taken.clear()
        go_on.clear()
        second = asyncio.create_task(place(controller, Idempotency_Key="k"))
        await taken.wait()
        go_on.set()
        await cancelled(second)
    assert (await place(controller, Idempotency_Key="k")).headers["idempotency-replayed"] == "true"
    assert await calls(controller) == 1


async def test_a_request_that_is_cancelled_when_all_is_done(
    controller: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """keeps its answer for whoever sends it again."""
    ending, go_on, end = asyncio.Event(), asyncio.Event(), SqlStore.end_idempotent

    async def slow(*about: Any) -> None:
        ending.set()
        await go_on.wait()
        await end(*about)

    with monkeypatch.context() as patched:
        patched.setattr(SqlStore, "end_idempotent", slow)
        first = asyncio.create_task(place(controller, Idempotency_Key="k"))
        await ending.wait()
        go_on.set()
        await cancelled(first)
    assert (await place(controller, Idempotency_Key="k")).headers["idempotency-replayed"] == "true"
    assert await calls(controller) == 1


async def cancelled(request: asyncio.Task[httpx.Response]) -> None:
    """Ends a request, as a server does that stops."""
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
