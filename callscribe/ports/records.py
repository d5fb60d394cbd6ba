"""What is kept: the values that stores take and give."""

import msgspec

from callscribe.domain.call import Call, CallState, Direction, Gap, Operation
from callscribe.domain.commands import AnyCommand
from callscribe.domain.errors import Failure
from callscribe.domain.observations import AnyObservation
from callscribe.domain.transcript import Segment, Stream


class EventRecord(msgspec.Struct, frozen=True):
    """One entry of the record: an event of ACS, or something we saw; `call_id` is None where no call is known.

    `key` makes deliveries of the same event one: a second entry with the same key is not stored.
    """

    id: str
    key: str
    source: str
    type: str
    at: int
    received_at: int
    call_id: str | None = None
    note: str | None = None
    data: msgspec.Raw | None = None


class Job(msgspec.Struct, frozen=True):
    """Something to be done for a call: a command to carry out, or an observation to act on.

    A worker takes it under a lease; one that dies leaves it to the next when the lease runs out.
    """

    id: str
    call_id: str
    work: AnyCommand | AnyObservation
    created_at: int
    due_at: int
    deadline: int | None = None
    """Unix ms after which it is pointless (an answer after the ring)."""
    attempts: int = 0


class OperationRecord(msgspec.Struct, frozen=True):
    """A start, update-locale or stop and how it ended; `state` is `running`, `succeeded` or `failed`."""

    operation: Operation
    call_id: str
    state: str
    ended_at: int | None = None
    failure: Failure | None = None
    note: str | None = None


class CallFilter(msgspec.Struct, frozen=True):
    """Which calls to list; every field that is set narrows."""

    state: CallState | None = None
    direction: Direction | None = None
    participant: str | None = None
    external_id: str | None = None
    since: int | None = None


class StoredCall(msgspec.Struct, frozen=True):
    """A call with what the store keeps beside it: its last change number and its transcript's zero (unix ms)."""

    call: Call
    last_change: int
    zero: int | None


class StoredSegment(msgspec.Struct, frozen=True):
    segment: Segment
    number: int


class StoredTranscript(msgspec.Struct, frozen=True):
    """A consistent snapshot: everything up to `stored.last_change`, nothing after it."""

    stored: StoredCall
    streams: tuple[Stream, ...]
    segments: tuple[StoredSegment, ...]
    gaps: tuple[Gap, ...]


class Idempotent(msgspec.Struct, frozen=True):
    """A kept answer to a request with an `Idempotency-Key`; `status` is None while the first still runs."""

    fingerprint: bytes
    status: int | None = None
    body: bytes = b""
    location: str | None = None


class Push(msgspec.Struct, frozen=True):
    """Changes of one call that a sink has not accepted yet: those after `delivered`."""

    sink: str
    call_id: str
    delivered: int
    attempts: int
