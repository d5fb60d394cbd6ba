import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from callscribe.actions.ingest import Limits
from callscribe.domain.call import CallState
from callscribe.domain.errors import SigningKeysUnavailable, StoreUnavailable
from callscribe.runtime.settings import SocketToken
from tests.transcript_ws.conftest import OneToken, Start
from tests.transcript_ws.world import CONNECTION, KEY, TOKEN, World, metadata, said, sockets

pytestmark = pytest.mark.anyio


async def refused(world: World, path: str = f"/transcripts/{KEY}", **headers: str) -> Response:
    with pytest.raises(InvalidStatus) as caught:
        async with world.dial(path, **headers):
            pass
    return caught.value.response


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/transcripts",
        "/transcripts/",
        f"/transcripts/{'x' * 43}",
        "/transcripts/short",
        f"/transcripts/{'k' * 129}",
        f"/transcripts/{KEY}/more",
        f"/other/{KEY}",
        f"//transcripts/{KEY}",
        "/transcripts/%6b" + "k" * 42,
        "/transcripts/..%2f" + "k" * 42,
    ],
)
async def test_path_without_a_call(world: World, path: str) -> None:
    """404, and nothing tells an unknown key from a path that leads nowhere."""
    await world.has_call()
    answer = await refused(world, path)
    nowhere = await refused(world, "/nowhere")
    assert answer.status_code == 404
    assert answer.body == nowhere.body
    assert answer.headers == nowhere.headers
    assert world.counted('callscribe_sockets_refused_total{reason="unknown"}') == 2


@pytest.mark.parametrize("path", [f"/transcripts/{KEY}/", f"/transcripts/{KEY}?api-version=1"])
async def test_path_with_a_slash_or_query(world: World, path: str) -> None:
    """The key is found all the same."""
    await world.has_call()
    async with world.dial(path):
        pass


@pytest.mark.parametrize(
    ("policy", "authorization", "status"),
    [
        ("if-present", None, 101),
        ("if-present", f"Bearer {TOKEN}", 101),
        ("if-present", f"bearer  {TOKEN} ", 101),
        ("if-present", "Bearer wrong", 401),
        ("if-present", "Bearer", 401),
        ("if-present", f"Basic {TOKEN}", 401),
        ("if-present", "", 401),
        ("required", None, 401),
        ("required", f"Bearer {TOKEN}", 101),
        ("required", "Bearer wrong", 401),
        ("off", "Bearer wrong", 101),
        ("off", None, 101),
    ],
)
async def test_token(start: Start, policy: str, authorization: str | None, status: int) -> None:
    """A wrong one is refused, a missing one where it is required; `off` looks at none."""
    async with start(sockets(token=SocketToken(policy))) as world:
        await world.has_call()
        headers = {} if authorization is None else {"Authorization": authorization}
        if status == 101:
            async with world.dial(**headers):
                return
        answer = await refused(world, **headers)
        assert answer.status_code == status
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_header_that_names_the_call(world: World) -> None:
    """In whichever case the id is written."""
    await world.has_call()
    async with world.dial(x_ms_call_connection_id=CONNECTION.upper(), x_ms_call_correlation_id="c"):
        pass


async def test_header_that_names_another_call(world: World) -> None:
    """403."""
    await world.has_call()
    answer = await refused(world, x_ms_call_connection_id="another")
    assert answer.status_code == 403


async def test_header_of_a_call_whose_connection_is_not_known_yet(world: World) -> None:
    """It is taken, and the worker is told the ids."""
    await world.has_call(call_connection_id=None)
    async with world.dial(x_ms_call_connection_id=CONNECTION, x_ms_call_correlation_id="c") as socket:
        await socket.send(metadata())
    await world.recorded(socket)
    opened, began, _closed = [job.work for job in await world.store.claim_jobs("worker", 1, 10)]
    assert opened.call_connection_id == began.call_connection_id == CONNECTION  # type: ignore[union-attr]
    assert opened.correlation_id == "c"  # type: ignore[union-attr]


async def test_header_that_is_repeated(world: World) -> None:
    """400: it cannot be told which one holds."""
    await world.has_call()
    request = httpx.Request(
        "GET",
        world.url(scheme="http"),
        headers=[("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer wrong")],
    )
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.send(request)).status_code == 400


async def test_call_that_has_ended(world: World) -> None:
    """What ACS still sends of it is kept."""
    await world.has_call(state=CallState.DISCONNECTED)
    await world.say(metadata(), said("Bye.", 1))
    assert await world.texts() == ["Bye."]


@pytest.mark.parametrize("limits", [Limits(sockets=1), Limits(sockets_per_call=1)])
async def test_too_many_sockets(start: Start, limits: Limits) -> None:
    """503 while one too many is open."""
    async with start(sockets(limits=limits)) as world:
        await world.has_call()
        async with world.dial() as first:
            answer = await refused(world)
            assert answer.status_code == 503
        await world.recorded(first)
        async with world.dial():
            pass


async def test_store_that_cannot_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, so that ACS may dial again."""

    async def broken(key: str) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(world.archive, "admit", broken)
    answer = await refused(world)
    assert answer.status_code == 503


async def test_keys_that_cannot_be_fetched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503: nobody knows whether the token is wrong, so ACS may dial again."""

    async def away(_: OneToken, token: str) -> None:
        raise SigningKeysUnavailable

    monkeypatch.setattr(OneToken, "acs", away)
    await world.has_call()
    answer = await refused(world, Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 503
    assert world.counted('callscribe_sockets_refused_total{reason="keys"}') == 1
