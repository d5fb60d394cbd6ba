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
    """It is done as stop and start: an update-locale that ACS refuses, or a start where ACS takes it to be running."""
    halted: bool = False
    """Of a restart: its stop is done, and what comes next is its start."""


class WaitsFor(StrEnum):
    """What the next start of transcription waits for."""

    BACK_OFF = "back-off"
    RETRY_AFTER = "retry-after"
    """ACS said how long."""
    QUOTA = "quota"
    """The AI resource bears no more transcriptions for now."""
    STREAM = "stream"
    """ACS may yet open its socket again by itself."""
    CONNECTION = "connection"


class GaveUp(StrEnum):
    """Why transcription is not started again by itself."""

    NOT_RETRYABLE = "not-retryable"
    ATTEMPTS_SPENT = "attempts-spent"
    TIME_SPENT = "time-spent"


class Recovery(msgspec.Struct, frozen=True):
    """One trouble with transcription, and what is done about it by itself. Times are unix ms."""

    since: int
    attempts: int = 0
    """Starts that it has taken."""
    next_at: int | None = None
    waits_for: WaitsFor | None = None
    gave_up: GaveUp | None = None
    settled_at: int | None = None
    """Since when transcription is active again; the budget is whole again once that has lasted."""


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
    recovery: Recovery | None = None


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
    SERVICE_RESTART = "service-restart"
    """The socket was open when our transcript server ended."""
    PACKETS_REFUSED = "packets-refused"
    """Packets came that could not be read."""
    QUOTA = "quota"
    """Transcription could not be started yet: the AI resource bears no more."""


class Gap(msgspec.Struct, frozen=True):
    """A stretch of a call of which nothing is known; `ended_at` is None while it is open."""

    id: str
    cause: GapCause
    started_at: int
    ended_at: int | None = None
    ended_by: str | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing was missed in it: its socket closed because the call was ending."""
        return self.ended_at == self.started_at and self.ended_by == "call-ended"


class Missing(msgspec.Struct, frozen=True):
    """What the gaps of a call that have ended come to."""

    gaps: int = 0
    ms: int = 0
    causes: tuple[GapCause, ...] = ()


class OpenSocket(msgspec.Struct, frozen=True):
    """A socket of a call, and the transcript server that holds it, by its address."""

    id: str
    server: str


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
    missing: Missing = Missing()
    sockets: tuple[OpenSocket, ...] = ()
    heard_at: int | None = None
    """When ACS last gave a sign that the call lives: an event, a socket, an answer."""
    ai_endpoint: str | None = None
    """The AI resource that the call was set up with; ACS changes it no more."""


class Rules(msgspec.Struct, frozen=True):
    """How calls are looked after; times in ms."""

    first_ms: int = 1_000
    """The first back-off; each further one is twice as long."""
    longest_ms: int = 30_000
    attempts: int = 20
    """Starts by itself in one trouble."""
    within_ms: int = 600_000
    """How long after a trouble began transcription is still started by itself."""
    restart_ms: int = 60_000
    """How long our transcript server may take to restart."""
    reconnect_ms: int = 20_000
    """How long ACS may take to restore a stream by itself."""
    silence_ms: int = 60_000
    """After how long without a sign ACS is asked whether a call still goes on."""
    longest_call_ms: int | None = None
    """After how long a call is hung up; None is never."""


class Room(NamedTuple):
    """When an AI resource bears new transcriptions, unix ms: 0 is now."""

    blocked_until: int = 0
    next_slot: int = 0
    """When the next one is admitted, after those that wait already."""


class Fresh(NamedTuple):
    """What a step may need that the call does not tell: the time (unix ms), an id nobody else has, how patient we are,
    and what the call's AI resource bears."""

    now: int
    id: str
    rules: Rules = Rules()
    room: Room = Room()


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
