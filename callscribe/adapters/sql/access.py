"""The tables `api_keys` and `idempotency`."""

import msgspec
from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql.engine import insert
from callscribe.adapters.sql.schema import api_keys, idempotency
from callscribe.domain.access import ApiKey, Scope
from callscribe.ports import Idempotent

KEPT_MS = 24 * 3600 * 1000
"""How long an answer to a request with an idempotency key is kept."""
UNANSWERED_MS = 90 * 1000
"""How long a request may be unanswered before it counts as lost: longer than any takes, `Prefer: wait=60` included."""

_decode_scopes = msgspec.json.Decoder(frozenset[Scope]).decode


async def find_keys(connection: AsyncConnection, key_id: str | None = None) -> tuple[ApiKey, ...]:
    """All keys, oldest first, or the one with that id."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    if key_id is not None:
        query = query.where(api_keys.c.id == key_id)
    return tuple(
        ApiKey(row.id, row.name, row.digest, _decode_scopes(row.scopes), row.created_at, row.revoked_at)
        for row in await connection.execute(query)
    )


async def save_key(connection: AsyncConnection, key: ApiKey) -> None:
    row = msgspec.structs.asdict(key) | {"scopes": msgspec.json.encode(sorted(key.scopes)).decode()}
    saving = insert(connection, api_keys).values(row)
    await connection.execute(saving.on_conflict_do_update(index_elements=["id"], set_=row))


async def revoke_key(connection: AsyncConnection, key_id: str, at: int) -> bool:
    """Whether there was such a key that was not revoked yet."""
    valid = and_(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    return bool((await connection.execute(update(api_keys).where(valid).values(revoked_at=at))).rowcount)


async def begin(
    connection: AsyncConnection, principal: str, key: str, fingerprint: bytes, at: int
) -> Idempotent | None:
    """None where the key is now taken: it is new, or the same request is lost. Forgets what is past its time."""
    await connection.execute(delete(idempotency).where(idempotency.c.at <= at - KEPT_MS))
    row = {"principal": principal, "key": key, "fingerprint": fingerprint, "body": b"", "at": at}
    lost = and_(
        idempotency.c.status.is_(None),
        idempotency.c.fingerprint == fingerprint,
        idempotency.c.at <= at - UNANSWERED_MS,
    )
    taking = (
        insert(connection, idempotency)
        .values(row)
        .on_conflict_do_update(index_elements=["principal", "key"], set_={"at": at}, where=lost)
    )
    if (await connection.execute(taking)).rowcount:
        return None
    kept = (await connection.execute(select(idempotency).where(_one(principal, key)))).one()
    return Idempotent(kept.fingerprint, kept.status, kept.body, kept.location)


async def end(connection: AsyncConnection, principal: str, key: str, answer: Idempotent) -> None:
    row = msgspec.structs.asdict(answer)
    await connection.execute(update(idempotency).where(_one(principal, key)).values(row))


async def forget(connection: AsyncConnection, principal: str, key: str) -> None:
    await connection.execute(delete(idempotency).where(_one(principal, key)))


def _one(principal: str, key: str) -> ColumnElement[bool]:
    return and_(idempotency.c.principal == principal, idempotency.c.key == key)
