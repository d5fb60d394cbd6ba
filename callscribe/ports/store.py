"""The service's store: atomic units of writes, and consistent reads."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from callscribe.domain.access import ApiKey
from callscribe.domain.call import Call, Gap
from callscribe.domain.changes import Change, ChangeKind
from callscribe.ports.records import (
    CallFilter,
    EventRecord,
    Idempotent,
    Job,
    OperationRecord,
    Push,
    StoredCall,
    StoredTranscript,
)


class Transaction(Protocol):
    """One atomic, serialised unit of reads and writes; leaving it commits, an exception rolls back."""

    async def call(self, call_id: str) -> Call | None:
        """The call by our id or ACS's `callConnectionId`, locked until the transaction ends."""
        ...

    async def zero(self, call_id: str) -> int | None:
        """The transcript's zero (unix ms), once its first stream is known."""
        ...

    async def heard_until(self, call_id: str) -> int | None:
        """When (unix ms) the last segment on the record came."""
        ...

    async def call_by_key(self, key: str) -> Call | None: ...
    async def calls_of_correlation(self, correlation_id: str) -> tuple[Call, ...]:
        """Every call (at most 100) with that correlation id, whoever was called."""
        ...

    async def calls_of_server_call(self, server_call_id: str) -> tuple[Call, ...]: ...
    async def insert_call(self, call: Call) -> None: ...
    async def save_call(self, call: Call) -> None: ...
    async def record(self, event: EventRecord) -> bool:
        """Whether it was new; False (and nothing stored) where its key is on the record."""
        ...

    async def change(self, call_id: str, kind: ChangeKind, at: int, body: bytes) -> int:
        """Append a change and give its number: the next of that call."""
        ...

    async def save_gap(self, call_id: str, gap: Gap) -> None: ...
    async def save_operation(self, record: OperationRecord) -> None: ...
    async def enqueue(
        self, job: Job, *, leased_to: str | None = None, lease_until: int | None = None
    ) -> None:
        """Put a job on the list; with a lease, its taker carries it out at once and others only when it runs out."""
        ...

    async def finish(self, job_id: str) -> None:
        """Take a job off the list."""
        ...

    async def job(self, job_id: str) -> Job | None:
        """The job while it is still on the list."""
        ...

    async def reschedule(self, job_id: str, due_at: int) -> None:
        """Count an attempt, give up the lease, and try again at `due_at`."""
        ...


class Store(Protocol):
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A write transaction. Raises StoreUnavailable where none can be had in time."""
        ...

    async def call(self, call_id: str) -> StoredCall | None:
        """By our id or by ACS's `callConnectionId`."""
        ...

    async def call_id_of_key(self, key: str) -> str | None: ...
    async def calls(
        self, where: CallFilter, limit: int, cursor: str | None
    ) -> tuple[tuple[StoredCall, ...], str | None]:
        """A page, newest first, and the cursor of the next. Raises InvalidRequest for a cursor it did not make."""
        ...

    async def events(
        self, call_id: str, limit: int, cursor: str | None
    ) -> tuple[tuple[EventRecord, ...], str | None]:
        """A page of the call's timeline, oldest first."""
        ...

    async def operation(self, operation_id: str) -> OperationRecord | None: ...
    async def transcript(self, call_id: str) -> StoredTranscript | None: ...
    async def tail(self, call_id: str, after: int, limit: int) -> tuple[Change, ...]:
        """Changes numbered after+1 … in order, without holes, at most `limit`.

        Segment changes have `views.SegmentView` as body, built as `domain.reading` builds it.
        """
        ...

    async def claim_jobs(self, worker: str, lease_ms: int, limit: int) -> tuple[Job, ...]:
        """Due jobs whose lease nobody holds, now leased to `worker`, oldest first."""
        ...

    async def renew_jobs(self, worker: str, job_ids: Sequence[str], lease_ms: int) -> None:
        """Hold the leases that `worker` has on these jobs for another `lease_ms`."""
        ...

    async def next_due(self) -> int | None:
        """When (unix ms) the next job is due or the next lease runs out; None where there is none."""
        ...

    # Push: delivery of changes onwards, per sink and call, in order. Nothing is kept where no sink is set.
    async def claim_pushes(self, sink: str, worker: str, lease_ms: int, limit: int) -> tuple[Push, ...]: ...
    async def pushed(self, sink: str, call_id: str, number: int) -> None:
        """Everything up to `number` was accepted by the sink; the lease is given up."""
        ...

    async def push_failed(self, sink: str, call_id: str, due_at: int) -> None: ...

    # API keys and idempotent answers.
    async def api_key(self, key_id: str) -> ApiKey | None: ...
    async def api_keys(self) -> tuple[ApiKey, ...]: ...
    async def save_api_key(self, key: ApiKey) -> None: ...
    async def revoke_api_key(self, key_id: str, at: int) -> bool: ...
    async def begin_idempotent(
        self, principal: str, key: str, fingerprint: bytes, at: int
    ) -> Idempotent | None:
        """None where the key is now ours, else what is kept of it, for 24 hours.

        It is ours where it is new, or where the same request began more than 90 s ago and was never answered: whoever
        had it has died.
        """
        ...

    async def end_idempotent(self, principal: str, key: str, answer: Idempotent) -> None: ...
    async def forget_idempotent(self, principal: str, key: str) -> None:
        """The first request failed in a way that may be tried again."""
        ...

    async def ping(self) -> None: ...
