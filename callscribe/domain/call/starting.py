"""When transcription starts, and what a start is."""

from msgspec.structs import replace

from callscribe.domain.call.values import (
    Fresh,
    Operation,
    OperationKind,
    StartMode,
    Transcription,
    TranscriptionState,
)
from callscribe.domain.commands import StartTranscription
from callscribe.domain.participants import ParticipantKind, classify


def starts_at_setup(mode: StartMode, announced: bool, others: tuple[str, ...]) -> bool:
    """Whether the options of answer, create or connect ask ACS to start at once.

    Starting later loses the first seconds; but ACS refuses a start at setup on 1:1 calls with its own users
    (a known issue of the service), and what is announced is not to be transcribed.
    """
    one_to_one = len(others) == 1 and classify(others[0]) is ParticipantKind.COMMUNICATION_USER
    return mode is StartMode.AUTO and not announced and not one_to_one


def admitted(fresh: Fresh) -> bool:
    """Whether the call's AI resource bears one more transcription now."""
    return fresh.room.next_slot <= fresh.now


def begun(transcription: Transcription, fresh: Fresh, *, stop_first: bool = False) -> Transcription:
    """Transcription with a start in flight that nobody asked for by name.

    With `stop_first` it is stop and start: ACS confirms a start of what it takes to be running, and does nothing.
    """
    operation = Operation(
        id=f"op_{fresh.id}",
        kind=OperationKind.START,
        at=fresh.now,
        locale=transcription.locale,
        model=transcription.model,
        restart=stop_first,
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
