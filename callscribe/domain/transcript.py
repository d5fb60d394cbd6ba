"""The transcript of a call: streams, segments and open lines, merged from any number of sockets.

Ids derive from content, so the same packets give the same segments over whichever sockets, in whichever process and
however often they come. Which stream (run of the recogniser) a Final belongs to is decided by evidence: metadata is
repeated by a recogniser that goes on over a new socket as well as by one that began anew, and ACS does not say which.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from callscribe.domain.packets import SpokenWord, TranscriptionData, TranscriptionMetadata
from callscribe.domain.timeline import is_legacy, position, ticks_to_ms

MOST_STREAMS = 1000
"""Streams of one call; whatever would begin one more goes on in those there are."""
MOST_LINES = 500
"""Open lines of one call."""
LONGEST_MS = 48 * 3_600_000
"""Longer than any call: an offset beyond it says nothing about what has been heard."""
SLACK_MS = 3000
"""How late words, and metadata, may come; beginnings that are less apart are one."""


class Stream(msgspec.Struct, frozen=True):
    """One run of ACS's recogniser (a stream epoch): positions in it are relative to `started_at`.

    `id` derives from subscription, locale, model and incarnation, so that it is the same whichever socket or
    process saw it first. `origin` is the stream's least offset (ticks) where the encoding is legacy, else None.
    """

    id: str
    subscription_id: str
    locale: str | None
    model: str | None
    incarnation: int
    started_at: int
    origin: int | None = None


Word = SpokenWord
"""A word of a segment is the word of its packet, ticks as ACS sent them."""


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One Final. `id` derives from call, subscription, participant, offset and content: re-deliveries share it."""

    id: str
    stream_id: str
    participant: str
    text: str
    offset: int
    duration: int | None
    confidence: float | None
    locale: str | None
    words: tuple[Word, ...]
    sentiment: str | None
    received_at: int


class Line(msgspec.Struct, frozen=True):
    """A speaker's open line: an utterance as far as recognised, replaced by the next and closed by any Final."""

    stream: Stream
    participant: str
    text: str
    offset: int
    locale: str | None


class StreamSeen(msgspec.Struct, frozen=True):
    """The stream is to be kept: it is new, or its origin is lower than known before."""

    stream: Stream


class StreamBegan(msgspec.Struct, frozen=True):
    """The stream's first packet on this socket."""

    stream: Stream


class Repeated(msgspec.Struct, frozen=True):
    """A Final that is known already."""


Effect = Segment | Line | StreamSeen | StreamBegan | Repeated
Content = tuple[str, str | None, str | None]
"""What metadata says of a recogniser: subscription, locale and model."""

_UNANNOUNCED: Content = ("", None, None)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True, eq=False)
class Socket:
    """How far one socket has come; made and changed by its Transcript only."""

    heard: int
    """When the last utterance ended that came over this socket, or over those it follows; unix ms."""
    floor: int = 0
    """What `heard` was when the socket came to its stream."""
    content: Content | None = None
    stream_id: str = ""
    quiet: bool = True
    """Nothing but metadata has come since the last metadata."""
    renewed_at: int | None = None
    """When metadata came of a stream that is known already: it goes on, or it began anew."""
    last: dict[str, int] = field(default_factory=dict)
    """The offset of each participant's last Final in the stream."""
    offsets: set[tuple[str, int]] = field(default_factory=set)
    """Participants and offsets of the stream's Finals."""


class Transcript:
    """Everything one process knows of a call's transcript. Times are unix ms and come in as arguments."""

    def __init__(self, call_id: str) -> None:
        self.zero: int | None = None
        """The start of the first stream."""
        self.sockets = 0
        """How many are open."""
        self._call_id = call_id
        self._streams: dict[str, Stream] = {}
        self._latest: dict[Content, Stream] = {}
        self._seen: set[str] = set()
        self._lines: dict[tuple[str, str], Line] = {}
        self._closed: dict[tuple[str, str], int] = {}
        self._heard = 0

    def learn(self, zero: int | None, streams: Iterable[Stream], seen: Iterable[str]) -> None:
        """Take over what is on the record, as it is whenever a socket is admitted."""
        self.zero = self.zero if zero is None else zero
        self._seen.update(seen)
        for stream in streams:
            if stream.id not in self._streams:
                self._add(stream)

    def open_socket(self) -> Socket:
        """A socket that follows the earlier ones, where they are closed, or else runs beside them."""
        self.sockets += 1
        return Socket(heard=0 if self.sockets > 1 else self._heard)

    def close_socket(self) -> None:
        self.sockets -= 1

    def metadata(self, socket: Socket, packet: TranscriptionMetadata, now: int) -> tuple[Effect, ...]:
        """Later data of the socket belongs to the stream announced here."""
        content = (packet.subscription_id, packet.locale, packet.model)
        if socket.quiet and content == socket.content:
            return ()
        return self._enter(socket, content, now)

    def data(self, socket: Socket, packet: TranscriptionData, now: int) -> tuple[Effect, ...]:
        """What a packet changes; data without metadata has a stream of its own, so that no word is lost."""
        entered = self._enter(socket, _UNANNOUNCED, now) if socket.content is None else ()
        socket.quiet = False
        if packet.final:
            return (*entered, *self._final(socket, packet, now))
        return (*entered, *self._line(socket, packet))

    # --- streams

    def _enter(self, socket: Socket, content: Content, now: int) -> tuple[Effect, ...]:
        if content not in self._latest and len(self._streams) >= MOST_STREAMS:
            content = next(iter(self._latest))
        known = self._latest.get(content)
        stream = known or self._begin(content, 0, max(now, socket.heard))
        if stream.id != socket.stream_id:
            _move(socket, content, stream)
        socket.quiet = True
        if known is None:
            return StreamSeen(stream), StreamBegan(stream)
        socket.renewed_at = now
        return (StreamBegan(stream),)

    def _begin(self, content: Content, incarnation: int, started_at: int) -> Stream:
        stream = Stream(_stream_id(content, incarnation), *content, incarnation, started_at)
        self._add(stream)
        return stream

    def _add(self, stream: Stream) -> None:
        self._streams[stream.id] = stream
        content = (stream.subscription_id, stream.locale, stream.model)
        latest = self._latest.get(content)
        if latest is None or latest.incarnation < stream.incarnation:
            self._latest[content] = stream
        self.zero = stream.started_at if self.zero is None else self.zero

    def _begin_anew(
        self, socket: Socket, stream: Stream, started_at: int
    ) -> tuple[Stream, tuple[Effect, ...]]:
        """The stream's next incarnation, which another socket may have seen before."""
        content = (stream.subscription_id, stream.locale, stream.model)
        known = self._streams.get(_stream_id(content, stream.incarnation + 1))
        anew = known or self._begin(content, stream.incarnation + 1, started_at)
        _move(socket, content, anew)
        return anew, (StreamBegan(anew),) if known else (StreamSeen(anew), StreamBegan(anew))

    # --- finals

    def _final(self, socket: Socket, packet: TranscriptionData, now: int) -> tuple[Effect, ...]:
        stream = self._streams[socket.stream_id]
        self._lines.pop((stream.id, packet.participant), None)
        segment_id = _segment_id(self._call_id, stream, packet)
        if segment_id in self._seen:
            return (Repeated(),)
        effects: tuple[Effect, ...] = ()
        began = _began_anew(socket, stream, packet, now)
        if began is not None and len(self._streams) < MOST_STREAMS:
            stream, effects = self._begin_anew(socket, stream, began)
        if is_legacy(packet.offset) and (stream.origin is None or packet.offset < stream.origin):
            stream = self._lower(stream, packet.offset)
            effects = (*effects, StreamSeen(stream))
        self._note(socket, stream, packet)
        self._seen.add(segment_id)
        return (*effects, _segment(segment_id, stream, packet, now))

    def _lower(self, stream: Stream, origin: int) -> Stream:
        lowered = msgspec.structs.replace(stream, origin=origin)
        self._streams[stream.id] = lowered
        content = (stream.subscription_id, stream.locale, stream.model)
        if self._latest[content].id == stream.id:
            self._latest[content] = lowered
        return lowered

    def _note(self, socket: Socket, stream: Stream, packet: TranscriptionData) -> None:
        """Remember what tells later Finals apart."""
        socket.last[packet.participant] = packet.offset
        socket.offsets.add((packet.participant, packet.offset))
        line = (stream.id, packet.participant)
        self._closed[line] = max(packet.offset, self._closed.get(line, 0))
        end = _end(packet, stream.origin)
        if end <= LONGEST_MS:
            socket.heard = max(socket.heard, stream.started_at + end)
            self._heard = max(self._heard, socket.heard)

    # --- open lines

    def _line(self, socket: Socket, packet: TranscriptionData) -> tuple[Effect, ...]:
        stream = self._streams[socket.stream_id]
        key = (stream.id, packet.participant)
        if socket.renewed_at is None and packet.offset <= self._closed.get(key, -1):
            return ()
        line = Line(stream, packet.participant, packet.text, packet.offset, packet.locale or stream.locale)
        if self._lines.get(key) == line:
            return ()
        if key not in self._lines and len(self._lines) >= MOST_LINES:
            del self._lines[next(iter(self._lines))]
        self._lines[key] = line
        return (line,)


def _move(socket: Socket, content: Content, stream: Stream) -> None:
    """The socket's packets belong to another stream from now on."""
    socket.content, socket.stream_id = content, stream.id
    socket.floor, socket.renewed_at = socket.heard, None
    socket.last, socket.offsets = {}, set()


def _began_anew(socket: Socket, stream: Stream, packet: TranscriptionData, now: int) -> int | None:
    """When the recogniser began anew, where this Final shows that it did.

    Words cannot come before they are spoken, so a Final belongs to a beginning only if there was time for it since.
    Where time tells nothing (packets of a replay come faster than speech, legacy offsets count from nowhere), the
    order in which they come has to do.
    """
    last = socket.last.get(packet.participant, packet.offset)
    jumped_back = packet.offset < last and (packet.participant, packet.offset) not in socket.offsets
    renewed = socket.renewed_at
    if renewed is None and not jumped_back:
        return None
    end = _end(packet, stream.origin)
    began = now - _end(packet, None) if renewed is None else renewed
    if socket.heard > now or is_legacy(packet.offset):
        too_early = renewed is not None and stream.started_at + end < socket.floor
        return max(began, socket.heard) if jumped_back or too_early else None
    if renewed is None:
        # One that would have begun before the last Final had ended was only overtaken on its way.
        return began if began >= socket.heard else None
    late = now - (stream.started_at + end) > SLACK_MS
    apart = began - stream.started_at > SLACK_MS
    return began if late and apart and began + end <= now + SLACK_MS else None


def _end(packet: TranscriptionData, origin: int | None) -> int:
    """Milliseconds from the start of the stream to the end of the utterance."""
    return position(packet.offset, origin) + ticks_to_ms(packet.duration or 0)


def _stream_id(content: Content, incarnation: int) -> str:
    return "str_" + blake2b(_encode((content, incarnation)), digest_size=10).hexdigest()


def _segment_id(call_id: str, stream: Stream, packet: TranscriptionData) -> str:
    """The incarnation is left out: a Final that is equal to the last digit is the same, whatever came between."""
    told = (call_id, stream.subscription_id, stream.locale, stream.model, packet)
    return "seg_" + blake2b(_encode(told), digest_size=16).hexdigest()


def _segment(segment_id: str, stream: Stream, packet: TranscriptionData, now: int) -> Segment:
    return Segment(
        id=segment_id,
        stream_id=stream.id,
        participant=packet.participant,
        text=packet.text,
        offset=packet.offset,
        duration=packet.duration,
        confidence=packet.confidence,
        locale=packet.locale or stream.locale,
        words=packet.words,
        sentiment=packet.sentiment,
        received_at=now,
    )
