"""What the transcript server and the worker see of a call, told to `domain.call.advance` beside ACS's events.

The transcript server never calls ACS and never changes a call: it stores what it saw and rings; the service's
worker acts on it.
"""

import msgspec

from callscribe.domain.errors import Failure


class Observation(msgspec.Struct, frozen=True, tag_field="seen", rename="camel"):
    """Parent of all observations; `at` is unix ms."""

    at: int


class SocketOpened(Observation, frozen=True, tag="socket-opened"):
    """ACS dialled in; the ids are those of its `x-ms-call-*` headers, where it sent them."""

    socket_id: str
    call_connection_id: str | None = None
    correlation_id: str | None = None
    others: int = 0
    """The call's sockets that were open in that server already."""
    heard_until: int | None = None
    """When the last segment on the record came, unix ms."""
    server: str = ""
    """Which transcript server it is open in, by its address."""


class PacketsBegan(Observation, frozen=True, tag="packets-began"):
    """The first packet of a stream came over a socket: the second witness of running transcription."""

    socket_id: str
    stream_id: str
    locale: str | None
    call_connection_id: str | None = None
    correlation_id: str | None = None


class SocketClosed(Observation, frozen=True, tag="socket-closed"):
    """A socket ended; `remaining` counts the call's sockets still open in that server."""

    socket_id: str
    code: int
    remaining: int


class SocketsLost(Observation, frozen=True, tag="sockets-lost"):
    """A transcript server began at this address: what its predecessor held open ended with it."""

    server: str
    heard_until: int | None = None
    """When the last segment on the record came, unix ms."""


class PacketsRefused(Observation, frozen=True, tag="packets-refused"):
    """Packets came that could not be read, from `since` (unix ms) to `at`."""

    socket_id: str
    since: int
    count: int


class CommandDone(Observation, frozen=True, tag="command-done"):
    """ACS accepted a command; the ids are those of its answer."""

    command: str
    """The command's kind, such as `answer`."""
    call_connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    operation_id: str | None = None
    connected: bool = False
    """Of a look-up: ACS says that the call is connected."""


class CommandFailed(Observation, frozen=True, tag="command-failed"):
    """ACS refused a command, or could not be reached within its time."""

    command: str
    failure: Failure
    operation_id: str | None = None
    retry_after_ms: int | None = None
    """How long ACS asks to wait before the next try."""


class RingingOver(Observation, frozen=True, tag="ringing-over"):
    """The thirty seconds in which an incoming call can be answered have passed."""


class AnnounceOverdue(Observation, frozen=True, tag="announce-overdue"):
    """ACS never told that an announcement was played, or was not, within the time allowed."""


class LookUpDue(Observation, frozen=True, tag="look-up-due"):
    """It is time to see whether the call has fallen silent."""

    heard_until: int | None = None
    """When the last segment on the record came, unix ms."""


class RetryDue(Observation, frozen=True, tag="retry-due"):
    """The time has come at which transcription was to be started again: `at`, as it was planned."""


class OperationOverdue(Observation, frozen=True, tag="operation-overdue"):
    """ACS sent no event for an operation within the time allowed since `began_at` (unix ms)."""

    operation_id: str
    began_at: int


AnyObservation = (
    SocketOpened
    | PacketsBegan
    | SocketClosed
    | SocketsLost
    | PacketsRefused
    | CommandDone
    | CommandFailed
    | RingingOver
    | AnnounceOverdue
    | LookUpDue
    | RetryDue
    | OperationOverdue
)
