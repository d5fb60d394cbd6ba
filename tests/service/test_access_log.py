import httpx
import pytest

from tests.service.situations import Service, a_call, assert_problem, keep

pytestmark = pytest.mark.anyio


async def test_every_answer(anyone: httpx.AsyncClient) -> None:
    """names its request, is not to be sniffed and not to be cached."""
    answer = await anyone.get("/healthz")
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_request_with_an_id(anyone: httpx.AsyncClient) -> None:
    """keeps it."""
    answer = await anyone.get("/nowhere", headers={"X-Request-Id": "trace-7.a"})
    assert (
        answer.headers["x-request-id"] == assert_problem(answer, 404, "not-found")["requestId"] == "trace-7.a"
    )


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>"])
async def test_a_request_with_an_id_unfit_to_be_logged(anyone: httpx.AsyncClient, given: str) -> None:
    """gets a new one."""
    answer = await anyone.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] != given


async def test_a_path_with_a_capability(
    service: Service, anyone: httpx.AsyncClient, logged: list[dict[str, object]]
) -> None:
    """is logged as its route, without the capability."""
    await keep(service.ports, a_call(key="the-capability"))
    assert (await anyone.post("/azure/callbacks/the-capability", json=[])).status_code == 200
    [line] = [line for line in logged if line["event"] == "A request was answered."]
    assert (line["route"], line["status"], line["method"]) == ("/azure/callbacks/{key}", 200, "POST")
    assert "the-capability" not in repr(logged)
    assert line["request_id"]


async def test_a_path_that_leads_nowhere(anyone: httpx.AsyncClient, logged: list[dict[str, object]]) -> None:
    """is not logged: it may be a capability misspelt."""
    await anyone.get("/azure/callback/the-capability?secret=hidden")
    assert "the-capability" not in repr(logged)
    assert "hidden" not in repr(logged)


async def test_a_defect(service: Service, anyone: httpx.AsyncClient, logged: list[dict[str, object]]) -> None:
    """is a problem that tells nothing of it, and is logged under the request's id."""

    service.checks = None  # type: ignore[assignment]
    answer = await anyone.get("/readyz")
    problem = assert_problem(answer, 500, "internal")
    assert "NoneType" not in answer.text
    [line] = [line for line in logged if line["event"] == "A request failed unexpectedly."]
    assert (line["request_id"], line["exc_info"]) == (problem["requestId"], True)


async def test_a_defect_in_the_middle_of_an_answer(service: Service) -> None:
    """is left to the server, which cuts the connection."""
    app = service.app()

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            raise RuntimeError("the wire broke")

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/healthz",
        "headers": [],
        "query_string": b"",
        "scheme": "http",
        "server": ("service", 80),
        "http_version": "1.1",
    }
    with pytest.raises(RuntimeError, match="the wire broke"):
        await app(scope, receive, send)  # type: ignore[arg-type]
