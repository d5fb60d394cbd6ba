"""One write transaction of the store."""

from sqlalchemy.ext.asyncio import AsyncConnection

from callscribe.adapters.sql import calls, jobs, pushes, records, transcripts
from callscribe.domain.call import Call, Gap
from callscribe.domain.changes import ChangeKind
from callscribe.ports import EventRecord, Job, OperationRecord


class SqlTransaction:
    """See `ports.Transaction`; each table's own module does the work on the transaction's connection."""

    def __init__(self, connection: AsyncConnection, sinks: tuple[str, ...]) -> None:
        self._connection = connection
        self._sinks = sinks

    async def call(self, call_id: str) -> Call | None:
        ours = await calls.locked_call(self._connection, id=call_id)
        return ours or await calls.locked_call(self._connection, call_connection_id=call_id)

    async def zero(self, call_id: str) -> int | None:
        return await calls.zero(self._connection, call_id)

    async def heard_until(self, call_id: str) -> int | None:
        return await transcripts.heard_until(self._connection, call_id)

    async def call_by_key(self, key: str) -> Call | None:
        return await calls.locked_call(self._connection, key=key)

    async def calls_of_correlation(self, correlation_id: str) -> tuple[Call, ...]:
        return await calls.locked_calls(self._connection, correlation_id=correlation_id)

    async def calls_of_server_call(self, server_call_id: str) -> tuple[Call, ...]:
        return await calls.locked_calls(self._connection, server_call_id=server_call_id)

    async def insert_call(self, call: Call) -> None:
        await calls.insert_call(self._connection, call)

    async def save_call(self, call: Call) -> None:
        await calls.save_call(self._connection, call)

    async def record(self, event: EventRecord) -> bool:
        return await records.record(self._connection, event)

    async def change(self, call_id: str, kind: ChangeKind, at: int, body: bytes) -> int:
        number = await transcripts.append_change(self._connection, call_id, kind, at, body)
        await pushes.mark_due(self._connection, self._sinks, call_id)
        return number

    async def save_gap(self, call_id: str, gap: Gap) -> None:
        await transcripts.save_gap(self._connection, call_id, gap)

    async def save_operation(self, record: OperationRecord) -> None:
        await records.save_operation(self._connection, record)

    async def enqueue(
        self, job: Job, *, leased_to: str | None = None, lease_until: int | None = None
    ) -> None:
        await jobs.enqueue(self._connection, job, leased_to, lease_until)

    async def finish(self, job_id: str) -> None:
        await jobs.finish(self._connection, job_id)

    async def job(self, job_id: str) -> Job | None:
        return await jobs.find_job(self._connection, job_id)

    async def reschedule(self, job_id: str, due_at: int) -> None:
        await jobs.reschedule(self._connection, job_id, due_at)
