"""Carries out what is to be done for calls: commands at ACS, and observations told to the call.

A job stays on the list until its effect is stored, so a worker that dies leaves it to the next; doing it twice
is harmless. Commands that ACS refuses for a passing reason are tried again while that makes sense.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from callscribe.actions.reap import reconciled
from callscribe.actions.steps import fresh, keep, next_look_up, tell
from callscribe.domain.call import AT_ACS, ENDED, Call, CallState, advance
from callscribe.domain.changes import JOBS_TOPIC
from callscribe.domain.commands import (
    Answer,
    AnyCommand,
    Command,
    HangUp,
    LookUp,
    Redirect,
    Reject,
    StartTranscription,
    StopTranscription,
    UpdateTranscription,
)
from callscribe.domain.errors import (
    AcsError,
    AcsNoAnswer,
    CallscribeError,
    Internal,
    StoreUnavailable,
    describe,
)
from callscribe.domain.observations import (
    AnnounceOverdue,
    AnyObservation,
    CommandDone,
    CommandFailed,
    LookUpDue,
    OperationOverdue,
    PacketsBegan,
    PacketsRefused,
    RetryDue,
    RingingOver,
    SocketClosed,
    SocketOpened,
    SocketsLost,
)
from callscribe.ports import AcsCall, EventRecord, Job, Ports

MOST_ATTEMPTS = 5
_AT_ONCE = 16
_TOLD_APART = {"at", "seen", "failure"}
"""What a timeline's entry has fields of its own for."""
_REMINDERS = RingingOver | AnnounceOverdue | OperationOverdue | LookUpDue | RetryDue | SocketsLost
"""Observations that belong on a timeline only where they changed something."""
_log = logging.getLogger(__name__)
_IDLE_S = 5.0


def kind_of(command: Command) -> str:
    """A command's name as it is stored and shown: `answer`, `create-call`, …"""
    return str(command.__struct_config__.tag)


_Line = tuple[str, bool]
"""A call and whether commands or observations: those of one line are done one after the other, in order."""


class Worker:
    """Takes due jobs under leases and carries them out, several calls at a time."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._due = asyncio.Event()
        self._running: dict[str, Job] = {}
        self._lines: dict[_Line, deque[Job]] = {}

    async def run(self) -> None:
        """Until cancelled. Rings of other processes wake it; a lost ring costs at most five seconds."""
        # What an earlier run left undone is under leases, and is taken again when they end.
        self._running.clear()
        self._lines.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._hold_leases())
            group.create_task(self._reconcile())
            while True:
                self._due.clear()
                taken = await self._take()
                for job in taken:
                    self._queue(group, job)
                if len(taken) == 0 or len(self._running) >= _AT_ONCE:
                    await self._rest()

    def _queue(self, group: asyncio.TaskGroup, job: Job) -> None:
        if job.id in self._running:
            return  # An answer that takes long is free for other workers, and still in hand here.
        self._running[job.id] = job
        line = job.call_id, isinstance(job.work, Command)
        if line in self._lines:
            self._lines[line].append(job)
        else:
            self._lines[line] = deque((job,))
            group.create_task(self._work_off(line))

    async def _work_off(self, line: _Line) -> None:
        waiting = self._lines[line]
        try:
            while waiting:
                await self._do(waiting.popleft())
        finally:
            del self._lines[line]

    async def _take(self) -> Sequence[Job]:
        free = _AT_ONCE - len(self._running)
        if free <= 0:
            return ()
        config = self._ports.config
        try:
            return await self._ports.store.claim_jobs(config.worker, config.answer_lease_ms, free)
        except StoreUnavailable:
            return ()

    async def _rest(self) -> None:
        """Until something is due or rung for."""
        wait = _IDLE_S
        if len(self._running) < _AT_ONCE:
            with suppress(StoreUnavailable):
                due = await self._ports.store.next_due()
                if due is not None:
                    wait = min(wait, max(0.05, (due - self._ports.clock.now()) / 1000))
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._due.wait()

    async def _listen(self) -> None:
        async with self._ports.bus.subscribe(JOBS_TOPIC) as notices:
            async for _ in notices:
                self._due.set()

    async def _reconcile(self) -> None:
        await reconciled(self._ports)
        self._due.set()

    async def _hold_leases(self) -> None:
        """Keep the leases of running jobs, but for answers: those may be retaken when they take too long."""
        config = self._ports.config
        while True:
            await asyncio.sleep(config.answer_lease_ms / 3000)
            held = [job.id for job in self._running.values() if not isinstance(job.work, Answer)]
            if held:
                with suppress(StoreUnavailable):
                    await self._ports.store.renew_jobs(config.worker, held, config.answer_lease_ms)

    async def _do(self, job: Job) -> None:
        try:
            await perform(self._ports, job, again=True)
        except CallscribeError as error:
            # What ACS refused is on the call's record; what could not be stored stays on the list.
            _log.warning("A job did not succeed.", extra={"job_id": job.id, "code": error.code})
        except Exception:  # noqa: BLE001 - supervisor: a defect met in one job must not stop the others
            _log.exception("A job failed in an unforeseen way.", extra={"job_id": job.id})
            await self._after_defect(job)
        finally:
            self._running.pop(job.id, None)
            self._due.set()

    async def _after_defect(self, job: Job) -> None:
        """Try again later; after the last try, say on the call's record that it cannot be done."""
        ports = self._ports
        with suppress(StoreUnavailable):
            if job.attempts + 1 < MOST_ATTEMPTS:
                async with ports.store.transaction() as tx:
                    await tx.reschedule(job.id, ports.clock.now() + _back_off_ms(job))
            elif isinstance(job.work, Command):
                await _tell_call(ports, job, _failed(ports, job.work, Internal("a defect in callscribe")))
            else:
                await _drop(ports, job)


async def perform(ports: Ports, job: Job, *, again: bool) -> Call | None:
    """Do one job and store what came of it; gives the call as it is then.

    With `again`, a command refused for a passing reason is put back to be tried later. Raises AcsError where ACS
    refused for good, and StoreUnavailable where the outcome could not be stored (the job stays on the list).
    """
    if isinstance(job.work, Command):
        return await _command(ports, job, job.work, again)
    return await _tell_call(ports, job, job.work)


async def _command(ports: Ports, job: Job, command: AnyCommand, again: bool) -> Call | None:
    stored = await ports.store.call(job.call_id)
    if stored is None or _pointless(stored.call, command):
        return await _drop(ports, job)
    if job.deadline is not None and ports.clock.now() > job.deadline:
        return await _tell_call(ports, job, RingingOver(at=ports.clock.now()))
    try:
        answer = await ports.acs.carry_out(command, stored.call, job.id)
    except AcsError as error:
        # Where it is unknown whether ACS did it, asking again under the same id finds out.
        # A refused start is planned anew by the call itself, where everybody can see what it waits for.
        own = again and not isinstance(command, StartTranscription)
        asked_again = (own or isinstance(error, AcsNoAnswer)) and await _try_later(ports, job, error)
        if asked_again and again:
            return stored.call
        if asked_again:
            raise
        await _tell_call(ports, job, _failed(ports, command, error))
        raise
    return await _tell_call(ports, job, _done(ports, command, answer))


def _pointless(call: Call, command: AnyCommand) -> bool:
    """Whether the call has gone on without this command."""
    if isinstance(command, Answer | Reject | Redirect):
        return call.state is not CallState.RINGING
    if isinstance(command, StartTranscription | UpdateTranscription | StopTranscription):
        operation = call.transcription.operation
        stopped_already = (
            operation is not None and operation.halted and isinstance(command, StopTranscription)
        )
        return operation is None or operation.id != command.operation_id or stopped_already
    return call.state in ENDED and not isinstance(command, HangUp)


async def _drop(ports: Ports, job: Job) -> Call | None:
    async with ports.store.transaction() as tx:
        await tx.finish(job.id)
        return await tx.call(job.call_id)


def _done(ports: Ports, command: AnyCommand, answer: AcsCall | None) -> CommandDone:
    return CommandDone(
        at=ports.clock.now(),
        command=kind_of(command),
        call_connection_id=answer.call_connection_id if answer else None,
        server_call_id=answer.server_call_id if answer else None,
        correlation_id=answer.correlation_id if answer else None,
        operation_id=_operation_of(command),
        connected=answer is not None and answer.connected,
    )


def _failed(ports: Ports, command: AnyCommand, error: CallscribeError) -> CommandFailed:
    return CommandFailed(
        at=ports.clock.now(),
        command=kind_of(command),
        failure=describe(error),
        operation_id=_operation_of(command),
        retry_after_ms=None if error.retry_after is None else int(error.retry_after * 1000),
    )


def _operation_of(command: AnyCommand) -> str | None:
    if isinstance(command, StartTranscription | UpdateTranscription | StopTranscription):
        return command.operation_id
    return None


def _back_off_ms(job: Job) -> int:
    return 500 * int(2**job.attempts)


async def _try_later(ports: Ports, job: Job, error: AcsError) -> bool:
    """Whether the job was put back: the reason may pass, and there is still time and patience."""
    wait = _back_off_ms(job) if error.retry_after is None else int(1000 * error.retry_after)
    due = ports.clock.now() + wait
    in_time = job.deadline is None or due < job.deadline
    if not error.retryable or job.attempts + 1 >= MOST_ATTEMPTS or not in_time:
        return False
    async with ports.store.transaction() as tx:
        await tx.reschedule(job.id, due)
    return True


async def _tell_call(ports: Ports, job: Job, seen: AnyObservation) -> Call | None:
    """Advance the call by what was seen, and take the job off the list, in one transaction."""
    async with ports.store.transaction() as tx:
        call = await tx.call(job.call_id)
        if call is None or await tx.job(job.id) is None:
            await tx.finish(job.id)
            return call
        heard_until = None
        if isinstance(seen, LookUpDue):
            heard_until = await tx.heard_until(call.id)
            seen = LookUpDue(at=seen.at, heard_until=heard_until)
        kept = await keep(tx, ports, call, advance(call, seen, fresh(ports, call.ai_endpoint)))
        if kept.number or not (isinstance(seen, _REMINDERS) or isinstance(job.work, LookUp)):
            await tx.record(_note(job, seen))
        await tx.finish(job.id)
        if isinstance(job.work, LookUp | LookUpDue) and kept.call.state in AT_ACS and not _asks(kept.jobs):
            await tx.enqueue(next_look_up(ports, kept.call, heard_until))
    tell(ports, kept)
    return kept.call


def _asks(jobs: Sequence[Job]) -> bool:
    """Whether ACS is about to be asked, after which the next look-up is set."""
    return any(isinstance(job.work, LookUp) for job in jobs)


def _note(job: Job, seen: AnyObservation) -> EventRecord:
    """What was seen, for the call's timeline."""
    failed = seen.failure if isinstance(seen, CommandFailed) else None
    told = {name: value for name, value in msgspec.to_builtins(seen).items() if value is not None}
    of_socket = isinstance(seen, SocketOpened | PacketsBegan | SocketClosed | SocketsLost | PacketsRefused)
    return EventRecord(
        id=job.id,
        key=job.id,
        source="transcript-socket" if of_socket else "callscribe",
        type=f"callscribe.{type(seen).__name__}",
        at=seen.at,
        received_at=seen.at,
        call_id=job.call_id,
        note=f"{failed.code}: {failed.detail}" if failed else None,
        data=msgspec.Raw(msgspec.json.encode({name: told[name] for name in told.keys() - _TOLD_APART})),
    )
