"""The tables `events` (the record) and `operations`."""

import msgspec
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql.cursor import read_cursor, write_cursor
from callscribe.adapters.sql.engine import insert
from callscribe.adapters.sql.rows import event_row
from callscribe.adapters.sql.schema import events, operations
from callscribe.ports import EventRecord, OperationRecord

_decode_operation = msgspec.json.Decoder(OperationRecord).decode


async def record(connection: AsyncConnection, event: EventRecord) -> bool:
    """Whether it was new, by its key."""
    adding = (
        insert(connection, events).values(event_row(event)).on_conflict_do_nothing(index_elements=["key"])
    )
    return bool((await connection.execute(adding)).rowcount)


async def page_of_events(
    connection: AsyncConnection, call_id: str, limit: int, cursor: str | None
) -> tuple[tuple[EventRecord, ...], str | None]:
    query = select(events).where(events.c.call_id == call_id)
    if cursor is not None:
        query = query.where(tuple_(events.c.at, events.c.id) > tuple_(*read_cursor("events", cursor)))
    rows = (await connection.execute(query.order_by(events.c.at, events.c.id).limit(limit + 1))).all()
    page = tuple(
        EventRecord(
            id=row.id,
            key=row.key,
            source=row.source,
            type=row.type,
            at=row.at,
            received_at=row.received_at,
            call_id=row.call_id,
            note=row.note,
            data=None if row.data is None else msgspec.Raw(row.data.encode()),
        )
        for row in rows[:limit]
    )
    return page, write_cursor("events", page[-1].at, page[-1].id) if len(rows) > limit else None


async def save_operation(connection: AsyncConnection, operation: OperationRecord) -> None:
    body = msgspec.json.encode(operation).decode()
    saving = insert(connection, operations).values(
        id=operation.operation.id, call_id=operation.call_id, body=body
    )
    await connection.execute(saving.on_conflict_do_update(index_elements=["id"], set_={"body": body}))


async def find_operation(connection: AsyncConnection, operation_id: str) -> OperationRecord | None:
    body = await connection.scalar(select(operations.c.body).where(operations.c.id == operation_id))
    return None if body is None else _decode_operation(body)
