from collections.abc import Callable
from typing import Any

import httpx
import pytest

from callscribe.adapters.tokens import EVENT_GRID_APP_ID
from callscribe.domain.access import Scope
from service.edge import EdgeSettings
from tests.service.situations import (
    AUDIENCE,
    ENTRA_ISSUER,
    Service,
    a_call,
    assert_problem,
    edge_settings,
    keep,
)

pytestmark = pytest.mark.anyio
Sign = Callable[..., str]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "callscribe_k_s"},
        {"Authorization": "Bearer callscribe_unknown_secret"},
        {"Authorization": "Bearer no.token.atall"},
        {"Authorization": "Bearer " + "x" * 20_000},
    ],
    ids=str,
)
async def test_a_stranger(anyone: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """is 401 and told how to introduce themselves."""
    answer = await anyone.get("/v1/calls", headers=headers)
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_key_that_may_only_read(reader: httpx.AsyncClient) -> None:
    """reads, and is refused control."""
    assert (await reader.get("/v1/calls")).status_code == 200
    problem = assert_problem(await reader.post("/v1/calls", json={"expect": {}}), 403, "forbidden")
    assert problem["detail"] == "the scope control is missing"
    assert (await reader.get("/v1/calls")).json()["items"] == []


@pytest.mark.parametrize("scope", [Scope.CONTROL, Scope.ADMIN])
async def test_a_greater_scope(service: Service, scope: Scope) -> None:
    """includes reading and control."""
    client = await service.client(scope)
    assert (await client.get("/v1/calls")).status_code == 200
    assert_problem(await client.post("/v1/calls", json={}), 422, "invalid-request")


@pytest.mark.parametrize(("scopes", "status"), [("read", 200), ("unknown", 403)])
async def test_an_entra_token(anyone: httpx.AsyncClient, signed: Sign, scopes: str, status: int) -> None:
    """is taken like a key."""
    token = signed(iss=ENTRA_ISSUER, aud=AUDIENCE, sub="ada", roles=[scopes])
    assert (await anyone.get("/v1/calls", headers=bearer(token))).status_code == status


# --- Event Grid -----------------------------------------------------------------------------------------------


async def events(
    service: Service, settings: EdgeSettings, path: str = "/azure/events", **request: Any
) -> int:
    service.settings = settings
    client = await service.client()
    answer = await client.post(path, json=[], **request)
    if answer.status_code != 200:
        assert_problem(answer, 401, "unauthorized")
    return answer.status_code


SECRET = edge_settings(event_grid_secret="opensesame")
ENTRA = edge_settings(event_grid_entra=True)
BOTH = edge_settings(event_grid_secret="opensesame", event_grid_entra=True)


async def test_event_grid_with_the_shared_secret(service: Service) -> None:
    """comes in, by header or by query."""
    assert await events(service, SECRET, headers={"X-Callscribe-Secret": "opensesame"}) == 200
    assert await events(service, SECRET, "/azure/events?secret=opensesame") == 200


@pytest.mark.parametrize("headers", [{}, {"X-Callscribe-Secret": "opensesam"}, {"X-Callscribe-Secret": ""}])
async def test_event_grid_without_the_shared_secret(service: Service, headers: dict[str, str]) -> None:
    """stays out, in development as well."""
    assert await events(service, SECRET, headers=headers) == 401
    development = edge_settings(development=True, event_grid_secret="opensesame")
    assert await events(service, development, headers=headers) == 401
    assert await events(service, SECRET, "/azure/events?secret=wrong", headers=headers) == 401


async def test_event_grid_with_an_entra_token(service: Service, signed: Sign) -> None:
    """comes in where Entra is set up, and only with its own token."""
    right = signed(iss=ENTRA_ISSUER, aud=AUDIENCE, azp=EVENT_GRID_APP_ID)
    wrong = signed(iss=ENTRA_ISSUER, aud=AUDIENCE, azp="another")
    assert await events(service, ENTRA, headers=bearer(right)) == 200
    assert await events(service, ENTRA, headers=bearer(wrong)) == 401
    assert await events(service, ENTRA) == 401
    assert await events(service, SECRET, headers=bearer(right)) == 401


async def test_event_grid_where_both_ways_are_set_up(service: Service, signed: Sign) -> None:
    """needs one of them, and a wrong secret is not made good by a token."""
    right = bearer(signed(iss=ENTRA_ISSUER, aud=AUDIENCE, appid=EVENT_GRID_APP_ID))
    assert await events(service, BOTH, headers=right) == 200
    assert await events(service, BOTH, headers={"X-Callscribe-Secret": "opensesame"}) == 200
    assert await events(service, BOTH, headers=right | {"X-Callscribe-Secret": "wrong"}) == 401


async def test_event_grid_where_no_way_is_set_up(service: Service) -> None:
    """comes in during development, and never otherwise."""
    assert await events(service, edge_settings(development=True)) == 200
    assert await events(service, edge_settings()) == 401
    assert await events(service, edge_settings(), headers={"X-Callscribe-Secret": "anything"}) == 401


# --- Call Automation ------------------------------------------------------------------------------------------


async def callback(service: Service, development: bool, headers: dict[str, str]) -> int:
    service.settings = edge_settings(development=development)
    client = await service.client()
    answer = await client.post("/azure/callbacks/key-1", json=[], headers=headers)
    if answer.status_code != 200:
        assert_problem(answer, 401, "unauthorized")
    return answer.status_code


@pytest.mark.parametrize("development", [True, False])
async def test_call_automation_with_its_token(service: Service, signed: Sign, development: bool) -> None:
    """comes in; with a wrong one it stays out."""
    await keep(service.ports, a_call())
    assert await callback(service, development, bearer(signed())) == 200
    for wrong in (signed(aud="another"), signed(iss="https://example"), signed(exp=1), "garbage"):
        assert await callback(service, development, bearer(wrong)) == 401
    assert await callback(service, development, {"Authorization": signed()}) == 401


async def test_call_automation_without_a_token(service: Service) -> None:
    """comes in during development only."""
    await keep(service.ports, a_call())
    assert await callback(service, True, {}) == 200
    assert await callback(service, False, {}) == 401
