"""The transcript server's way into the store: no SQL toolkit, one thread, group commit."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from callscribe.domain.call import CallState, Direction
from callscribe.domain.transcript import Segment, Stream
from callscribe.ports.records import EventRecord, Job


class Admission(msgspec.Struct, frozen=True):
    """What the transcript server must know of a call before it takes its packets."""

    call_id: str
    direction: Direction
    state: CallState
    call_connection_id: str | None
    correlation_id: str | None
    zero: int | None
    names: dict[str, str]
    """Display names by raw id, as far as known."""
    streams: tuple[Stream, ...]
    heard_until: int | None
    """When the last segment on the record came, unix ms."""
    seen: frozenset[str]
    """Ids of the segments on the record."""


class WriteStream(msgspec.Struct, frozen=True, gc=False):
    """A stream was seen: kept as first seen, its origin lowered where the new one is lower."""

    call_id: str
    stream: Stream


class WriteSegment(msgspec.Struct, frozen=True, gc=False):
    call_id: str
    segment: Segment


class WriteNote(msgspec.Struct, frozen=True, gc=False):
    """An entry on the call's timeline."""

    event: EventRecord


class WriteObservation(msgspec.Struct, frozen=True, gc=False):
    """A job for the service's worker."""

    job: Job


Write = WriteStream | WriteSegment | WriteNote | WriteObservation


class Committed(msgspec.Struct, frozen=True):
    """What one group commit did: the last change number of each call that changed, and whether jobs were stored."""

    numbers: dict[str, int]
    jobs: bool
    seconds: float = 0.0
    """From taking the group's first write to its commit."""


class Archive(Protocol):
    """The transcript server's store. `put` is called on the event loop and never blocks."""

    async def admit(self, key: str) -> Admission | None: ...
    async def live(self) -> tuple[tuple[str, int | None], ...]:
        """The calls that go on, each with when (unix ms) its last segment came. Raises StoreUnavailable."""
        ...

    def put(self, write: Write) -> None:
        """Queue a write for the next group commit; order per call is kept. Raises Overloaded where the queue is full."""
        ...

    @property
    def queued(self) -> int:
        """How many writes wait to be committed."""
        ...

    async def drained(self) -> None:
        """Returns when everything put before this call is committed."""
        ...

    def on_commit(self, told: Callable[[Committed], None]) -> None:
        """`told` is called on the event loop after each commit."""
        ...

    async def ping(self) -> None: ...
