"""The service's store: transactions and questions, on SQLAlchemy."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql import access, calls, jobs, pushes, records, transcripts
from callscribe.adapters.sql.engine import open_engines, outages, probe
from callscribe.adapters.sql.sqlite import HEAD, REVISION
from callscribe.adapters.sql.transaction import SqlTransaction
from callscribe.domain.access import ApiKey
from callscribe.domain.changes import Change
from callscribe.domain.errors import DatabaseNotMigrated, StoreUnavailable
from callscribe.ports import (
    CallFilter,
    Clock,
    EventRecord,
    Idempotent,
    Job,
    OperationRecord,
    Push,
    StoredCall,
    StoredTranscript,
)


class SqlStore:
    """See `ports.Store`. `sinks` names those to whom changes are delivered onwards."""

    def __init__(
        self, url: str, clock: Clock, sinks: tuple[str, ...] = (), *, busy_seconds: float = 5.0
    ) -> None:
        """Raises NotConfigured for a database that is not supported."""
        self._url = url
        self._engines = open_engines(url, busy_seconds)
        self._clock = clock
        self._sinks = sinks

    async def __aenter__(self) -> Self:
        """Raises DatabaseNotMigrated where the database is missing or has not the newest schema."""
        try:
            await self._check_schema()
        except BaseException:
            await self._engines.dispose()
            raise
        return self

    async def __aexit__(self, *_exit: object) -> None:
        await self._engines.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        async with self._writing() as connection:
            yield SqlTransaction(connection, self._sinks)

    # --- calls and their transcripts

    async def call(self, call_id: str) -> StoredCall | None:
        async with self._reading() as connection:
            return await calls.find_call(connection, call_id)

    async def call_id_of_key(self, key: str) -> str | None:
        async with self._reading() as connection:
            return await calls.call_id_of_key(connection, key)

    async def calls(
        self, where: CallFilter, limit: int, cursor: str | None
    ) -> tuple[tuple[StoredCall, ...], str | None]:
        async with self._reading() as connection:
            return await calls.page_of_calls(connection, where, limit, cursor)

    async def events(
        self, call_id: str, limit: int, cursor: str | None
    ) -> tuple[tuple[EventRecord, ...], str | None]:
        async with self._reading() as connection:
            return await records.page_of_events(connection, call_id, limit, cursor)

    async def operation(self, operation_id: str) -> OperationRecord | None:
        async with self._reading() as connection:
            return await records.find_operation(connection, operation_id)

    async def transcript(self, call_id: str) -> StoredTranscript | None:
        async with self._reading() as connection:
            return await transcripts.whole_transcript(connection, call_id)

    async def tail(self, call_id: str, after: int, limit: int) -> tuple[Change, ...]:
        async with self._reading() as connection:
            return await transcripts.tail_of(connection, call_id, after, limit)

    # --- work

    async def claim_jobs(self, worker: str, lease_ms: int, limit: int) -> tuple[Job, ...]:
        async with self._writing() as connection:
            rows = await jobs.claim(connection, worker, self._clock.now(), lease_ms, limit)
        return jobs.readable_jobs(rows)

    async def renew_jobs(self, worker: str, job_ids: Sequence[str], lease_ms: int) -> None:
        async with self._writing() as connection:
            await jobs.renew(connection, worker, job_ids, self._clock.now() + lease_ms)

    async def next_due(self) -> int | None:
        async with self._reading() as connection:
            return await jobs.next_due(connection)

    async def claim_pushes(self, sink: str, worker: str, lease_ms: int, limit: int) -> tuple[Push, ...]:
        async with self._writing() as connection:
            return await pushes.claim(connection, sink, worker, self._clock.now(), lease_ms, limit)

    async def pushed(self, sink: str, call_id: str, number: int) -> None:
        async with self._writing() as connection:
            await pushes.pushed(connection, sink, call_id, number)

    async def push_failed(self, sink: str, call_id: str, due_at: int) -> None:
        async with self._writing() as connection:
            await pushes.push_failed(connection, sink, call_id, due_at)

    # --- API keys and idempotent answers

    async def api_key(self, key_id: str) -> ApiKey | None:
        async with self._reading() as connection:
            return next(iter(await access.find_keys(connection, key_id)), None)

    async def api_keys(self) -> tuple[ApiKey, ...]:
        async with self._reading() as connection:
            return await access.find_keys(connection)

    async def save_api_key(self, key: ApiKey) -> None:
        async with self._writing() as connection:
            await access.save_key(connection, key)

    async def revoke_api_key(self, key_id: str, at: int) -> bool:
        async with self._writing() as connection:
            return await access.revoke_key(connection, key_id, at)

    async def begin_idempotent(
        self, principal: str, key: str, fingerprint: bytes, at: int
    ) -> Idempotent | None:
        async with self._writing() as connection:
            return await access.begin(connection, principal, key, fingerprint, at)

    async def end_idempotent(self, principal: str, key: str, answer: Idempotent) -> None:
        async with self._writing() as connection:
            await access.end(connection, principal, key, answer)

    async def forget_idempotent(self, principal: str, key: str) -> None:
        async with self._writing() as connection:
            await access.forget(connection, principal, key)

    async def ping(self) -> None:
        async with self._reading() as connection:
            await connection.execute(text("SELECT 1"))

    async def _check_schema(self) -> None:
        try:
            await probe(self._url)
            async with self._reading() as connection:
                revision = await connection.scalar(text(REVISION))
        except StoreUnavailable as fault:
            raise DatabaseNotMigrated(fault.detail) from fault
        if revision != HEAD:
            raise DatabaseNotMigrated()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one snapshot of the database."""
        with outages():
            async with self._engines.reading.begin() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with outages():
            async with self._engines.writing.begin() as connection:
                yield connection
