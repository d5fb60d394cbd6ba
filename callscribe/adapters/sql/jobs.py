"""The table `jobs`: what is to be done for calls, and who holds it."""

import logging
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Row, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql.engine import insert
from callscribe.adapters.sql.rows import job_row
from callscribe.adapters.sql.schema import jobs
from callscribe.domain.commands import AnyCommand
from callscribe.domain.observations import AnyObservation
from callscribe.ports import Job

_log = logging.getLogger(__name__)

_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    "command": msgspec.json.Decoder(AnyCommand),
    "observation": msgspec.json.Decoder(AnyObservation),
}


async def enqueue(
    connection: AsyncConnection, job: Job, leased_to: str | None, lease_until: int | None
) -> None:
    """Putting the same job twice is harmless."""
    row = job_row(job) | {"leased_to": leased_to, "leased_until": lease_until}
    await connection.execute(
        insert(connection, jobs).values(row).on_conflict_do_nothing(index_elements=["id"])
    )


async def finish(connection: AsyncConnection, job_id: str) -> None:
    await connection.execute(delete(jobs).where(jobs.c.id == job_id))


async def find_job(connection: AsyncConnection, job_id: str) -> Job | None:
    row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).one_or_none()
    return None if row is None else _job(row)


async def reschedule(connection: AsyncConnection, job_id: str, due_at: int) -> None:
    later = {"due_at": due_at, "attempts": jobs.c.attempts + 1, "leased_to": None, "leased_until": None}
    await connection.execute(update(jobs).where(jobs.c.id == job_id).values(later))


async def claim(
    connection: AsyncConnection, worker: str, now: int, lease_ms: int, limit: int
) -> tuple[Row[Any], ...]:
    """Rows of due jobs whose lease nobody holds, oldest first, now leased to the worker."""
    free = or_(jobs.c.leased_until.is_(None), jobs.c.leased_until <= now)
    due = (
        select(jobs.c.id)
        .where(and_(jobs.c.due_at <= now, free))
        .order_by(jobs.c.due_at, jobs.c.created_at, jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claiming = update(jobs).where(jobs.c.id.in_(due)).values(leased_to=worker, leased_until=now + lease_ms)
    rows = (await connection.execute(claiming.returning(jobs))).all()
    return tuple(sorted(rows, key=attrgetter("due_at", "created_at", "id")))


async def renew(connection: AsyncConnection, worker: str, job_ids: Sequence[str], leased_until: int) -> None:
    """Only the leases that the worker still has."""
    held = and_(jobs.c.id.in_(job_ids), jobs.c.leased_to == worker)
    await connection.execute(update(jobs).where(held).values(leased_until=leased_until))


def readable_jobs(rows: Iterable[Row[Any]]) -> tuple[Job, ...]:
    """The jobs that this version can read; another one stays leased until a worker of its own version takes it."""
    readable = []
    for row in rows:
        try:
            readable.append(_job(row))
        except msgspec.ValidationError:
            _log.exception("a job is of another version", extra={"job_id": row.id, "call_id": row.call_id})
    return tuple(readable)


async def next_due(connection: AsyncConnection) -> int | None:
    held = case((jobs.c.leased_until > jobs.c.due_at, jobs.c.leased_until), else_=jobs.c.due_at)
    due: int | None = await connection.scalar(select(func.min(held)))
    return due


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        call_id=row.call_id,
        work=_decoders[row.family].decode(row.work),
        created_at=row.created_at,
        due_at=row.due_at,
        deadline=row.deadline,
        attempts=row.attempts,
    )
