"""How transcription of a call goes on: its operations, its two witnesses, and its gaps.

Transcription counts as active when ACS's event and the socket's first packet have both been seen. ACS's events
are matched to the operation in flight by call and kind; an operation context is echoed inconsistently.
"""

from msgspec.structs import replace

from callscribe.domain import events
from callscribe.domain.call.evidence import bound, close_gap, open_gap, witnessed
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
    StartMode,
    Step,
    Transcription,
    TranscriptionState,
)
from callscribe.domain.commands import StartTranscription, StopTranscription
from callscribe.domain.errors import (
    Failure,
    NotTranscribing,
    OperationTimedOut,
    describe,
    transcription_failure,
)
from callscribe.domain.observations import (
    CommandFailed,
    OperationOverdue,
    PacketsBegan,
    SocketClosed,
    SocketOpened,
)
from callscribe.domain.participants import ParticipantKind, classify

END_GRACE_MS = 5_000
"""A socket that closes this shortly before the call's end closed because of it: nothing was missed."""

_INTERRUPTED = "streamConnectionInterrupted"
_RESTORED = frozenset({"streamConnectionReestablished", "transcriptionResumed"})
_RUNNING = frozenset({TranscriptionState.STARTING, TranscriptionState.ACTIVE, TranscriptionState.UPDATING})


# --- when to start --------------------------------------------------------------------------------------------


def starts_at_setup(mode: StartMode, announced: bool, others: tuple[str, ...]) -> bool:
    """Whether the options of answer, create or connect ask ACS to start at once.

    Starting later loses the first seconds; but ACS refuses a start at setup on 1:1 calls with its own users
    (a known issue of the service), and what is announced is not to be transcribed.
    """
    one_to_one = len(others) == 1 and classify(others[0]) is ParticipantKind.COMMUNICATION_USER
    return mode is StartMode.AUTO and not announced and not one_to_one


def begun(transcription: Transcription, fresh: Fresh) -> Transcription:
    """Transcription with a start in flight that nobody asked for by name."""
    operation = Operation(
        id=f"op_{fresh.id}",
        kind=OperationKind.START,
        at=fresh.now,
        locale=transcription.locale,
        model=transcription.model,
    )
    return in_flight(transcription, operation, TranscriptionState.STARTING)


def in_flight(transcription: Transcription, operation: Operation, state: TranscriptionState) -> Transcription:
    """Transcription with an operation on its way; `attempts` counts the starts asked of ACS in this call.

    A start needs both witnesses anew: what was seen before speaks of an earlier run.
    """
    starts = operation.kind is OperationKind.START
    return replace(
        transcription,
        operation=operation,
        state=state,
        failure=None,
        attempts=transcription.attempts + (starts or operation.restart),
        event_seen=transcription.event_seen and not starts,
        packet_seen=transcription.packet_seen and not starts,
    )


def start_command(operation: Operation) -> StartTranscription:
    return StartTranscription(
        operation_id=operation.id,
        locale=operation.locale,
        model=operation.model,
        operation_context=operation.operation_context,
    )


def start_now(call: Call, fresh: Fresh) -> Step:
    """Start by ourselves, unless somebody has or nobody wants it."""
    transcription = call.transcription
    idle = transcription.operation is None and transcription.state is TranscriptionState.INACTIVE
    if transcription.mode is not StartMode.AUTO or not idle:
        return Step(call)
    started = begun(transcription, fresh)
    assert started.operation is not None
    return Step(replace(call, transcription=started), (start_command(started.operation),))


# --- ACS's events ---------------------------------------------------------------------------------------------


def on_started(call: Call, event: events.TranscriptionStarted, fresh: Fresh) -> Step:
    step = _connection(call, event.status, event.status_details, event.time, fresh)
    if step is not None:
        return step
    transcription = call.transcription
    operation = transcription.operation
    ours = operation is not None and (operation.kind is OperationKind.START or operation.halted)
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
    return Step(witnessed(replace(call, transcription=settled), event_seen=True), (), outcomes)


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
    if operation is not None and (operation.kind is OperationKind.START or operation.halted):
        # A stop that came before this start was asked for, delivered late.
        return Step(call)
    quiet = replace(call.transcription, event_seen=False, packet_seen=False)
    if operation is not None and operation.restart:
        opened, gaps = open_gap(call, GapCause.LOCALE_CHANGE, event.time, fresh)
        halted = replace(quiet, operation=replace(operation, halted=True))
        return Step(replace(opened, transcription=halted), (start_command(operation),), (), gaps)
    stopped = replace(quiet, state=TranscriptionState.INACTIVE, operation=None)
    closed, gaps = close_gap(call, event.time, "stopped")
    return Step(replace(closed, transcription=stopped), (), _stopped_outcomes(operation), gaps)


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


def _fail(call: Call, failure: Failure, at: int, fresh: Fresh) -> Step:
    """The operation in flight, or else transcription itself, has failed."""
    transcription = call.transcription
    operation = transcription.operation
    outcomes = (Outcome(operation, failure),) if operation is not None else ()
    survives = operation is not None and operation.kind is not OperationKind.START and not operation.restart
    if survives:
        back = replace(transcription, operation=None, failure=failure, state=TranscriptionState.STARTING)
        return Step(witnessed(replace(call, transcription=back)), (), outcomes)
    was_running = transcription.event_seen or transcription.packet_seen
    failed = replace(
        transcription,
        state=TranscriptionState.FAILED,
        operation=None,
        failure=failure,
        event_seen=False,
        packet_seen=False,
    )
    gaps: tuple[Gap, ...] = ()
    if was_running and call.state is CallState.CONNECTED:
        call, gaps = open_gap(call, GapCause.TRANSCRIPTION_FAILED, at, fresh)
    return Step(replace(call, transcription=failed), (), outcomes, gaps)


def _connection(call: Call, status: str | None, details: str | None, at: int, fresh: Fresh) -> Step | None:
    """The step for events that speak of the stream's connection, or None for all others."""
    if details == _INTERRUPTED and _is_over(call, at):
        return Step(call)
    if details == _INTERRUPTED:
        opened, gaps = open_gap(call, GapCause.STREAM_INTERRUPTED, at, fresh)
        return Step(opened, (), (), gaps)
    if details in _RESTORED or status in _RESTORED:
        closed, gaps = close_gap(call, at, "stream-restored")
        return Step(witnessed(_restored(closed, at), event_seen=True), (), (), gaps)
    return None


def _is_over(call: Call, since: int) -> bool:
    """Whether an interruption has passed by the time it is told: its witnesses come by two ways, in either order."""
    return call.restored_at is not None and since < call.restored_at


def _restored(call: Call, at: int) -> Call:
    return replace(call, restored_at=max(at, call.restored_at or at))


# --- what we saw ourselves ------------------------------------------------------------------------------------


def on_socket_opened(call: Call, seen: SocketOpened, fresh: Fresh) -> Step:
    """A socket that comes alone although packets were coming: the one before was lost with its server."""
    call = bound(call, seen.call_connection_id, None, seen.correlation_id)
    if seen.others or not call.transcription.packet_seen:
        return Step(call)
    since = seen.at if seen.heard_until is None else min(seen.at, seen.heard_until)
    return _unheard(call, since, fresh)


def on_packets_began(call: Call, seen: PacketsBegan, fresh: Fresh) -> Step:
    call = bound(call, seen.call_connection_id, None, seen.correlation_id)
    closed, gaps = close_gap(call, seen.at, "packets")
    return Step(witnessed(_restored(closed, seen.at), packet_seen=True), (), (), gaps)


def on_socket_closed(call: Call, seen: SocketClosed, fresh: Fresh) -> Step:
    return Step(call) if seen.remaining else _unheard(call, seen.at, fresh)


def _unheard(call: Call, since: int, fresh: Fresh) -> Step:
    """No socket of the call is open: a gap, unless nothing was to be heard."""
    transcription = call.transcription
    stopping = transcription.operation is not None and (
        transcription.operation.kind is OperationKind.STOP or transcription.operation.restart
    )
    running = transcription.state in _RUNNING and transcription.packet_seen
    if call.state is not CallState.CONNECTED:
        return Step(call)
    waiting = replace(transcription, packet_seen=False)
    if stopping or not running:
        return Step(replace(call, transcription=waiting))
    if waiting.state is TranscriptionState.ACTIVE:
        waiting = replace(waiting, state=TranscriptionState.STARTING)
    if _is_over(call, since):
        return Step(replace(call, transcription=waiting))
    opened, gaps = open_gap(call, GapCause.SOCKET_DROPPED, since, fresh)
    return Step(replace(opened, transcription=waiting), (), (), gaps)


def on_command_failed(call: Call, seen: CommandFailed, fresh: Fresh) -> Step:
    """A start, update or stop that ACS refused at once."""
    operation = call.transcription.operation
    if operation is None or operation.id != seen.operation_id:
        return Step(call)
    return _fail(call, seen.failure, seen.at, fresh)


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
    nothing_missed = call.gap is not None and at - call.gap.started_at <= END_GRACE_MS
    end = call.gap.started_at if call.gap is not None and nothing_missed else at
    closed, gaps = close_gap(replace(call, transcription=quiet), end, "call-ended")
    return Step(closed, (), outcomes, gaps)


def restarts(call: Call) -> bool:
    """Whether a locale is changed by stop and start on this call."""
    return call.direction is Direction.JOINED
