"""Keeps one step of a call's life: the call, its changes, gaps, operations and jobs, in one transaction."""

import msgspec

from callscribe.actions.doorbell import ring_for
from callscribe.domain.call import (
    AT_ACS,
    Call,
    CallState,
    Fresh,
    Gap,
    OperationKind,
    Outcome,
    Step,
    WaitsFor,
    last_sign,
)
from callscribe.domain.call.quota import QUOTA_CODES, Quota
from callscribe.domain.changes import JOBS_TOPIC, ChangeKind, JobsDue
from callscribe.domain.commands import (
    Answer,
    AnyCommand,
    Connect,
    CreateCall,
    Play,
    Redirect,
    Reject,
    StartTranscription,
)
from callscribe.domain.errors import Failure
from callscribe.domain.observations import (
    AnnounceOverdue,
    AnyObservation,
    LookUpDue,
    OperationOverdue,
    RetryDue,
)
from callscribe.domain.reading import call_view, gap_view, transcription_view
from callscribe.ports import EventRecord, Job, OperationRecord, Ports, Transaction

_encode = msgspec.json.Encoder().encode


class Kept(msgspec.Struct, frozen=True):
    """What a committed step leaves to tell: the call, its jobs, and the number of its last change (0: none)."""

    call: Call
    jobs: tuple[Job, ...] = ()
    number: int = 0
    new_state: CallState | None = None
    failed: str | None = None
    """The code of the transcription failure that this step brought."""
    rings: bool = False
    """Whether workers are to look what is due, now or later."""


def fresh(ports: Ports, ai_endpoint: str | None = None) -> Fresh:
    """What a step of a call may need; `ai_endpoint` is the call's AI resource."""
    unique = ports.ids.new("x").removeprefix("x_")
    return Fresh(ports.clock.now(), unique, ports.config.rules, ports.quota.room(ai_endpoint))


async def keep(
    tx: Transaction,
    ports: Ports,
    before: Call | None,
    step: Step,
    *,
    leased: bool = False,
    deadline: int | None = None,
) -> Kept:
    """Store a step and what follows from it; `before` is None for a call that is new.

    With `leased` its commands are this process's to carry out at once. `deadline` (unix ms) bounds the commands
    that answer, reject or redirect.
    """
    now = ports.clock.now()
    call = step.call
    _pace(ports.quota, before, step, now)
    if before is None:
        await tx.insert_call(call)
    elif call != before:
        await tx.save_call(call)
    number = await _keep_changes(tx, before, step, now)
    for outcome in step.outcomes:
        await tx.save_operation(_ended(call, outcome, now))
    jobs = [_job(ports, call, command, now, deadline) for command in step.commands]
    for job in jobs:
        held = now + ports.config.inline_lease_ms if leased else None
        await tx.enqueue(job, leased_to=ports.config.worker if leased else None, lease_until=held)
    if any(isinstance(command, Play) for command in step.commands):
        due = now + ports.config.announce_timeout_ms
        await tx.enqueue(later(ports, call, AnnounceOverdue(at=due), due))
    await _keep_operation(tx, ports, before, call, now)
    retry_at = _new_plan(before, call)
    if retry_at is not None:
        await tx.enqueue(later(ports, call, RetryDue(at=retry_at), retry_at))
    if call.state in AT_ACS and (before is None or before.state not in AT_ACS):
        await tx.enqueue(next_look_up(ports, call))
    failed = _new_failure(before, call)
    if failed is not None:
        await tx.record(_failure_note(ports, call, failed, now))
    rings = bool(jobs) or retry_at is not None
    return Kept(call, tuple(jobs), number, _new_state(before, call), failed.code if failed else None, rings)


def _pace(quota: Quota, before: Call | None, step: Step, now: int) -> None:
    """Tell what a step says about the pace that its call's AI resource bears."""
    call, endpoint = step.call, step.call.ai_endpoint
    recovery, retry_at = call.transcription.recovery, _new_plan(before, call)
    failed = _new_failure(before, call)
    if failed is not None and failed.code in QUOTA_CODES:
        quota.refused(endpoint, now)
    elif retry_at is not None and recovery is not None and recovery.waits_for is WaitsFor.QUOTA:
        quota.admitted(endpoint, now, retry_at)
    if any(_starts(command) for command in step.commands):
        quota.admitted(endpoint, now, now)
    if any(one.failure is None and one.operation.kind is OperationKind.START for one in step.outcomes):
        quota.started(endpoint)


def _starts(command: AnyCommand) -> bool:
    if isinstance(command, Answer | CreateCall | Connect):
        return command.setup.start
    return isinstance(command, StartTranscription)


def _new_plan(before: Call | None, call: Call) -> int | None:
    """When transcription is to be started again, where that is news."""
    recovery = call.transcription.recovery
    known = before.transcription.recovery if before else None
    planned = recovery.next_at if recovery else None
    return planned if planned != (known.next_at if known else None) else None


def _new_state(before: Call | None, call: Call) -> CallState | None:
    return call.state if before is None or before.state is not call.state else None


def _new_failure(before: Call | None, call: Call) -> Failure | None:
    failure = call.transcription.failure
    known = before.transcription.failure if before else None
    return failure if failure != known else None


def _failure_note(ports: Ports, call: Call, failure: Failure, now: int) -> EventRecord:
    """The typed failure on the call's timeline, beside what ACS sent."""
    event_id = ports.ids.new("evt")
    return EventRecord(
        id=event_id,
        key=event_id,
        source="callscribe",
        type="callscribe.TranscriptionFailed",
        at=now,
        received_at=now,
        call_id=call.id,
        note=f"{failure.code}: {failure.detail}",
    )


async def _keep_changes(tx: Transaction, before: Call | None, step: Step, now: int) -> int:
    call, number = step.call, 0
    zero = await tx.zero(call.id) if step.gaps else None
    for gap in step.gaps:
        number = await _keep_gap(tx, call, gap, zero, now)
    if before is None or _without_transcription(before) != _without_transcription(call):
        number = await tx.change(call.id, ChangeKind.CALL, now, _encode(call_view(call)))
    elif before.transcription != call.transcription:
        body = _encode(transcription_view(call.transcription))
        number = await tx.change(call.id, ChangeKind.TRANSCRIPTION, now, body)
    return number


async def _keep_gap(tx: Transaction, call: Call, gap: Gap, zero: int | None, now: int) -> int:
    await tx.save_gap(call.id, gap)
    return await tx.change(call.id, ChangeKind.GAP, now, _encode(gap_view(gap, zero)))


def _without_transcription(call: Call) -> bytes:
    view = call_view(call)
    return _encode(msgspec.structs.replace(view, transcription=None))


def _ended(call: Call, outcome: Outcome, now: int) -> OperationRecord:
    return OperationRecord(
        operation=outcome.operation,
        call_id=call.id,
        state="failed" if outcome.failure else "succeeded",
        ended_at=now,
        failure=outcome.failure,
    )


async def _keep_operation(tx: Transaction, ports: Ports, before: Call | None, call: Call, now: int) -> None:
    """Record an operation that began with this step, and when to stop waiting for ACS's event."""
    operation = call.transcription.operation
    earlier = before.transcription.operation if before else None
    if operation is None or operation == earlier:
        return
    await tx.save_operation(OperationRecord(operation=operation, call_id=call.id, state="running"))
    due = now + ports.config.operation_timeout_ms
    overdue = OperationOverdue(at=due, operation_id=operation.id, began_at=operation.at)
    await tx.enqueue(later(ports, call, overdue, due))


def _job(ports: Ports, call: Call, command: AnyCommand, now: int, deadline: int | None) -> Job:
    bounded = isinstance(command, Answer | Reject | Redirect)
    return Job(
        id=ports.ids.new("job"),
        call_id=call.id,
        work=command,
        created_at=now,
        due_at=now,
        deadline=deadline if bounded else None,
    )


def later(ports: Ports, call: Call, seen: AnyObservation, due: int) -> Job:
    """A job that tells the call something at `due` (unix ms)."""
    now = ports.clock.now()
    return Job(id=ports.ids.new("job"), call_id=call.id, work=seen, created_at=now, due_at=due)


def next_look_up(ports: Ports, call: Call, heard_until: int | None = None) -> Job:
    """The job that sees to a call that has fallen silent, or lasts too long: one at a time for each call."""
    rules, now = ports.config.rules, ports.clock.now()
    silent_at = last_sign(call, heard_until) + rules.silence_ms
    due = silent_at if silent_at > now else now + rules.silence_ms
    if rules.longest_call_ms is not None:
        too_long_at = (call.connected_at or call.created_at) + rules.longest_call_ms
        due = min(due, too_long_at) if too_long_at > now else due
    job = later(ports, call, LookUpDue(at=due), due)
    return msgspec.structs.replace(job, id=f"look_{call.id}")


def tell(ports: Ports, kept: Kept) -> None:
    """Count, and ring for readers and workers; called after the commit."""
    if kept.new_state is not None:
        ports.counters.calls.add(kept.new_state.value)
    if kept.failed is not None:
        ports.counters.failures.add(kept.failed)
    if kept.number:
        ring_for(ports.bus, kept.call.id, kept.number)
    if kept.rings:
        ports.bus.publish(JOBS_TOPIC, JobsDue())
