from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callscribe.actions.access import authenticate, create_key, list_keys, revoke_key
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain.access import Principal, Scope
from callscribe.domain.errors import KeyNotFound, Unauthorized
from callscribe.ports import Ports

pytestmark = pytest.mark.anyio
CLOCK, IDS = SystemClock(), RandomIds()
READ = frozenset({Scope.READ})


class Entra:
    """Verifies nothing: what a token says is the business of `adapters.tokens`, tested there."""

    async def acs(self, token: str) -> None:
        raise AssertionError(token)

    async def event_grid(self, token: str) -> None:
        raise AssertionError(token)

    async def api(self, token: str) -> tuple[str, frozenset[str]]:
        if token != "a.valid.token":
            raise Unauthorized("the token has expired")
        return "ada", frozenset({"read", "control", "fly"})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    url = sqlite_url(tmp_path / "callscribe.db")
    await migrate(url)
    async with SqlStore(url, CLOCK) as store:
        yield store


@pytest.fixture
def ports(store: SqlStore) -> Ports:
    unused: object = None
    return Ports(unused, CLOCK, IDS, store, unused, unused, Entra())  # type: ignore[arg-type]


async def test_a_new_key(ports: Ports) -> None:
    """lets its holder in with its scopes, and its secret is not kept."""
    key, written = await create_key(ports.store, IDS, CLOCK, "console", READ)
    assert await authenticate(ports, written) == Principal(f"key:{key.id}", READ)
    secret = written.removeprefix(f"callscribe_{key.id}_")
    assert secret.encode() not in key.digest
    assert await list_keys(ports.store) == (key,)


@pytest.mark.parametrize(
    "spoilt", ["{}x", "callscribe_{}", "callscribe_unknown_secret", "callscribe_", "callscribe_k"]
)
async def test_a_wrong_key(ports: Ports, spoilt: str) -> None:
    """is refused in the same words, whether the id or the secret is wrong."""
    _, written = await create_key(ports.store, IDS, CLOCK, "console", READ)
    with pytest.raises(Unauthorized, match=r"^the API key is unknown, wrong or revoked$"):
        await authenticate(ports, spoilt.format(written))


async def test_a_revoked_key(ports: Ports) -> None:
    """lets nobody in, stays on the list, and can be revoked again."""
    key, written = await create_key(ports.store, IDS, CLOCK, "console", READ)
    await revoke_key(ports.store, CLOCK, key.id)
    await revoke_key(ports.store, CLOCK, key.id)
    with pytest.raises(Unauthorized):
        await authenticate(ports, written)
    [listed] = await list_keys(ports.store)
    assert listed.revoked_at is not None


async def test_revoking_an_unknown_key(ports: Ports) -> None:
    """says that there is none."""
    with pytest.raises(KeyNotFound):
        await revoke_key(ports.store, CLOCK, "nokey")


async def test_keys_in_order(ports: Ports) -> None:
    """are listed oldest first."""
    made = [(await create_key(ports.store, IDS, CLOCK, f"key {n}", READ))[0] for n in range(3)]
    assert await list_keys(ports.store) == tuple(made)


async def test_an_entra_token(ports: Ports) -> None:
    """lets its subject in with those of its scopes that we know."""
    principal = await authenticate(ports, "a.valid.token")
    assert principal == Principal("entra:ada", frozenset({Scope.READ, Scope.CONTROL}))


async def test_a_wrong_entra_token(ports: Ports) -> None:
    """is refused with the verifier's reason."""
    with pytest.raises(Unauthorized, match="expired"):
        await authenticate(ports, "an.expired.token")
