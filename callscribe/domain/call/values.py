"""A call as a value, and what one step of its life gives."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from callscribe.domain.commands import AnyCommand
from callscribe.domain.errors import Failure
from callscribe.domain.participants import Participant
from callscribe.domain.results import Result


class Direction(StrEnum):
    """How a call came to us."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    JOINED = "joined"
    EXPECTED = "expected"
    FOREIGN = "foreign"
    """Set up by another system without us: known by its `callConnectionId` only; its words stream elsewhere."""


class CallState(StrEnum):
    EXPECTED = "expected"
    RINGING = "ringing"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"
    MISSED = "missed"
    REJECTED = "rejected"
    REDIRECTED = "redirected"
    FAILED = "failed"


ENDED = frozenset(
    {CallState.DISCONNECTED, CallState.MISSED, CallState.REJECTED, CallState.REDIRECTED, CallState.FAILED}
)


AT_ACS = frozenset({CallState.CONNECTING, CallState.CONNECTED, CallState.DISCONNECTING})
"""States in which ACS can be asked how a call is."""


class StartMode(StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


class TranscriptionState(StrEnum):
    INACTIVE = "inactive"
    STARTING = "starting"
    ACTIVE = "active"
    """ACS's event and the socket's first packet have both been seen."""
    UPDATING = "updating"
    STOPPING = "stopping"
    FAILED = "failed"


class OperationKind(StrEnum):
    START = "start"
    UPDATE_LOCALE = "update-locale"
    STOP = "stop"


class Operation(msgspec.Struct, frozen=True):
    """One start, update-locale or stop in flight; ACS's events are matched to it by call and kind."""

    id: str
    kind: OperationKind
    at: int
    locale: str | None = None
    model: str | None = None
    operation_context: str | None = None
    restart: bool = False
    """An update-locale that is done as stop and start, since ACS refuses it on connected calls."""
    halted: bool = False
    """Of a restart: its stop is done, and what comes next is its start."""


class Transcription(msgspec.Struct, frozen=True):
    locale: str
    mode: StartMode = StartMode.AUTO
    state: TranscriptionState = TranscriptionState.INACTIVE
    model: str | None = None
    event_seen: bool = False
    packet_seen: bool = False
    attempts: int = 0
    operation: Operation | None = None
    failure: Failure | None = None


class AnnounceFailure(StrEnum):
    START = "start"
    HANG_UP = "hang-up"


class Announce(msgspec.Struct, frozen=True):
    """What is played before transcription starts."""

    text: str | None = None
    file_url: str | None = None
    voice: str | None = None
    on_failed: AnnounceFailure = AnnounceFailure.START
    done: bool = False


class GapCause(StrEnum):
    SOCKET_DROPPED = "socket-dropped"
    STREAM_INTERRUPTED = "stream-interrupted"
    LOCALE_CHANGE = "locale-change"
    TRANSCRIPTION_FAILED = "transcription-failed"


class Gap(msgspec.Struct, frozen=True):
    """A stretch of a call of which nothing is known; `ended_at` is None while it is open."""

    id: str
    cause: GapCause
    started_at: int
    ended_at: int | None = None
    ended_by: str | None = None


class Call(msgspec.Struct, frozen=True):
    """One call as callscribe sees it: one leg of ACS, one key, one transcript. Times are unix ms."""

    id: str
    key: str
    direction: Direction
    state: CallState
    created_at: int
    transcription: Transcription
    call_connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    from_id: str | None = None
    to: tuple[str, ...] = ()
    source_caller_id: str | None = None
    external_id: str | None = None
    metadata: dict[str, str] = {}
    agents: tuple[str, ...] = ()
    """Who is added as soon as the call is connected, and who was invited later."""
    participants: tuple[Participant, ...] = ()
    participants_sequence: int = -1
    announce: Announce | None = None
    connected_at: int | None = None
    ended_at: int | None = None
    result: Result | None = None
    failure: Failure | None = None
    gap: Gap | None = None
    """The open gap, if any; closed ones are on the record as changes."""
    restored_at: int | None = None
    """When packets last began or ACS last said that the stream is restored: earlier interruptions are over."""


class Fresh(NamedTuple):
    """What a step may need that values cannot make: the time (unix ms) and an id nobody else has."""

    now: int
    id: str


class Outcome(NamedTuple):
    """How an operation ended; a failure of None is success."""

    operation: Operation
    failure: Failure | None = None


class Step(NamedTuple):
    """The next call and what is to be done: commands to carry out, operations that ended, gaps to keep."""

    call: Call
    commands: tuple[AnyCommand, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    gaps: tuple[Gap, ...] = ()
