"""The tables `calls` and `call_participants`."""

from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql.cursor import read_cursor, write_cursor
from callscribe.adapters.sql.engine import insert
from callscribe.adapters.sql.schema import call_participants, calls
from callscribe.domain.call import Call
from callscribe.ports import CallFilter, StoredCall

_LEGS = 100
"""The most calls that are given for one correlation id or server call."""

_decode = msgspec.json.Decoder(Call).decode
_stored = select(calls.c.body, calls.c.last_change, calls.c.zero)


def stored_call(row: Row[Any, Any, Any]) -> StoredCall:
    return StoredCall(_decode(row.body), row.last_change, row.zero)


async def insert_call(connection: AsyncConnection, call: Call) -> None:
    await connection.execute(calls.insert().values(**_columns(call), last_change=0))
    await _save_participants(connection, call)


async def save_call(connection: AsyncConnection, call: Call) -> None:
    """Raises LookupError where the call was never inserted."""
    saved = await connection.execute(update(calls).where(calls.c.id == call.id).values(**_columns(call)))
    if not saved.rowcount:
        raise LookupError(f"no call {call.id}")
    await _save_participants(connection, call)


async def next_change(connection: AsyncConnection, call_id: str) -> int:
    """Take the call's next change number. Raises LookupError where there is no such call."""
    taking = update(calls).where(calls.c.id == call_id).values(last_change=calls.c.last_change + 1)
    number = (await connection.execute(taking.returning(calls.c.last_change))).scalar_one_or_none()
    if number is None:
        raise LookupError(f"no call {call_id}")
    return int(number)


async def zero(connection: AsyncConnection, call_id: str) -> int | None:
    """The transcript's zero, once its first stream is known."""
    found: int | None = await connection.scalar(select(calls.c.zero).where(calls.c.id == call_id))
    return found


async def locked_call(connection: AsyncConnection, **where: str) -> Call | None:
    """The newest call with that id, key or connection, locked until the transaction ends."""
    found = await locked_calls(connection, **where)
    return found[0] if found else None


async def locked_calls(connection: AsyncConnection, **where: str) -> tuple[Call, ...]:
    """The newest calls with that value in a column."""
    query = select(calls.c.body).filter_by(**where).order_by(calls.c.created_at.desc(), calls.c.id.desc())
    bodies = await connection.scalars(query.limit(_LEGS).with_for_update())
    return tuple(_decode(body) for body in bodies)


async def find_call(connection: AsyncConnection, call_id: str) -> StoredCall | None:
    """By our id or else by ACS's `callConnectionId`."""
    ours = (await connection.execute(_stored.where(calls.c.id == call_id))).one_or_none()
    if ours is not None:
        return stored_call(ours)
    theirs = _stored.where(calls.c.call_connection_id == call_id).order_by(calls.c.created_at.desc()).limit(1)
    row = (await connection.execute(theirs)).one_or_none()
    return None if row is None else stored_call(row)


async def call_id_of_key(connection: AsyncConnection, key: str) -> str | None:
    call_id: str | None = await connection.scalar(select(calls.c.id).where(calls.c.key == key))
    return call_id


async def page_of_calls(
    connection: AsyncConnection, where: CallFilter, limit: int, cursor: str | None
) -> tuple[tuple[StoredCall, ...], str | None]:
    query = _narrowed(_stored, where)
    if cursor is not None:
        query = query.where(tuple_(calls.c.created_at, calls.c.id) < tuple_(*read_cursor("calls", cursor)))
    query = query.order_by(calls.c.created_at.desc(), calls.c.id.desc())
    rows = (await connection.execute(query.limit(limit + 1))).all()
    page = tuple(stored_call(row) for row in rows[:limit])
    if len(rows) <= limit:
        return page, None
    last = page[-1].call
    return page, write_cursor("calls", last.created_at, last.id)


def _narrowed(query: Select[Any], where: CallFilter) -> Select[Any]:
    if where.state is not None:
        query = query.where(calls.c.state == where.state)
    if where.direction is not None:
        query = query.where(calls.c.direction == where.direction)
    if where.external_id is not None:
        query = query.where(calls.c.external_id == where.external_id)
    if where.since is not None:
        query = query.where(calls.c.created_at >= where.since)
    if where.participant is not None:
        took_part = and_(
            call_participants.c.call_id == calls.c.id, call_participants.c.raw_id == where.participant
        )
        query = query.where(select(call_participants.c.call_id).where(took_part).exists())
    return query


def _columns(call: Call) -> dict[str, object]:
    return {
        "id": call.id,
        "key": call.key,
        "call_connection_id": call.call_connection_id,
        "correlation_id": call.correlation_id,
        "server_call_id": call.server_call_id,
        "external_id": call.external_id,
        "state": call.state.value,
        "direction": call.direction.value,
        "created_at": call.created_at,
        "ended_at": call.ended_at,
        "body": msgspec.json.encode(call).decode(),
    }


async def _save_participants(connection: AsyncConnection, call: Call) -> None:
    """Whoever once took part or was invited stays on the list, so that the call is found by them."""
    seen = {*call.to, *call.agents, *(one.raw_id for one in call.participants)}
    if call.from_id is not None:
        seen.add(call.from_id)
    if seen:
        rows = [{"call_id": call.id, "raw_id": raw_id} for raw_id in sorted(seen)]
        await connection.execute(insert(connection, call_participants).on_conflict_do_nothing(), rows)
