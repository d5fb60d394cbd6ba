"""The table `pushes`: how far each sink has got with each call. A row appears with the call's first change."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql.engine import insert
from callscribe.adapters.sql.schema import calls, pushes
from callscribe.ports import Push


async def mark_due(connection: AsyncConnection, sinks: Iterable[str], call_id: str) -> None:
    """A row that waits after a failure goes on waiting."""
    for sink in sinks:
        new = insert(connection, pushes).values(
            call_id=call_id, sink=sink, delivered=0, due=True, next_at=0, attempts=0
        )
        await connection.execute(
            new.on_conflict_do_update(index_elements=["call_id", "sink"], set_={"due": True})
        )


async def claim(
    connection: AsyncConnection, sink: str, worker: str, now: int, lease_ms: int, limit: int
) -> tuple[Push, ...]:
    free = or_(pushes.c.leased_until.is_(None), pushes.c.leased_until <= now)
    due = (
        select(pushes.c.call_id)
        .where(and_(pushes.c.sink == sink, pushes.c.due.is_(True), pushes.c.next_at <= now, free))
        .order_by(pushes.c.next_at, pushes.c.call_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claiming = (
        update(pushes)
        .where(pushes.c.sink == sink, pushes.c.call_id.in_(due))
        .values(leased_to=worker, leased_until=now + lease_ms)
        .returning(pushes.c.sink, pushes.c.call_id, pushes.c.delivered, pushes.c.attempts)
    )
    return tuple(Push(*row) for row in await connection.execute(claiming))


async def pushed(connection: AsyncConnection, sink: str, call_id: str, number: int) -> None:
    """The call is locked first, so that a change committed meanwhile finds the row due or makes it so."""
    last = await connection.scalar(select(calls.c.last_change).where(calls.c.id == call_id).with_for_update())
    if last is None:
        return
    row = {
        "delivered": case((pushes.c.delivered < number, number), else_=pushes.c.delivered),
        "due": last > number,
        "next_at": 0,
        "attempts": 0,
        "leased_to": None,
        "leased_until": None,
    }
    await connection.execute(update(pushes).where(_one(sink, call_id)).values(row))


async def push_failed(connection: AsyncConnection, sink: str, call_id: str, due_at: int) -> None:
    row = {"attempts": pushes.c.attempts + 1, "next_at": due_at, "leased_to": None, "leased_until": None}
    await connection.execute(update(pushes).where(_one(sink, call_id)).values(row))


def _one(sink: str, call_id: str) -> ColumnElement[bool]:
    return and_(pushes.c.sink == sink, pushes.c.call_id == call_id)
