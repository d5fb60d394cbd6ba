"""Who may use the API: tells callers from strangers, and keeps the keys."""

from callscribe.domain.access import PREFIX, ApiKey, Principal, Scope, admits, digest, split, written
from callscribe.domain.errors import KeyNotFound, Unauthorized
from callscribe.ports import Clock, Ids, Ports, Store

_NOBODY = ApiKey(id="", name="", digest=digest(""), scopes=frozenset(), created_at=0, revoked_at=0)


async def authenticate(ports: Ports, credential: str) -> Principal:
    """Who holds an API key or Entra token. Raises Unauthorized; an unknown key and a wrong secret look the same."""
    if not credential.startswith(PREFIX):
        subject, scopes = await ports.tokens.api(credential)
        return Principal(name=f"entra:{subject}", scopes=_known(scopes))
    key_id, secret = split(credential) or ("", "")
    key = await ports.store.api_key(key_id) or _NOBODY
    if not admits(key, secret):
        raise Unauthorized("the API key is unknown, wrong or revoked")
    return Principal(name=f"key:{key.id}", scopes=key.scopes)


async def create_key(
    store: Store, ids: Ids, clock: Clock, name: str, scopes: frozenset[Scope]
) -> tuple[ApiKey, str]:
    """A new key, and the one and only writing of it that holds its secret."""
    # The written form is split at underscores, so the id has none.
    key_id, secret = ids.new("key").replace("_", ""), ids.secret()
    key = ApiKey(id=key_id, name=name, digest=digest(secret), scopes=scopes, created_at=clock.now())
    await store.save_api_key(key)
    return key, written(key_id, secret)


async def list_keys(store: Store) -> tuple[ApiKey, ...]:
    """All keys, revoked ones included, oldest first."""
    return tuple(sorted(await store.api_keys(), key=lambda key: (key.created_at, key.id)))


async def revoke_key(store: Store, clock: Clock, key_id: str) -> None:
    """Ends a key at once; revoking it again changes nothing. Raises KeyNotFound."""
    if await store.api_key(key_id) is None:
        raise KeyNotFound("no key has this id")
    await store.revoke_api_key(key_id, clock.now())


def _known(scopes: frozenset[str]) -> frozenset[Scope]:
    return frozenset(scope for scope in Scope if scope in scopes)
