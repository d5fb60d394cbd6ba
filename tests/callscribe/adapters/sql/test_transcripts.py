"""Change numbers, snapshots and tails, as readers rely on them."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.adapters.system import RandomIds
from callscribe.domain.call import Gap, GapCause
from callscribe.domain.changes import Change, ChangeKind
from callscribe.domain.reading import segment_view, transcript_view
from callscribe.domain.timeline import TICKS_PER_MS, rfc3339
from callscribe.domain.transcript import Word
from callscribe.domain.views import SegmentView
from callscribe.ports import StoredSegment, StoredTranscript, Write, WriteSegment, WriteStream
from tests.callscribe.adapters.samples import NOW, SetClock, a_call, a_segment, a_stream

pytestmark = pytest.mark.anyio

LEGACY = 2_516_942_161_212_568_046


async def put(archive: SqliteArchive, *writes: Write) -> None:
    for write in writes:
        archive.put(write)
    await archive.drained()


async def change(store: SqlStore, body: bytes = b"{}") -> int:
    async with store.transaction() as transaction:
        return await transaction.change("call_1", ChangeKind.CALL, NOW, body)


@pytest.fixture
async def call_1(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())


@pytest.mark.usefixtures("call_1")
async def test_a_transcript_is_everything_up_to_its_last_change(
    store: SqlStore, archive: SqliteArchive
) -> None:
    """Streams, segments with their numbers, and gaps, exactly as written."""
    stream, later = a_stream(), a_stream("stream_2", started_at=NOW + 5000, locale=None, origin=LEGACY)
    one, two = a_segment(1), a_segment(2, stream_id="stream_2", offset=LEGACY + 7, words=(), duration=None)
    gap = Gap("gap_1", GapCause.SOCKET_DROPPED, NOW + 1)
    await put(archive, WriteStream("call_1", stream), WriteSegment("call_1", one))
    await change(store)
    await put(archive, WriteStream("call_1", later), WriteSegment("call_1", two))
    async with store.transaction() as transaction:
        await transaction.save_gap("call_1", gap)
        await transaction.save_gap(
            "call_1", msgspec.structs.replace(gap, ended_at=NOW + 2, ended_by="socket")
        )
    transcript = await store.transcript("call_1")
    assert transcript is not None
    assert transcript.stored.last_change == 3
    assert transcript.stored.zero == NOW
    assert transcript.streams == (stream, later)
    assert transcript.segments == (StoredSegment(one, 1), StoredSegment(two, 3))
    assert transcript.gaps == (Gap("gap_1", GapCause.SOCKET_DROPPED, NOW + 1, NOW + 2, "socket"),)


@pytest.mark.usefixtures("call_1")
async def test_the_tail_gives_both_kinds_of_change_without_holes(
    store: SqlStore, archive: SqliteArchive
) -> None:
    """Segments of one process and changes of the other, in pages of any size."""
    await put(archive, WriteStream("call_1", a_stream()))
    for number in range(1, 6):
        await put(archive, WriteSegment("call_1", a_segment(number)))
        await change(store, b'{"id":"call_1"}')
    whole = await store.tail("call_1", 0, 100)
    assert [one.number for one in whole] == list(range(1, 11))
    assert [one.kind for one in whole] == [ChangeKind.SEGMENT, ChangeKind.CALL] * 5
    assert whole[1] == Change("call_1", 2, ChangeKind.CALL, NOW, msgspec.Raw(b'{"id":"call_1"}'))
    for after in range(11):
        assert await store.tail("call_1", after, 3) == whole[after : after + 3]
    assert await store.tail("call_2", 0, 100) == ()


@pytest.mark.usefixtures("call_1")
async def test_a_segments_change_is_what_readers_get(store: SqlStore, archive: SqliteArchive) -> None:
    """The public JSON, with the offset as a string since it exceeds what a double holds."""
    stream, segment = a_stream(started_at=NOW + 250, origin=LEGACY), a_segment(1, offset=LEGACY + 10_000)
    await put(archive, WriteStream("call_1", stream), WriteSegment("call_1", segment))
    (told,) = await store.tail("call_1", 0, 10)
    assert told.at == segment.received_at
    assert bytes(told.body) == msgspec.json.encode(segment_view(segment, stream, 1, NOW + 250, {}))
    assert f'"offset":"{LEGACY + 10_000}"'.encode() in bytes(told.body)
    assert b'"startMs":1,' in bytes(told.body)


@pytest.mark.usefixtures("call_1")
async def test_positions_count_from_the_first_stream(store: SqlStore, archive: SqliteArchive) -> None:
    """Whatever comes later, also from a stream that began earlier."""
    await put(archive, WriteStream("call_1", a_stream(started_at=NOW + 70)))
    await put(archive, WriteStream("call_1", a_stream("stream_2", started_at=NOW)))
    stored = await store.call("call_1")
    assert stored is not None
    assert stored.zero == NOW + 70


@pytest.mark.usefixtures("call_1")
async def test_a_lowered_origin_is_told_to_those_who_have_segments(
    store: SqlStore, archive: SqliteArchive
) -> None:
    """Only to them, and only where it really is lower: the stream's other values stay as first seen."""
    first = a_stream(origin=LEGACY, started_at=NOW + 9)
    await put(archive, WriteStream("call_1", first), WriteStream("call_1", a_stream(origin=LEGACY - 1)))
    assert await store.tail("call_1", 0, 10) == ()
    await put(archive, WriteSegment("call_1", a_segment(1, offset=LEGACY)))
    await put(archive, WriteStream("call_1", a_stream(origin=LEGACY + 5)), WriteStream("call_1", a_stream()))
    await put(archive, WriteStream("call_1", a_stream(origin=LEGACY - 20_000)))
    segment, shift = await store.tail("call_1", 0, 10)
    assert segment.kind is ChangeKind.SEGMENT
    assert shift.kind is ChangeKind.TRANSCRIPTION
    assert msgspec.json.decode(shift.body) == {
        "stream": "stream_1",
        "originOffset": str(LEGACY - 20_000),
        "startMs": 0,
    }
    transcript = await store.transcript("call_1")
    assert transcript is not None
    assert transcript.streams == (msgspec.structs.replace(first, origin=LEGACY - 20_000),)


# --- stale snapshot + tail = fresh snapshot


class Shift(msgspec.Struct, rename="camel"):
    stream: str
    origin_offset: str
    start_ms: int


class Reader:
    """What a reader does who takes a snapshot and then follows the changes."""

    def __init__(self, snapshot: StoredTranscript) -> None:
        view = seen(snapshot)
        self.last_change = snapshot.stored.last_change
        self.segments = {one.id: one for one in view}

    async def follow(self, store: SqlStore, call_id: str, limit: int) -> None:
        while changes := await store.tail(call_id, self.last_change, limit):
            for change in changes:
                assert change.number == self.last_change + 1
                self.last_change = change.number
                if change.kind is ChangeKind.SEGMENT:
                    segment = msgspec.json.decode(change.body, type=SegmentView)
                    self.segments[segment.id] = segment
                elif change.kind is ChangeKind.TRANSCRIPTION:
                    self.shift(msgspec.json.decode(change.body, type=Shift))

    def shift(self, told: Shift) -> None:
        def start(offset: str) -> int:
            return told.start_ms + (int(offset) - int(told.origin_offset)) // TICKS_PER_MS

        for one in list(self.segments.values()):
            if one.stream == told.stream:
                words = tuple(
                    msgspec.structs.replace(word, start_ms=start(word.offset)) for word in one.words
                )
                moved = start(one.offset)
                self.segments[one.id] = msgspec.structs.replace(
                    one, start_ms=moved, started_at=rfc3339(NOW + moved), words=words
                )


def seen(transcript: StoredTranscript) -> tuple[SegmentView, ...]:
    stored = transcript.stored
    kept = [(one.segment, one.number) for one in transcript.segments]
    return transcript_view(
        stored.call, stored.last_change, stored.zero, transcript.streams, kept, transcript.gaps
    ).segments


steps = st.lists(
    st.one_of(
        st.tuples(st.just("segment"), st.integers(0, 8), st.integers(0, 50_000)),
        st.tuples(st.just("change"), st.just(0), st.just(0)),
        st.tuples(st.just("commit"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = sqlite_url(tmp_path_factory.mktemp("shared") / "callscribe.db")
    asyncio.run(migrate(url))
    return url


@settings(max_examples=40, deadline=None)
@given(steps=steps, split=st.integers(0, 25), limit=st.integers(1, 7))
def test_a_stale_snapshot_and_its_tail_are_a_fresh_snapshot(
    shared_url: str, steps: list[tuple[str, int, int]], split: int, limit: int
) -> None:
    """Wherever the snapshot was taken, with re-deliveries, legacy offsets in any order, and pages of any size."""
    asyncio.run(follow(shared_url, steps, split, limit))


async def follow(url: str, steps: list[tuple[str, int, int]], split: int, limit: int) -> None:
    call_id = RandomIds().new("call")
    path = Path(url.removeprefix("sqlite+aiosqlite:///"))
    async with SqlStore(url, SetClock()) as store, SqliteArchive(path, SetClock()) as archive:
        async with store.transaction() as transaction:
            await transaction.insert_call(a_call(id=call_id, key=call_id))
        lowest = LEGACY + 50_000
        archive.put(WriteStream(call_id, a_stream(origin=lowest)))
        reader = None
        for at, (what, number, ticks) in enumerate(steps):
            if at == split:
                reader = await snapshot(store, call_id)
            if what == "commit":
                await archive.drained()
            elif what == "change":
                async with store.transaction() as transaction:
                    await transaction.change(call_id, ChangeKind.CALL, NOW, b"{}")
            else:
                offset = LEGACY + ticks
                lowest = min(lowest, offset)
                words = (Word("word", offset), Word("next", offset + 12_345))
                segment = a_segment(number, id=f"{number}", offset=offset, words=words)
                archive.put(WriteStream(call_id, a_stream(origin=lowest)))
                archive.put(WriteSegment(call_id, segment))
        reader = reader or await snapshot(store, call_id)
        await archive.drained()
        fresh = await store.transcript(call_id)
        assert fresh is not None
        await reader.follow(store, call_id, limit)
        assert reader.last_change == fresh.stored.last_change
        assert sorted(reader.segments.values(), key=lambda one: one.number) == sorted(
            seen(fresh), key=lambda one: one.number
        )


async def snapshot(store: SqlStore, call_id: str) -> Reader:
    """Taken at whatever the archive has committed by now: its queue is not waited for."""
    transcript = await store.transcript(call_id)
    assert transcript is not None
    return Reader(transcript)
