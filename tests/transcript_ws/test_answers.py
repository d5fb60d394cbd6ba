import httpx
import pytest

from callscribe.domain.errors import StoreUnavailable
from callscribe.runtime.telemetry import CONTENT_TYPE
from tests.transcript_ws.world import KEY, World

pytestmark = pytest.mark.anyio


async def get(world: World, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(method, world.url(path, "http"))


async def test_alive(world: World) -> None:
    """Whatever else is wrong."""
    world.stop.set()
    answer = await get(world, "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {}})


async def test_ready(world: World) -> None:
    """Store and bus answer; a query is ignored."""
    answer = await get(world, "/readyz?verbose")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"running": True, "store": True, "bus": True}}
    assert answer.headers["Content-Type"] == "application/json"


async def test_not_ready_at_the_end(world: World) -> None:
    """503 as soon as the process is to end."""
    world.stop.set()
    answer = await get(world, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"running": False, "store": True, "bus": True}


async def test_not_ready_without_the_bus(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503; nothing is said about why."""

    async def broken() -> None:
        raise StoreUnavailable("secret address")

    monkeypatch.setitem(world.server._probes.checks, "bus", broken)  # type: ignore[arg-type]
    answer = await get(world, "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "checks": {"running": True, "store": True, "bus": False},
    }


async def test_metrics(world: World) -> None:
    """In Prometheus's text form."""
    answer = await get(world, "/metrics")
    assert answer.headers["Content-Type"] == CONTENT_TYPE
    assert "callscribe_sockets_open 0.0" in answer.text


@pytest.mark.parametrize("method", ["POST", "HEAD", "DELETE"])
async def test_other_methods(world: World, method: str) -> None:
    """405, on every path."""
    answer = await get(world, "/healthz", method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


async def test_key_without_a_handshake(world: World) -> None:
    """426: what is there is a WebSocket."""
    await world.has_call()
    assert (await get(world, f"/transcripts/{KEY}")).status_code == 426


async def test_refusal_is_a_problem(world: World) -> None:
    """RFC 9457."""
    answer = await get(world, "/nowhere")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is nothing here",
    }
