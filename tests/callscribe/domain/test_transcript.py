from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain import transcript as module
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.packets import SpokenWord, TranscriptionData, TranscriptionMetadata
from callscribe.domain.reading import transcript_view
from callscribe.domain.transcript import (
    SLACK_MS,
    Effect,
    Line,
    Repeated,
    Segment,
    Socket,
    Stream,
    StreamBegan,
    StreamSeen,
    Transcript,
    Word,
)

NOW = 1_790_000_000_000
LEGACY = 2_516_942_161_212_568_046
ALICE, BOB = "4:+4930123456", "8:acs:bob"


def meta(
    subscription: str = "a", locale: str | None = "en-US", model: str | None = None
) -> TranscriptionMetadata:
    return TranscriptionMetadata(subscription, locale, model, None, None)


def said(
    text: str, seconds: float, speaker: str = ALICE, final: bool = True, **fields: Any
) -> TranscriptionData:
    """An utterance of one second that begins so many seconds after the start of its stream."""
    plain: dict[str, Any] = {
        "text": text,
        "participant": speaker,
        "final": final,
        "offset": round(seconds * 10_000_000),
        "duration": 10_000_000,
        "confidence": 0.9,
        "words": (),
        "locale": None,
        "sentiment": None,
    }
    return TranscriptionData(**plain | fields)


def legacy(text: str, ticks: int, speaker: str = ALICE) -> TranscriptionData:
    return said(text, 0, speaker, offset=LEGACY + ticks, duration=None)


class Told:
    """A transcript, and everything it said was to be kept."""

    def __init__(self) -> None:
        self.transcript = Transcript("call_1")
        self.streams: dict[str, Stream] = {}
        self.segments: list[Segment] = []

    def open(self) -> Socket:
        return self.transcript.open_socket()

    def take(
        self, socket: Socket, packet: TranscriptionMetadata | TranscriptionData, now: int = NOW
    ) -> tuple[Effect, ...]:
        if isinstance(packet, TranscriptionMetadata):
            effects = self.transcript.metadata(socket, packet, now)
        else:
            effects = self.transcript.data(socket, packet, now)
        for effect in effects:
            if isinstance(effect, StreamSeen):
                self.streams.setdefault(effect.stream.id, effect.stream)
                if effect.stream.origin is not None:
                    self.streams[effect.stream.id] = effect.stream
            elif isinstance(effect, Segment):
                self.segments.append(effect)
        return effects

    def take_all(
        self, socket: Socket, packets: Iterable[TranscriptionMetadata | TranscriptionData], now: int = NOW
    ) -> None:
        for packet in packets:
            self.take(socket, packet, now)

    def read(self) -> list[tuple[str, int]]:
        """Texts in the order of the transcript, with their milliseconds from its start."""
        return [(view.text, view.start_ms) for view in self.view().segments]

    def texts(self) -> list[str]:
        return [text for text, _ in self.read()]

    def view(self) -> Any:
        call = Call("call_1", "k", Direction.INCOMING, CallState.CONNECTED, NOW, Transcription("en-US"))
        numbered = [(segment, number) for number, segment in enumerate(self.segments, 1)]
        return transcript_view(call, len(numbered), self.transcript.zero, self.streams.values(), numbered, ())


def test_finals_of_one_socket() -> None:
    """Metadata begins a stream; each Final of it is a segment at the stream's start plus its offset."""
    told = Told()
    socket = told.open()
    seen, began = told.take(socket, meta())
    assert isinstance(seen, StreamSeen)
    assert isinstance(began, StreamBegan)
    assert seen.stream == began.stream
    assert (seen.stream.started_at, seen.stream.incarnation, seen.stream.origin) == (NOW, 0, None)
    word = SpokenWord("hello", 10_000_000, 5, 0.5)
    [segment] = told.take(socket, said("Hello.", 1, words=(word,), sentiment="neutral"), NOW + 2500)
    assert isinstance(segment, Segment)
    assert segment.words == (Word("hello", 10_000_000, 5, 0.5),)
    assert (segment.locale, segment.sentiment, segment.received_at) == ("en-US", "neutral", NOW + 2500)
    assert told.transcript.zero == NOW
    assert told.read() == [("Hello.", 1000)]


def test_identified_language_of_a_final() -> None:
    """It is the segment's locale."""
    told = Told()
    [*_, segment] = told.take(told.open(), said("Hallo.", 1, locale="de-DE"))
    assert isinstance(segment, Segment)
    assert segment.locale == "de-DE"


def test_two_honest_yes() -> None:
    """The same word twice at different times is two segments."""
    told = Told()
    told.take_all(told.open(), [meta(), said("Yes.", 1), said("Yes.", 3)])
    assert told.read() == [("Yes.", 1000), ("Yes.", 3000)]


def test_equal_final_again() -> None:
    """A re-delivery changes nothing, over whichever socket it comes and after whatever metadata."""
    told = Told()
    first = told.open()
    told.take_all(first, [meta(), said("Yes.", 1)])
    assert told.take(first, said("Yes.", 1)) == (Repeated(),)
    told.take(first, meta())
    assert told.take(first, said("Yes.", 1)) == (Repeated(),)
    second = told.open()
    told.take(second, meta())
    assert told.take(second, said("Yes.", 1)) == (Repeated(),)
    assert told.texts() == ["Yes."]


@pytest.mark.parametrize(
    "other",
    [
        said("Yes!", 1),
        said("Yes.", 1, duration=9_000_000),
        said("Yes.", 1, confidence=0.8),
        said("Yes.", 1, words=(SpokenWord("yes", 10_000_000),)),
        said("Yes.", 1, BOB),
    ],
)
def test_differing_finals_of_one_offset(other: TranscriptionData) -> None:
    """All are kept, in the stream they belong to, also when later ones came in between."""
    told = Told()
    told.take_all(told.open(), [meta(), said("Yes.", 1), said("Later.", 5), other])
    assert told.texts()[-1] == "Later."
    assert len(told.segments) == 3
    assert len(told.streams) == 1


def test_what_is_on_the_record_already() -> None:
    """A process that starts anew knows the streams and segments of those before it."""
    before = Told()
    before.take_all(before.open(), [meta(), said("Yes.", 1)])
    after = Told()
    after.transcript.learn(NOW - 5, before.streams.values(), {segment.id for segment in before.segments})
    socket = after.open()
    assert after.take(socket, meta(), NOW + 60_000) == (StreamBegan(*before.streams.values()),)
    assert after.take(socket, said("Yes.", 1), NOW + 60_000) == (Repeated(),)
    assert after.transcript.zero == NOW - 5
    after.transcript.learn(None, before.streams.values(), ())
    assert after.transcript.zero == NOW - 5


def test_later_incarnation_is_on_the_record_first() -> None:
    """New sockets come to the latest, in whichever order the record gives them."""
    transcript = Transcript("call_1")
    known = [Stream(f"str_{number}", "a", "en-US", None, number, NOW) for number in (1, 0)]
    transcript.learn(None, known, ())
    assert transcript.metadata(transcript.open_socket(), meta(), NOW) == (StreamBegan(known[0]),)


def test_locale_update() -> None:
    """Changed metadata on the same socket begins another stream."""
    told = Told()
    socket = told.open()
    told.take_all(socket, [meta(), said("Hello.", 1)], NOW)
    told.take_all(socket, [meta(locale="de-DE"), said("Hallo.", 1)], NOW + 30_000)
    assert told.read() == [("Hello.", 1000), ("Hallo.", 31_000)]
    assert [segment.locale for segment in told.segments] == ["en-US", "de-DE"]


def test_packets_that_come_faster_than_speech() -> None:
    """A later stream of a socket begins after what was heard in the earlier one, or on the sockets before."""
    told = Told()
    first = told.open()
    told.take_all(first, [meta(), said("one", 1), said("two", 60), meta(locale="de-DE"), said("drei", 1)])
    told.transcript.close_socket()
    second = told.open()
    told.take_all(second, [meta("b"), said("four", 1)])
    assert told.read() == [("one", 1000), ("two", 60_000), ("drei", 62_000), ("four", 64_000)]


def test_offset_longer_than_any_call() -> None:
    """It moves nothing but its own segment."""
    told = Told()
    told.take_all(told.open(), [meta(), said("far", 9_000_000), meta("b"), said("near", 1)])
    assert told.read() == [("near", 1000), ("far", 9_000_000_000)]


def test_packets_without_metadata() -> None:
    """They have a stream of their own."""
    told = Told()
    seen, began, segment = told.take(told.open(), said("Hello.", 1))
    assert isinstance(seen, StreamSeen)
    assert isinstance(segment, Segment)
    assert began == StreamBegan(seen.stream)
    assert (seen.stream.subscription_id, seen.stream.locale) == ("", None)


def test_metadata_twice_in_a_row() -> None:
    """The second changes nothing."""
    told = Told()
    socket = told.open()
    told.take(socket, meta())
    assert told.take(socket, meta(), NOW + 60_000) == ()


def test_metadata_again_between_packets() -> None:
    """It is told, since it may answer a start; the stream goes on as long as its offsets can be its own."""
    told = Told()
    socket = told.open()
    told.take_all(socket, [meta(), said("one", 1)])
    [stream] = told.streams.values()
    assert told.take(socket, meta(), NOW + 60_000) == (StreamBegan(stream),)
    told.take(socket, said("two", 61), NOW + 63_000)
    assert told.read() == [("one", 1000), ("two", 61_000)]


def test_reconnected_and_offsets_go_on() -> None:
    """Words at an offset for which there was no time since the new socket belong to the stream as it was."""
    told = Told()
    told.take_all(told.open(), [meta(), said("one", 1)], NOW + 2000)
    told.transcript.close_socket()
    second = told.open()
    told.take(second, meta(), NOW + 60_000)
    told.take(second, said("late", 30), NOW + 61_000)
    told.take(second, said("two", 61, BOB), NOW + 63_000)
    assert told.read() == [("one", 1000), ("late", 30_000), ("two", 61_000)]
    assert len(told.streams) == 1


@pytest.mark.parametrize("closed", [True, False], ids=["after the first closed", "while the first hangs"])
def test_reconnected_and_offsets_begin_anew(closed: bool) -> None:
    """The recogniser began anew with the new socket; every speaker's words are where they were spoken."""
    told = Told()
    told.take_all(told.open(), [meta(), said("one", 1)], NOW)
    if closed:
        told.transcript.close_socket()
    second = told.open()
    told.take(second, meta(), NOW + 60_000)
    seen, began, segment = told.take(second, said("two", 1, BOB), NOW + 62_500)
    assert isinstance(seen, StreamSeen)
    assert isinstance(segment, Segment)
    assert began == StreamBegan(seen.stream)
    assert (seen.stream.incarnation, seen.stream.started_at) == (1, NOW + 60_000)
    told.take(second, said("three", 4), NOW + 65_500)
    assert told.read() == [("one", 1000), ("two", 61_000), ("three", 64_000)]


def test_reconnected_at_once() -> None:
    """Words that are in time for the stream as it was belong to it."""
    told = Told()
    told.take(told.open(), meta())
    second = told.open()
    told.take(second, meta(), NOW + 1000)
    told.take(second, said("one", 1), NOW + 2000 + SLACK_MS)
    assert len(told.streams) == 1


def test_reconnected_in_a_replay() -> None:
    """Where packets come faster than speech, words that would lie before those heard before begin anew after them."""
    told = Told()
    told.take_all(told.open(), [meta(), said("one", 1), said("two", 20)])
    told.transcript.close_socket()
    second = told.open()
    told.take_all(second, [meta(), said("late", 30), said("three", 2, BOB), said("four", 4)])
    assert told.read() == [
        ("one", 1000),
        ("two", 20_000),
        ("late", 30_000),
        ("three", 33_000),
        ("four", 35_000),
    ]


def test_second_socket_sees_a_beginning_that_is_known() -> None:
    """Both sockets' Finals come to the same incarnation."""
    told = Told()
    first = told.open()
    told.take_all(first, [meta(), said("one", 1)])
    told.take(first, meta(), NOW + 60_000)
    second = told.open()
    told.take(second, meta(), NOW + 60_000)
    told.take(first, said("two", 1), NOW + 62_500)
    anew = told.segments[-1].stream_id
    began, segment = told.take(second, said("three", 2), NOW + 63_500)
    assert isinstance(began, StreamBegan)
    assert isinstance(segment, Segment)
    assert began.stream.id == segment.stream_id == anew


def test_offset_jumps_back() -> None:
    """A recogniser that begins anew without a word of it: the time of arrival tells when."""
    told = Told()
    socket = told.open()
    told.take(socket, meta())
    told.take(socket, said("one", 20), NOW + 22_000)
    told.take(socket, said("two", 1), NOW + 60_000)
    assert told.read() == [("one", 20_000), ("two", 59_000)]


def test_offset_jumps_back_in_a_replay() -> None:
    """The words follow what was heard before."""
    told = Told()
    told.take_all(told.open(), [meta(), said("one", 20), said("two", 1)])
    assert told.read() == [("one", 20_000), ("two", 22_000)]


def test_final_that_was_overtaken() -> None:
    """One that came late belongs where it was spoken: nobody begins anew before the last words ended."""
    told = Told()
    socket = told.open()
    told.take(socket, meta())
    told.take(socket, said("two", 20), NOW + 22_000)
    told.take(socket, said("one", 10), NOW + 22_500)
    assert told.read() == [("one", 10_000), ("two", 20_000)]
    assert len(told.streams) == 1


def test_legacy_offsets() -> None:
    """Only differences mean anything: the least offset is the start of the stream, whenever it comes."""
    told = Told()
    socket = told.open()
    told.take_all(socket, [meta(), legacy("one", 50_000_000)])
    seen, segment = told.take(socket, legacy("zero", 10_000_000, BOB))
    assert isinstance(seen, StreamSeen)
    assert isinstance(segment, Segment)
    assert seen.stream.origin == LEGACY + 10_000_000
    told.take(socket, said("plain", 1, BOB, offset=300_000_000))
    assert told.read() == [("zero", 0), ("one", 4000), ("plain", 30_000)]
    second = told.open()
    told.take(second, meta())
    [line] = told.take(second, said("ze", 0, "8:acs:eve", False, offset=LEGACY + 20_000_000))
    assert isinstance(line, Line)
    assert line.stream == seen.stream


def test_legacy_stream_that_is_not_the_latest() -> None:
    """Its origin is lowered all the same, and the latest stays."""
    told = Told()
    first, second = told.open(), told.open()
    told.take(second, meta())
    told.take_all(first, [meta(), legacy("one", 50_000_000), legacy("two", 20_000_000)])
    latest = told.segments[-1].stream_id
    told.take(second, legacy("zero", 10_000_000, BOB))
    assert told.segments[-1].stream_id == told.segments[0].stream_id != latest
    assert told.streams[told.segments[0].stream_id].origin == LEGACY + 10_000_000
    assert told.take(told.open(), meta()) == (StreamBegan(told.streams[latest]),)


def test_open_line() -> None:
    """One for each speaker and stream, replaced by the next; equal ones are told once."""
    told = Told()
    socket = told.open()
    told.take(socket, meta())
    [line] = told.take(socket, said("he", 1, final=False))
    assert line == Line(*told.streams.values(), ALICE, "he", 10_000_000, "en-US")
    assert told.take(socket, said("he", 1, final=False)) == ()
    [longer] = told.take(socket, said("hello", 1, final=False))
    assert isinstance(longer, Line)
    assert longer.text == "hello"
    assert told.take(socket, said("hi", 1, BOB, False)) != ()


def test_open_line_that_comes_after_its_final() -> None:
    """It stays closed; the next utterance opens another."""
    told = Told()
    socket = told.open()
    told.take_all(socket, [meta(), said("he", 1, final=False), said("Hello.", 1)])
    assert told.take(socket, said("he", 1, final=False)) == ()
    assert told.take(socket, said("the", 3, final=False)) != ()
    told.take(socket, meta())
    assert told.take(socket, said("anew", 0.5, final=False)) != ()


def test_open_lines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest is forgotten."""
    monkeypatch.setattr(module, "MOST_LINES", 2)
    told = Told()
    socket = told.open()
    told.take_all(socket, [said("a", 1, speaker, False) for speaker in ("1", "2", "3")])
    assert told.take(socket, said("a", 1, "3", False)) == ()
    assert told.take(socket, said("a", 1, "1", False)) != ()


def test_streams_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound no stream begins, and no word is lost."""
    monkeypatch.setattr(module, "MOST_STREAMS", 2)
    told = Told()
    socket = told.open()
    for number, name in enumerate("abc"):
        told.take_all(socket, [meta(name), said(name, 20 - number)])
    told.take(socket, said("d", 1))
    assert len(told.streams) == 2
    assert len(told.segments) == 4


def test_sockets_are_counted() -> None:
    """Open ones only."""
    transcript = Transcript("call_1")
    transcript.open_socket()
    transcript.open_socket()
    transcript.close_socket()
    assert transcript.sockets == 1


def test_ids_are_stable() -> None:
    """They are part of what is stored: another version must give the same."""
    told = Told()
    told.take_all(told.open(), [meta(), said("Yes.", 1)])
    [segment] = told.segments
    assert (segment.stream_id, segment.id) == (
        "str_8eb4cb99b2250de48aa6",
        "seg_f59ff6ab44ac752da0889862516a3640",
    )


# --- any interleaving, any duplication

SPEAKERS = (ALICE, BOB, "8:acs:eve")


@st.composite
def utterances(draw: st.DrawFn) -> list[TranscriptionData]:
    """What was said, as one socket would bring it; everybody's own Finals come in the order they were spoken."""
    clocks = dict.fromkeys(SPEAKERS, 0)
    base = draw(st.sampled_from([0, LEGACY]))
    spoken = []
    for _ in range(draw(st.integers(1, 12))):
        speaker = draw(st.sampled_from(SPEAKERS))
        clocks[speaker] += draw(st.integers(1, 30))
        text = draw(st.sampled_from(["Yes.", "No.", "Perhaps."]))
        final = draw(st.integers(0, 3)) > 0
        spoken.append(said(text, 0, speaker, final, offset=base + clocks[speaker] * 10_000_000))
    return spoken


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[TranscriptionData], list[tuple[int, TranscriptionData]], int]:
    """What was said, and a way in which it may come: packets with the numbers of their sockets."""
    spoken = draw(utterances())
    sockets = draw(st.integers(1, 4))
    lanes: list[list[TranscriptionData]] = [[] for _ in range(sockets)]
    for packet in spoken:
        lanes[draw(st.integers(0, sockets - 1))].append(packet)
    way: list[tuple[int, TranscriptionData]] = []
    while any(lanes):
        lane = draw(st.sampled_from([number for number, packets in enumerate(lanes) if packets]))
        way.append((lane, lanes[lane].pop(0)))
        if draw(st.booleans()):
            way.append((draw(st.integers(0, sockets - 1)), draw(st.sampled_from(way))[1]))
    return spoken, way, sockets


@given(deliveries(), st.sampled_from([0, 40, None]))
def test_any_interleaving_and_duplication(
    delivery: tuple[list[TranscriptionData], list[tuple[int, TranscriptionData]], int], pace: int | None
) -> None:
    """Over however many sockets, however often and at whatever pace (None: as spoken): the same transcript."""
    spoken, way, count = delivery
    orderly = Told()
    orderly.take_all(orderly.open(), [meta(), *spoken])
    tangled = Told()
    sockets = [tangled.open() for _ in range(count)]
    for socket in sockets:
        tangled.take(socket, meta())
    now = NOW
    for lane, packet in way:
        spoken_at = NOW + (packet.offset % LEGACY) // 10_000 + 1500
        now = max(now, spoken_at) if pace is None else now + pace
        tangled.take(sockets[lane], packet, now)
    assert without_numbers(tangled) == without_numbers(orderly)
    assert tangled.streams == orderly.streams


@given(deliveries(), st.randoms(use_true_random=False))
def test_metadata_is_repeated_anywhere(
    delivery: tuple[list[TranscriptionData], list[tuple[int, TranscriptionData]], int], random: Any
) -> None:
    """Metadata that comes again, on whichever socket, moves no word."""
    spoken, way, count = delivery
    orderly = Told()
    orderly.take_all(orderly.open(), [meta(), *spoken])
    tangled = Told()
    sockets = [tangled.open() for _ in range(count)]
    for socket in sockets:
        tangled.take(socket, meta())
    for lane, packet in way:
        tangled.take(sockets[lane], packet)
        tangled.take(random.choice(sockets), meta())
    assert without_numbers(tangled) == without_numbers(orderly)


def without_numbers(told: Told) -> list[Any]:
    return [(view.id, view.stream, view.start_ms, view.offset, view.text) for view in told.view().segments]
