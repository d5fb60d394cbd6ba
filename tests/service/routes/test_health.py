import httpx
import pytest

from tests.service.situations import Service

pytestmark = pytest.mark.anyio


async def test_liveness(service: Service, anyone: httpx.AsyncClient) -> None:
    """asks nothing: it is fine although everything else is away."""
    service.checks["store"] = False
    service.stop.set()
    answer = await anyone.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {}})


async def test_readiness(service: Service, anyone: httpx.AsyncClient) -> None:
    """names each check, and fails with any of them."""
    ready = await anyone.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"running": True, "store": True})
    service.checks["store"] = False
    failing = await anyone.get("/readyz")
    assert (failing.status_code, failing.json()["status"]) == (503, "unavailable")
    assert failing.json()["checks"]["store"] is False


async def test_readiness_while_the_process_stops(service: Service, anyone: httpx.AsyncClient) -> None:
    """fails, so that nothing new is sent here."""
    service.stop.set()
    assert (await anyone.get("/readyz")).status_code == 503


async def test_metrics(anyone: httpx.AsyncClient) -> None:
    """are served as Prometheus reads them."""
    answer = await anyone.get("/metrics")
    assert (answer.status_code, answer.content) == (200, b"calls 1\n")
    assert answer.headers["content-type"].startswith("text/plain; version=")
