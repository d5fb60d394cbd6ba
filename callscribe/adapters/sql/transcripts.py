"""The tables `streams`, `segments`, `gaps` and `changes`: what a call's readers get.

Streams and segments are written by the transcript server (`commit`) and only read here.
"""

import heapq
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql.calls import find_call, next_change
from callscribe.adapters.sql.engine import insert
from callscribe.adapters.sql.schema import changes, gaps, segments, streams
from callscribe.adapters.sql.words import unpack
from callscribe.domain.call import Gap, GapCause
from callscribe.domain.changes import Change, ChangeKind
from callscribe.domain.reading import names_of, segment_view
from callscribe.domain.transcript import Segment, Stream
from callscribe.ports import StoredCall, StoredSegment, StoredTranscript


async def append_change(
    connection: AsyncConnection, call_id: str, kind: ChangeKind, at: int, body: bytes
) -> int:
    number = await next_change(connection, call_id)
    row = {"call_id": call_id, "number": number, "kind": kind.value, "at": at, "body": body.decode()}
    await connection.execute(changes.insert().values(row))
    return number


async def save_gap(connection: AsyncConnection, call_id: str, gap: Gap) -> None:
    row = {
        "cause": gap.cause.value,
        "started_at": gap.started_at,
        "ended_at": gap.ended_at,
        "ended_by": gap.ended_by,
    }
    saving = insert(connection, gaps).values(call_id=call_id, id=gap.id, **row)
    await connection.execute(saving.on_conflict_do_update(index_elements=["call_id", "id"], set_=row))


async def heard_until(connection: AsyncConnection, call_id: str) -> int | None:
    """When the last segment came, unix ms."""
    last = select(segments.c.received_at).where(segments.c.call_id == call_id)
    found: int | None = await connection.scalar(last.order_by(segments.c.number.desc()).limit(1))
    return found


async def whole_transcript(connection: AsyncConnection, call_id: str) -> StoredTranscript | None:
    stored = await find_call(connection, call_id)
    if stored is None:
        return None
    call_id = stored.call.id
    kept = await connection.execute(
        select(segments).where(segments.c.call_id == call_id).order_by(segments.c.number)
    )
    missing = await connection.execute(select(gaps).where(gaps.c.call_id == call_id))
    return StoredTranscript(
        stored=stored,
        streams=tuple((await _streams(connection, call_id)).values()),
        segments=tuple(StoredSegment(_segment(row), row.number) for row in kept),
        gaps=tuple(_gap(row) for row in missing),
    )


async def tail_of(connection: AsyncConnection, call_id: str, after: int, limit: int) -> tuple[Change, ...]:
    """Both kinds of change in the order of their numbers; the connection must see one snapshot throughout."""
    spoken = await _segments_after(connection, call_id, after, limit)
    others = await connection.execute(
        select(changes)
        .where(changes.c.call_id == call_id, changes.c.number > after)
        .order_by(changes.c.number)
        .limit(limit)
    )
    merged = heapq.merge(spoken, map(_change, others), key=attrgetter("number"))
    return tuple(merged)[:limit]


async def _segments_after(connection: AsyncConnection, call_id: str, after: int, limit: int) -> list[Change]:
    rows = (
        await connection.execute(
            select(segments)
            .where(segments.c.call_id == call_id, segments.c.number > after)
            .order_by(segments.c.number)
            .limit(limit)
        )
    ).all()
    stored = await find_call(connection, call_id) if rows else None
    if stored is None:
        return []
    by_id = await _streams(connection, call_id)
    return [_segment_change(row, by_id[row.stream_id], stored) for row in rows]


def _segment_change(row: Row[Any], stream: Stream, stored: StoredCall) -> Change:
    view = segment_view(_segment(row), stream, row.number, stored.zero or 0, names_of(stored.call))
    body = msgspec.Raw(msgspec.json.encode(view))
    return Change(row.call_id, row.number, ChangeKind.SEGMENT, row.received_at, body)


async def _streams(connection: AsyncConnection, call_id: str) -> dict[str, Stream]:
    rows = await connection.execute(
        select(streams).where(streams.c.call_id == call_id).order_by(streams.c.started_at, streams.c.id)
    )
    return {row.id: _stream(row) for row in rows}


def _stream(row: Row[Any]) -> Stream:
    return Stream(
        id=row.id,
        subscription_id=row.subscription_id,
        locale=row.locale,
        model=row.model,
        incarnation=row.incarnation,
        started_at=row.started_at,
        origin=row.origin,
    )


def _segment(row: Row[Any]) -> Segment:
    return Segment(
        id=row.id,
        stream_id=row.stream_id,
        participant=row.participant,
        text=row.text,
        offset=row.offset,
        duration=row.duration,
        confidence=row.confidence,
        locale=row.locale,
        words=unpack(row.words, row.offset),
        sentiment=row.sentiment,
        received_at=row.received_at,
    )


def _gap(row: Row[Any]) -> Gap:
    return Gap(row.id, GapCause(row.cause), row.started_at, row.ended_at, row.ended_by)


def _change(row: Row[Any]) -> Change:
    return Change(row.call_id, row.number, ChangeKind(row.kind), row.at, msgspec.Raw(row.body.encode()))
