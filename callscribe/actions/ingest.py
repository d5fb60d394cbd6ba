"""A spoken word's way from a socket to the record: what one transcript server does with the packets of its calls.

`packet` is the hot path: it reads, merges and queues, and makes no task, future, lock or log line. What is heard is
told to readers only after its commit; open lines alone are told at once, the newest of each speaker in each turn of
the event loop.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from callscribe.actions.doorbell import ring_for
from callscribe.actions.valve import Valve
from callscribe.domain.call import ENDED
from callscribe.domain.call.evidence import same_connection
from callscribe.domain.changes import JOBS_TOPIC, JobsDue, Partial, call_topic
from callscribe.domain.errors import Overloaded
from callscribe.domain.observations import (
    AnyObservation,
    PacketsBegan,
    PacketsRefused,
    SocketClosed,
    SocketOpened,
    SocketsLost,
)
from callscribe.domain.packets import (
    MalformedPacket,
    OtherPacket,
    TranscriptionData,
    TranscriptionMetadata,
    parse,
)
from callscribe.domain.reading import partial_view
from callscribe.domain.transcript import (
    Effect,
    Line,
    Segment,
    Socket,
    StreamBegan,
    StreamSeen,
    Transcript,
)
from callscribe.ports import (
    Admission,
    Committed,
    Counter,
    EventRecord,
    IngestPorts,
    Job,
    Level,
    Write,
    WriteNote,
    WriteObservation,
    WriteSegment,
    WriteStream,
)

_MINUTE_MS = 60_000
_KNOWN_KINDS = frozenset({"audiodata", "audiometadata", "dtmfdata"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything that is bounded on the way of a packet."""

    sockets: int = 20_000
    sockets_per_call: int = 16
    queue_high: int = 1000
    """Writes that wait for their commit before reading pauses."""
    queue_low: int = 250
    malformed_per_minute: int = 6000
    """Packets of one socket that cannot be read before it is closed."""
    noted_kinds: int = 16
    """Unknown kinds of packet that are noted for one socket."""
    remembered_calls: int = 10_000
    remembered_ms: int = 600_000
    """How long a call without sockets is remembered, for the socket with which ACS comes back."""


class MalformedFlood(Exception):
    """A socket sends so much that cannot be read that it is to be closed."""


class Counters(Protocol):
    """What is measured of packets; labels are kinds, never content."""

    @property
    def packets(self) -> Counter: ...
    @property
    def malformed(self) -> Counter: ...
    @property
    def segments(self) -> Counter: ...
    @property
    def sockets(self) -> Level: ...


@dataclass(slots=True, eq=False)
class _Call:
    id: str
    transcript: Transcript
    call_connection_id: str | None = None
    names: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Session:
    """One socket of a call; made by `Ingest.open`, changed by Ingest only."""

    id: str
    call: _Call
    socket: Socket
    call_connection_id: str | None
    correlation_id: str | None
    noted: set[str] = field(default_factory=set)
    malformed: int = 0
    """Packets that could not be read since the last note of them."""
    refused_since: int = 0
    """When the first of those came, unix ms."""
    minute: int = 0
    in_minute: int = 0
    reason: str = ""


class Ingest:
    """The transcripts of all calls that have sockets in this process. Belongs to one event loop."""

    def __init__(self, ports: IngestPorts, limits: Limits, counters: Counters) -> None:
        self.limits = limits
        self._ports = ports
        self._counters = counters
        self._calls: dict[str, _Call] = {}
        self._idle: dict[str, int] = {}
        self._partials: dict[tuple[str, str], tuple[_Call, Line]] = {}
        self._spilled: deque[Write] = deque()
        self.valve = Valve(limits.queue_high, limits.queue_low)
        """Closed while sockets are not to be read."""
        self._sockets = 0
        ports.archive.on_commit(self._committed)

    # --- sockets

    async def begin(self) -> None:
        """Before the first socket: what a server at this address held open when it ended was lost with it.

        Raises StoreUnavailable.
        """
        now, server = self._ports.clock.now(), self._ports.server
        for call_id, heard_until in await self._ports.archive.live():
            self._observe(call_id, SocketsLost(now, server, heard_until))

    async def admit(self, key: str) -> Admission | None:
        """What is known of the call whose capability `key` is. Raises StoreUnavailable."""
        return await self._ports.archive.admit(key)

    def full(self, call_id: str) -> bool:
        """Whether another socket of the call would be one too many, for it or for this process."""
        call = self._calls.get(call_id)
        of_call = call.transcript.sockets if call else 0
        return self._sockets >= self.limits.sockets or of_call >= self.limits.sockets_per_call

    def open(
        self, admission: Admission, call_connection_id: str | None, correlation_id: str | None
    ) -> Session:
        """A socket begins; the ids are those of ACS's `x-ms-call-*` headers."""
        now = self._ports.clock.now()
        self._forget(now)
        call = self._call(admission, call_connection_id)
        session = Session(
            id=self._ports.ids.new("socket"),
            call=call,
            socket=call.transcript.open_socket(),
            call_connection_id=call_connection_id,
            correlation_id=correlation_id,
        )
        self._sockets += 1
        self._counters.sockets.add()
        others = call.transcript.sockets - 1
        self._observe(
            call.id,
            SocketOpened(
                now,
                session.id,
                call_connection_id,
                correlation_id,
                others,
                admission.heard_until,
                self._ports.server,
            ),
        )
        if not same_connection(admission.correlation_id, correlation_id):
            text = f"The socket names the correlation id {correlation_id}; that of the call is another."
            self._note(session, "ForeignCorrelation", text)
        if admission.state in ENDED:
            self._note(session, "SocketAfterEnd", "ACS dialled in after the call had ended.")
        return session

    def close(self, session: Session, code: int) -> None:
        """A socket has ended with a close code of RFC 6455 section 7.4; 1006 where it was lost."""
        now = self._ports.clock.now()
        if session.malformed:
            self._note_malformed(session)
        call = session.call
        call.transcript.close_socket()
        self._sockets -= 1
        self._counters.sockets.add(-1)
        self._observe(call.id, SocketClosed(now, session.id, code, call.transcript.sockets))
        if not call.transcript.sockets:
            self._idle[call.id] = now

    def _call(self, admission: Admission, call_connection_id: str | None) -> _Call:
        call = self._calls.get(admission.call_id)
        if call is None:
            call = _Call(admission.call_id, Transcript(admission.call_id))
            self._calls[call.id] = call
        self._idle.pop(call.id, None)
        call.transcript.learn(admission.zero, admission.streams, admission.seen)
        call.names.update(admission.names)
        call.call_connection_id = (
            admission.call_connection_id or call.call_connection_id or call_connection_id
        )
        return call

    def _forget(self, now: int) -> None:
        while self._idle:
            call_id, since = next(iter(self._idle.items()))
            if now - since < self.limits.remembered_ms and len(self._idle) <= self.limits.remembered_calls:
                return
            del self._idle[call_id], self._calls[call_id]

    # --- packets

    def packet(self, session: Session, raw: bytes | bytearray | memoryview | str) -> None:
        """Take one text message. Raises MalformedFlood once a socket has sent too much that cannot be read."""
        now = self._ports.clock.now()
        try:
            packet = parse(raw)
        except MalformedPacket as fault:
            self._take_malformed(session, fault.reason, now)
            return
        call = session.call
        if isinstance(packet, TranscriptionData):
            if packet.final:
                self._partials.pop((call.id, packet.participant), None)
            self._counters.packets.add("final" if packet.final else "intermediate")
            effects = call.transcript.data(session.socket, packet, now)
        elif isinstance(packet, TranscriptionMetadata):
            self._counters.packets.add("metadata")
            self._compare(session, packet)
            effects = call.transcript.metadata(session.socket, packet, now)
        else:
            self._take_other(session, packet)
            return
        for effect in effects:
            self._apply(session, effect, now)

    def binary(self, session: Session) -> None:
        """Take a binary message; nothing that ACS documents comes as one."""
        self._counters.packets.add("binary")
        self._note_once(session, "binary", "UnknownPackets", "Binary messages come, and are ignored.")

    def _apply(self, session: Session, effect: Effect, now: int) -> None:
        call = session.call
        match effect:
            case Line():
                if not self._partials:
                    asyncio.get_running_loop().call_soon(self._publish_partials)
                self._partials[call.id, effect.participant] = call, effect
            case Segment():
                self._counters.segments.add("new")
                self._put(WriteSegment(call.id, effect))
            case StreamSeen():
                self._put(WriteStream(call.id, effect.stream))
            case StreamBegan():
                ids = session.call_connection_id, session.correlation_id
                self._observe(
                    call.id, PacketsBegan(now, session.id, effect.stream.id, effect.stream.locale, *ids)
                )
            case _:
                self._counters.segments.add("repeated")

    def _compare(self, session: Session, packet: TranscriptionMetadata) -> None:
        """Packets that name another call stay with the key's: the key is what was given out for it."""
        call, told = session.call, packet.call_connection_id
        if told is None:
            return
        if call.call_connection_id is None:
            call.call_connection_id = session.call_connection_id = told
            session.correlation_id = session.correlation_id or packet.correlation_id
        elif not same_connection(call.call_connection_id, told):
            text = f"Packets name the call connection {told}; they are kept with this call, whose key they came by."
            self._note_once(session, "foreign", "ForeignPackets", text)

    def _take_other(self, session: Session, packet: OtherPacket) -> None:
        self._counters.packets.add("other")
        kind = packet.kind.lower()
        if kind not in _KNOWN_KINDS and len(session.noted) < self.limits.noted_kinds:
            text = f"Packets of the unknown kind {packet.kind!r} come, and are ignored."
            self._note_once(session, kind, "UnknownPackets", text)

    def _take_malformed(self, session: Session, reason: str, now: int) -> None:
        self._counters.malformed.add("packet")
        session.malformed += 1
        session.reason = reason
        session.refused_since = session.refused_since or now
        if session.minute and now - session.minute < _MINUTE_MS:
            session.in_minute += 1
            if session.in_minute > self.limits.malformed_per_minute:
                raise MalformedFlood
            return
        session.minute, session.in_minute = now, 1
        self._note_malformed(session)

    # --- what is written and told

    def _note_malformed(self, session: Session) -> None:
        text = f"Packets that cannot be read: {session.malformed}. The last one: {session.reason}."
        now = self._ports.clock.now()
        self._observe(
            session.call.id, PacketsRefused(now, session.id, session.refused_since or now, session.malformed)
        )
        session.malformed, session.refused_since = 0, 0
        self._note(session, "MalformedPackets", text)

    def _note_once(self, session: Session, what: str, event: str, text: str) -> None:
        if what not in session.noted:
            session.noted.add(what)
            self._note(session, event, text)

    def _note(self, session: Session, event: str, text: str) -> None:
        now, note_id = self._ports.clock.now(), self._ports.ids.new("evt")
        source, call_id = "transcript-socket", session.call.id
        self._put(
            WriteNote(EventRecord(note_id, note_id, source, f"callscribe.{event}", now, now, call_id, text))
        )

    def _observe(self, call_id: str, seen: AnyObservation) -> None:
        self._put(WriteObservation(Job(self._ports.ids.new("job"), call_id, seen, seen.at, seen.at)))

    def _put(self, write: Write) -> None:
        """Queue a write; what the archive has no room for waits here, which reading does not add to for long."""
        if self._spilled:
            self._spilled.append(write)
        else:
            try:
                self._ports.archive.put(write)
            except Overloaded:
                self._spilled.append(write)
        self.valve.level(self.queued)

    def _refill(self) -> None:
        spilled, self._spilled = self._spilled, deque()
        for write in spilled:
            self._put(write)

    def _committed(self, committed: Committed) -> None:
        for call_id, number in committed.numbers.items():
            ring_for(self._ports.bus, call_id, number)
        if committed.jobs:
            self._ports.bus.publish(JOBS_TOPIC, JobsDue())
        self._refill()
        self.valve.level(self.queued)

    def _publish_partials(self) -> None:
        partials, self._partials = self._partials, {}
        for call, line in partials.values():
            body = msgspec.json.encode(partial_view(line, call.transcript.zero or 0, call.names))
            self._ports.bus.publish(call_topic(call.id), Partial(call.id, msgspec.Raw(body)))

    # --- room

    @property
    def queued(self) -> int:
        """Writes that wait for their commit."""
        return self._ports.archive.queued + len(self._spilled)

    def release(self) -> None:
        """Pause no more: the sockets end, and what they still hold is taken into memory."""
        self.valve.release()

    async def drained(self) -> None:
        """Returns when everything that was taken is committed."""
        while self.queued:
            self._refill()
            await self._ports.archive.drained()
