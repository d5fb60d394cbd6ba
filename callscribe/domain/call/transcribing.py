"""How transcription of a call goes on: its operations, its two witnesses, and its gaps.

Transcription counts as active when ACS's event and the socket's first packet have both been seen. ACS's events
are matched to the operation in flight by call and kind; an operation context is echoed inconsistently.
"""

from msgspec.structs import replace

from callscribe.domain import events
from callscribe.domain.call import recovery
from callscribe.domain.call.evidence import close_gap, is_over, open_gap, restored, witnessed
from callscribe.domain.call.starting import in_flight, start_command
from callscribe.domain.call.values import (
    Call,
    CallState,
    Direction,
    Fresh,
    Gap,
    GapCause,
    Operation,
    OperationKind,
    Outcome,
    Step,
    TranscriptionState,
)
from callscribe.domain.commands import StopTranscription
from callscribe.domain.errors import (
    Failure,
    NotTranscribing,
    OperationTimedOut,
    describe,
    transcription_failure,
)
from callscribe.domain.observations import CommandFailed, OperationOverdue

END_GRACE_MS = 5_000
"""A socket that closes this shortly before the call's end closed because of it: nothing was missed."""
_OF_THE_END = frozenset({GapCause.SOCKET_DROPPED, GapCause.STREAM_INTERRUPTED})
"""Gaps that a call's end may be the cause of; of others it only is the end."""

_INTERRUPTED = "streamConnectionInterrupted"
_RESTORED = frozenset({"streamConnectionReestablished", "transcriptionResumed"})


# --- ACS's events ---------------------------------------------------------------------------------------------


def on_started(call: Call, event: events.TranscriptionStarted, fresh: Fresh) -> Step:
    step = _connection(call, event.status, event.status_details, event.time, fresh)
    if step is not None:
        return step
    transcription = call.transcription
    operation = transcription.operation
    ours = operation is not None and _awaits_start(operation)
    if not ours and transcription.state not in (TranscriptionState.INACTIVE, TranscriptionState.FAILED):
        return Step(witnessed(call, event_seen=True))
    locale = operation.locale if ours and operation and operation.locale else transcription.locale
    settled = replace(
        transcription,
        state=TranscriptionState.STARTING,
        locale=locale,
        model=operation.model if ours and operation and operation.model else transcription.model,
        operation=None if ours else operation,
        failure=None,
    )
    outcomes = (Outcome(operation),) if ours and operation else ()
    seen = witnessed(replace(call, transcription=settled), event_seen=True)
    return Step(recovery.started(seen, fresh), (), outcomes)


def _awaits_start(operation: Operation) -> bool:
    """Whether ACS's next word about it is that transcription has started."""
    if operation.restart:
        return operation.halted
    return operation.kind is OperationKind.START


def on_updated(call: Call, event: events.TranscriptionUpdated, fresh: Fresh) -> Step:
    step = _connection(call, event.status, event.status_details, event.time, fresh)
    if step is not None:
        return step
    transcription = call.transcription
    operation = transcription.operation
    if operation is None or operation.kind is not OperationKind.UPDATE_LOCALE or operation.restart:
        return Step(call)
    settled = replace(
        transcription,
        state=TranscriptionState.STARTING,
        locale=operation.locale or transcription.locale,
        model=operation.model or transcription.model,
        operation=None,
        failure=None,
    )
    return Step(witnessed(replace(call, transcription=settled)), (), (Outcome(operation),))


def on_stopped(call: Call, event: events.TranscriptionStopped, fresh: Fresh) -> Step:
    step = _connection(call, event.status, event.status_details, event.time, fresh)
    if step is not None:
        return step
    operation = call.transcription.operation
    if operation is not None and _awaits_start(operation):
        # A stop that came before this start was asked for, delivered late.
        return Step(call)
    if operation is None and call.transcription.state is TranscriptionState.FAILED:
        # What has failed does not run, so this was no wish of anybody.
        return Step(call)
    quiet = replace(call.transcription, event_seen=False, packet_seen=False)
    if operation is not None and operation.restart:
        return _halted(replace(call, transcription=quiet), operation, event.time, fresh)
    stopped = recovery.forgotten(replace(quiet, state=TranscriptionState.INACTIVE, operation=None))
    closed, gaps = close_gap(call, event.time, "stopped")
    return Step(replace(closed, transcription=stopped), (), _stopped_outcomes(operation), gaps)


def _halted(call: Call, operation: Operation, at: int, fresh: Fresh) -> Step:
    """A restart's stop is done: its start follows, and what is said until then is not heard."""
    changes = operation.kind is OperationKind.UPDATE_LOCALE
    cause = GapCause.LOCALE_CHANGE if changes else GapCause.STREAM_INTERRUPTED
    opened, gaps = open_gap(call, cause, at, fresh)
    halted = replace(opened.transcription, operation=replace(operation, halted=True))
    return Step(replace(opened, transcription=halted), (start_command(operation),), (), gaps)


def _stopped_outcomes(operation: Operation | None) -> tuple[Outcome, ...]:
    """A stop has had its way; anything else that was in flight has been overtaken by it."""
    if operation is None:
        return ()
    if operation.kind is OperationKind.STOP:
        return (Outcome(operation),)
    overtaken = NotTranscribing("transcription was stopped before the locale was changed")
    return (Outcome(operation, describe(overtaken)),)


def on_failed(call: Call, event: events.TranscriptionFailed, fresh: Fresh) -> Step:
    result = event.result
    error = transcription_failure(
        result.code if result else 0,
        result.sub_code if result else 0,
        result.message if result else "",
        event.status_details,
    )
    operation = call.transcription.operation
    if operation is not None and _refused_as_connected(operation, error.acs_code, error.sub_code):
        return restart(call, operation)
    return _fail(call, describe(error), event.time, fresh)


def _refused_as_connected(operation: Operation, code: int, sub_code: int) -> bool:
    """ACS does not update transcription on connections made with Connect (405/8520); stop and start do it."""
    return (
        operation.kind is OperationKind.UPDATE_LOCALE
        and not operation.restart
        and (code, sub_code) == (405, 8520)
    )


def restart(call: Call, operation: Operation) -> Step:
    """Do an update-locale as stop and start."""
    transcription = in_flight(
        call.transcription, replace(operation, restart=True), TranscriptionState.UPDATING
    )
    stop = StopTranscription(operation_id=operation.id, operation_context=operation.operation_context)
    return Step(replace(call, transcription=transcription), (stop,))


def _fail(call: Call, failure: Failure, at: int, fresh: Fresh, retry_after_ms: int | None = None) -> Step:
    """The operation in flight, or else transcription itself, has failed."""
    transcription = call.transcription
    operation = transcription.operation
    if operation is not None and operation.kind is OperationKind.START and not _awaits_start(operation):
        # There was nothing to stop any more: what matters is the start.
        return _halted(call, operation, at, fresh)
    outcomes = (Outcome(operation, failure),) if operation is not None else ()
    survives = operation is not None and operation.kind is not OperationKind.START and not operation.restart
    if survives:
        back = replace(transcription, operation=None, failure=failure, state=TranscriptionState.STARTING)
        return Step(witnessed(replace(call, transcription=back)), (), outcomes)
    failed = replace(
        transcription,
        state=TranscriptionState.FAILED,
        operation=None,
        failure=failure,
        event_seen=False,
        packet_seen=False,
    )
    over = replace(call, transcription=failed)
    if operation is None and transcription.state not in recovery.RUNNING:
        # Nobody here had asked for anything that could be lost.
        return Step(over)
    opened, gaps = _unheard_since(over, _lost_since(call, at), fresh)
    return Step(recovery.after_failure(opened, failure, fresh, retry_after_ms), (), outcomes, gaps)


def _lost_since(call: Call, at: int) -> int:
    """Since when words are lost that were wanted: since they were asked for, where none had come yet."""
    transcription = call.transcription
    operation = transcription.operation
    if operation is None or transcription.event_seen or transcription.packet_seen:
        return at
    return min(at, max(operation.at, call.connected_at or 0))


def _unheard_since(call: Call, since: int, fresh: Fresh) -> tuple[Call, tuple[Gap, ...]]:
    """Words are lost where they are spoken: on a call that is connected."""
    if call.state is not CallState.CONNECTED:
        return call, ()
    return open_gap(call, GapCause.TRANSCRIPTION_FAILED, since, fresh)


def on_connected(call: Call, at: int, fresh: Fresh) -> Step:
    """The call stands, and its start at setup is in flight, or has come to nothing before."""
    transcription = call.transcription
    if transcription.state is not TranscriptionState.FAILED:
        return Step(call)
    opened, gaps = _unheard_since(call, at, fresh)
    if recovery.waits_for_connection(opened):
        step = recovery.again(opened, fresh)
        return step._replace(gaps=gaps)
    return Step(opened, (), (), gaps)


def _connection(call: Call, status: str | None, details: str | None, at: int, fresh: Fresh) -> Step | None:
    """The step for events that speak of the stream's connection, or None for all others."""
    if details == _INTERRUPTED and is_over(call, at):
        return Step(call)
    if details == _INTERRUPTED:
        if call.transcription.state not in recovery.RUNNING:
            return Step(call)
        opened, gaps = open_gap(call, GapCause.STREAM_INTERRUPTED, at, fresh)
        return Step(recovery.await_stream(opened, fresh), (), (), gaps)
    if details in _RESTORED or status in _RESTORED:
        closed, gaps = close_gap(call, at, "stream-restored")
        return Step(witnessed(restored(closed, at), event_seen=True), (), (), gaps)
    return None


# --- what our own requests met ------------------------------------------------------------------------------------


def on_command_failed(call: Call, seen: CommandFailed, fresh: Fresh) -> Step:
    """A start, update or stop that ACS refused at once."""
    operation = call.transcription.operation
    if operation is None or operation.id != seen.operation_id:
        return Step(call)
    return _fail(call, seen.failure, seen.at, fresh, seen.retry_after_ms)


def on_overdue(call: Call, seen: OperationOverdue, fresh: Fresh) -> Step:
    operation = call.transcription.operation
    if operation is None or (operation.id, operation.at) != (seen.operation_id, seen.began_at):
        return Step(call)
    failure = describe(OperationTimedOut(f"ACS sent no event for the {operation.kind} operation"))
    if operation.kind is OperationKind.START and call.transcription.packet_seen:
        # Words are coming: only ACS's event is missing, so that is all we know to have failed.
        waiting = replace(call.transcription, operation=None, failure=failure)
        return Step(replace(call, transcription=waiting), (), (Outcome(operation, failure),))
    return _fail(call, failure, seen.at, fresh)


# --- the end --------------------------------------------------------------------------------------------------


def finish(call: Call, at: int, failure: Failure) -> Step:
    """Transcription of a call that has ended."""
    operation = call.transcription.operation
    quiet = replace(
        call.transcription,
        state=TranscriptionState.FAILED
        if call.transcription.state is TranscriptionState.FAILED
        else TranscriptionState.INACTIVE,
        operation=None,
        event_seen=False,
        packet_seen=False,
    )
    outcomes: tuple[Outcome, ...] = ()
    if operation is not None:
        outcomes = (Outcome(operation, None if operation.kind is OperationKind.STOP else failure),)
    gap = call.gap
    nothing_missed = gap is not None and gap.cause in _OF_THE_END and at - gap.started_at <= END_GRACE_MS
    end = gap.started_at if gap is not None and nothing_missed else at
    over = recovery.cancelled(replace(call, transcription=quiet, sockets=()))
    closed, gaps = close_gap(over, end, "call-ended")
    return Step(closed, (), outcomes, gaps)


def restarts(call: Call) -> bool:
    """Whether a locale is changed by stop and start on this call."""
    return call.direction is Direction.JOINED
