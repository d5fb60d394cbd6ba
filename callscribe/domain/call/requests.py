"""What operators ask of a call: start, change the locale of and stop transcription, hang up.

A request that asks for the state which already is gives its outcome at once and no command. Requests that the
call's state does not allow raise a conflict (409) and change nothing.
"""

from msgspec.structs import replace

from callscribe.domain.call.evidence import close_gap
from callscribe.domain.call.recovery import forgotten
from callscribe.domain.call.starting import in_flight, start_command
from callscribe.domain.call.transcribing import restart, restarts
from callscribe.domain.call.values import (
    ENDED,
    Call,
    CallState,
    Operation,
    Outcome,
    Step,
    Transcription,
    TranscriptionState,
)
from callscribe.domain.commands import HangUp, StopTranscription, UpdateTranscription
from callscribe.domain.errors import (
    AlreadyTranscribing,
    CallEnded,
    CallNotConnected,
    NotTranscribing,
    OperationInFlight,
)

_IDLE = frozenset({TranscriptionState.INACTIVE, TranscriptionState.FAILED})


def request_start(call: Call, operation: Operation) -> Step:
    _must_be_free(call)
    transcription = call.transcription
    if transcription.state is TranscriptionState.ACTIVE:
        if not _same(operation, transcription):
            raise AlreadyTranscribing(
                f"the call is transcribed as {transcription.locale}; use update-locale to change that"
            )
        return Step(call, (), (Outcome(operation),))
    wanted = replace(
        operation,
        locale=operation.locale or transcription.locale,
        model=operation.model or transcription.model,
    )
    started = in_flight(forgotten(transcription), wanted, TranscriptionState.STARTING)
    return Step(replace(call, transcription=started), (start_command(wanted),))


def request_update_locale(call: Call, operation: Operation) -> Step:
    _must_be_free(call)
    transcription = call.transcription
    if transcription.state in _IDLE:
        raise NotTranscribing("there is no running transcription whose locale could be changed")
    if _same(operation, transcription):
        return Step(call, (), (Outcome(operation),))
    if restarts(call):
        return restart(call, operation)
    updating = in_flight(transcription, operation, TranscriptionState.UPDATING)
    command = UpdateTranscription(
        operation_id=operation.id,
        locale=operation.locale or transcription.locale,
        model=operation.model,
        operation_context=operation.operation_context,
    )
    return Step(replace(call, transcription=updating), (command,))


def request_stop(call: Call, operation: Operation) -> Step:
    _must_be_free(call)
    if call.transcription.state in _IDLE:
        return _stopped_waiting(call, operation)
    stopping = in_flight(forgotten(call.transcription), operation, TranscriptionState.STOPPING)
    command = StopTranscription(operation_id=operation.id, operation_context=operation.operation_context)
    return Step(replace(call, transcription=stopping), (command,))


def _stopped_waiting(call: Call, operation: Operation) -> Step:
    """Nothing runs: a start that waits is cancelled, and what is said from now on is not missed."""
    idle = replace(forgotten(call.transcription), state=TranscriptionState.INACTIVE)
    closed, gaps = close_gap(call, operation.at, "stopped")
    if call.transcription.recovery is None and not gaps:
        return Step(call, (), (Outcome(operation),))
    return Step(replace(closed, transcription=idle), (), (Outcome(operation),), gaps)


def request_hang_up(call: Call, for_everyone: bool, at: int) -> Step:
    """End the call; an announced call that never came is taken off, one that has ended stays as it is."""
    if call.state in ENDED or call.state is CallState.DISCONNECTING:
        return Step(call)
    if call.call_connection_id is not None:
        return Step(replace(call, state=CallState.DISCONNECTING), (HangUp(for_everyone=for_everyone),))
    if call.state is CallState.EXPECTED:
        return Step(replace(call, state=CallState.DISCONNECTED, ended_at=at))
    raise CallNotConnected("the call has no connection at ACS yet; try again when it is connecting")


def _same(operation: Operation, transcription: Transcription) -> bool:
    """Whether what is asked for is what there is; nothing said is nothing asked."""
    locale = operation.locale in (None, transcription.locale)
    return locale and operation.model in (None, transcription.model)


def _must_be_free(call: Call) -> None:
    if call.state in ENDED or call.state is CallState.DISCONNECTING:
        raise CallEnded(f"the call is {call.state}")
    if call.state is not CallState.CONNECTED:
        raise CallNotConnected(f"the call is {call.state}")
    if call.transcription.operation is not None:
        running = call.transcription.operation
        raise OperationInFlight(f"a {running.kind} ({running.id}) is in flight; it ends with ACS's event")
