import httpx
import pytest

from tests.service.situations import Service, a_call, assert_problem, keep

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "pointers"),
    [
        ("/v1/calls?state=connected&state=ringing", ["query.state"]),
        ("/v1/calls?state=connected&state=connected", ["query.state"]),
        (
            "/v1/calls?limit=1&limit=2&since=2026-01-31T09:00:00Z&cursor=a&cursor=b",
            ["query.limit", "query.cursor"],
        ),
        ("/v1/calls/{id}/events?limit=1&limit=2", ["query.limit"]),
        ("/v1/calls/{id}/transcript?format=json&format=text", ["query.format"]),
        ("/v1/calls/{id}/transcript/stream?after=0&after=1", ["query.after"]),
    ],
)
async def test_a_parameter_given_twice(
    service: Service, reader: httpx.AsyncClient, path: str, pointers: list[str]
) -> None:
    """is refused: nobody can tell which one is meant."""
    call = await keep(service.ports, a_call())
    problem = assert_problem(await reader.get(path.format(id=call.id)), 422, "invalid-request")
    assert [error["pointer"] for error in problem["errors"]] == pointers


async def test_a_parameter_given_twice_to_somebody_unknown(anyone: httpx.AsyncClient) -> None:
    """is not spoken of."""
    assert (await anyone.get("/v1/calls?state=connected&state=ringing")).status_code == 401


async def test_an_operation_context_given_twice(service: Service, controller: httpx.AsyncClient) -> None:
    """is refused before anything is asked of ACS."""
    call = await keep(service.ports, a_call())
    path = f"/v1/calls/{call.id}/participants/8:acs:a?operationContext=a&operationContext=b"
    assert_problem(await controller.delete(path), 422, "invalid-request")
