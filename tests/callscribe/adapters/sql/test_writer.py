import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from callscribe.adapters.sql import writer
from callscribe.adapters.sql.admission import connect
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.call import CallState, Direction
from callscribe.domain.errors import Overloaded, StoreUnavailable
from callscribe.domain.observations import SocketOpened
from callscribe.domain.participants import Participant
from callscribe.ports import (
    Admission,
    Committed,
    EventRecord,
    Job,
    Write,
    WriteNote,
    WriteObservation,
    WriteSegment,
    WriteStream,
)
from tests.callscribe.adapters.samples import NOW, SetClock, a_call, a_segment, a_stream

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def call_1(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        await transaction.insert_call(
            a_call(call_connection_id="connection", participants=(Participant("4:+1", display_name="Ann"),))
        )


@pytest.fixture
async def impatient(path: Path, clock: SetClock) -> AsyncIterator[SqliteArchive]:
    """An archive that waits for a lock only briefly and holds three writes."""
    async with SqliteArchive(path, clock, capacity=3, busy_seconds=0.02) as archive:
        yield archive


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else holds the write lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def until_failing(archive: SqliteArchive) -> StoreUnavailable:
    async with asyncio.timeout(20):
        while True:
            try:
                await archive.ping()
            except StoreUnavailable as fault:
                return fault
            await asyncio.sleep(0)
    raise AssertionError("unreachable")


def a_note(number: int, **fields: object) -> WriteNote:
    plain = {
        "id": f"event_{number}",
        "key": f"note {number}",
        "source": "transcript-socket",
        "type": "SocketOpened",
        "at": NOW,
        "received_at": NOW,
        "call_id": "call_1",
    }
    return WriteNote(EventRecord(**plain | fields))


def an_observation(number: int, call_id: str = "call_1") -> WriteObservation:
    seen = SocketOpened(at=NOW, socket_id=f"socket {number}")
    return WriteObservation(Job(f"job_{number}", call_id, seen, NOW, NOW))


async def numbers(store: SqlStore) -> dict[str, int]:
    transcript = await store.transcript("call_1")
    assert transcript is not None
    return {one.segment.id: one.number for one in transcript.segments}


# --- what is written


async def test_all_kinds_of_writes_are_on_the_record(store: SqlStore, archive: SqliteArchive) -> None:
    """Once `drained` returns, for every other process too."""
    writes: list[Write] = [
        WriteStream("call_1", a_stream()),
        WriteSegment("call_1", a_segment()),
        a_note(1, data=msgspec.Raw(b'{"a": 1}')),
        an_observation(1),
    ]
    for write in writes:
        archive.put(write)
    await archive.drained()
    assert archive.queued == 0
    assert await numbers(store) == {"segment_1": 1}
    (event,), _ = await store.events("call_1", 10, None)
    assert event.data == msgspec.Raw(b'{"a": 1}')
    (job,) = await store.claim_jobs("worker", 1000, 10)
    assert job == an_observation(1).job


async def test_deliveries_of_the_same_packets_are_stored_once(
    store: SqlStore, archive: SqliteArchive
) -> None:
    """In one commit or in several; a re-delivery takes no number."""
    archive.put(WriteStream("call_1", a_stream()))
    for number in (1, 2, 1, 3, 2):
        archive.put(WriteSegment("call_1", a_segment(number)))
        archive.put(a_note(number))
        archive.put(an_observation(number))
    await archive.drained()
    archive.put(WriteStream("call_1", a_stream(started_at=NOW + 5)))
    archive.put(WriteSegment("call_1", a_segment(3)))
    archive.put(WriteSegment("call_1", a_segment(4)))
    await archive.drained()
    assert await numbers(store) == {"segment_1": 1, "segment_2": 2, "segment_3": 3, "segment_4": 4}
    assert len((await store.events("call_1", 10, None))[0]) == 3
    assert len(await store.claim_jobs("worker", 1000, 10)) == 3


async def test_readers_are_told_after_the_commit(store: SqlStore, archive: SqliteArchive) -> None:
    """On the event loop: the last number of each call that changed, and whether there are jobs; all on disk."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call(2))
    told: list[Committed] = []
    arrived = asyncio.Event()

    def on_commit(committed: Committed) -> None:
        assert asyncio.get_running_loop()
        told.append(committed)
        arrived.set()

    archive.on_commit(on_commit)
    for call_id in ("call_1", "call_2"):
        archive.put(WriteStream(call_id, a_stream()))
        archive.put(WriteSegment(call_id, a_segment(1)))
    archive.put(WriteSegment("call_1", a_segment(2)))
    archive.put(an_observation(1))
    await arrived.wait()
    seen = {change.number for change in await store.tail("call_1", 0, 10)}
    assert told[0].numbers.get("call_1", 0) in seen | {0}
    await archive.drained()
    last: dict[str, int] = {}
    for committed in told:
        last |= committed.numbers
    assert last == {"call_1": 2, "call_2": 1}
    assert any(committed.jobs for committed in told)
    told.clear()
    archive.put(a_note(1))
    await archive.drained()
    assert [(one.numbers, one.jobs) for one in told] == [({}, False)]


async def test_many_writes_share_few_commits(archive: SqliteArchive) -> None:
    """What is queued together is committed together, at most a thousand at once."""
    told: list[Committed] = []
    archive.on_commit(told.append)
    archive.put(WriteStream("call_1", a_stream()))
    for number in range(2500):
        archive.put(WriteSegment("call_1", a_segment(number)))
    await archive.drained()
    assert 3 <= len(told) < 250
    assert told[-1].numbers == {"call_1": 2500}


# --- admission


async def test_a_key_admits_with_all_that_is_known_of_its_call(
    store: SqlStore, archive: SqliteArchive
) -> None:
    """State, names, zero, streams and the segments on the record."""
    assert await archive.admit("unknown") is None
    first, second = a_stream(), a_stream("stream_2", started_at=NOW + 1, model="model", origin=7)
    for write in (
        WriteStream("call_1", second),
        WriteStream("call_1", first),
        WriteSegment("call_1", a_segment(1)),
        WriteSegment("call_1", a_segment(2)),
    ):
        archive.put(write)
    await archive.drained()
    assert await archive.admit("key-1") == Admission(
        call_id="call_1",
        direction=Direction.INCOMING,
        state=CallState.CONNECTED,
        call_connection_id="connection",
        correlation_id=None,
        zero=NOW + 1,
        names={"4:+1": "Ann"},
        streams=(first, second),
        heard_until=a_segment(2).received_at,
        seen=frozenset({"segment_1", "segment_2"}),
    )


# --- when the database fails


async def test_while_the_database_is_locked_writes_wait_and_none_is_lost(
    store: SqlStore, impatient: SqliteArchive, path: Path
) -> None:
    """`ping` says why; a full queue refuses more; when the lock is gone all is committed and `ping` is content."""
    with locked(path):
        impatient.put(WriteStream("call_1", a_stream()))
        impatient.put(WriteSegment("call_1", a_segment(1)))
        assert "locked" in str(await until_failing(impatient))
        impatient.put(WriteSegment("call_1", a_segment(2)))
        assert impatient.queued == 3
        with pytest.raises(Overloaded):
            impatient.put(WriteSegment("call_1", a_segment(3)))
    await impatient.drained()
    await impatient.ping()
    impatient.put(WriteSegment("call_1", a_segment(3)))
    await impatient.drained()
    assert await numbers(store) == {"segment_1": 1, "segment_2": 2, "segment_3": 3}


async def test_a_full_disk_loses_nothing(
    store: SqlStore, path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it is full `ping` raises; with room again everything queued is committed."""
    text = "long " * 20_000

    def connect_to_a_small_disk(path: Path, busy_seconds: float) -> sqlite3.Connection:
        connection = connect(path, busy_seconds)
        connection.execute("PRAGMA max_page_count = 100")
        return connection

    monkeypatch.setattr(writer, "connect", connect_to_a_small_disk)
    async with SqliteArchive(path, clock) as archive:
        archive.put(WriteStream("call_1", a_stream()))
        for number in range(50):
            archive.put(WriteSegment("call_1", a_segment(number, text=text)))
        assert "full" in str(await until_failing(archive))
        assert await numbers(store) == {}
        monkeypatch.undo()
        await archive.drained()
    assert sorted((await numbers(store)).values()) == list(range(1, 51))


async def test_an_archive_that_cannot_write_says_so_on_closing(path: Path) -> None:
    """And those who wait for their writes are told too."""
    archive = SqliteArchive(path, busy_seconds=0.01, close_seconds=0.05)
    with locked(path):
        await archive.__aenter__()
        archive.put(a_note(1))
        waiting = asyncio.create_task(archive.drained())
        await until_failing(archive)
        with pytest.raises(StoreUnavailable, match="1 writes were lost"):
            await archive.__aexit__(None, None, None)
        with pytest.raises(StoreUnavailable):
            await waiting
    with pytest.raises(RuntimeError):
        archive.put(a_note(2))


async def test_closing_commits_what_is_queued(store: SqlStore, path: Path) -> None:
    """Nobody needs to wait for `drained` before."""
    async with SqliteArchive(path) as archive:
        archive.put(WriteStream("call_1", a_stream()))
        for number in range(1, 1500):
            archive.put(WriteSegment("call_1", a_segment(number)))
    assert len(await numbers(store)) == 1499


# --- one row at fault


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (WriteSegment("call_1", a_segment(9, offset=2**70)), "segment segment_9"),
        (WriteSegment("call_1", a_segment(9, text="\ud800")), "segment segment_9"),
        (WriteSegment("call_1", a_segment(9, stream_id="unknown")), "segment segment_9"),
        (WriteSegment("call_9", a_segment(9)), "segment segment_9"),
        (WriteStream("call_9", a_stream()), "stream stream_1"),
        (WriteStream("call_1", a_stream("stream_9", origin=2**70)), "stream stream_9"),
        (an_observation(9, call_id="call_9"), "job job_9"),
        (a_note(9, note="\ud800"), "event event_9"),
    ],
    ids=["offset", "text", "stream", "call", "stream of no call", "origin", "job of no call", "note"],
)
async def test_a_write_that_cannot_be_stored_is_noted_and_stops_nobody(
    bad: Write, what: str, store: SqlStore, archive: SqliteArchive, caplog: pytest.LogCaptureFixture
) -> None:
    """Those around it get their numbers without a hole; the record says what was refused and why, without words."""
    for write in (
        WriteStream("call_1", a_stream()),
        WriteSegment("call_1", a_segment(1)),
        bad,
        WriteSegment("call_1", a_segment(2)),
        an_observation(1),
    ):
        archive.put(write)
    await archive.drained()
    await archive.ping()
    assert await numbers(store) == {"segment_1": 1, "segment_2": 2}
    assert len(await store.claim_jobs("worker", 1000, 10)) == 1
    refusals = [*(await store.events("call_1", 10, None))[0], *(await store.events("call_9", 10, None))[0]]
    (refusal,) = refusals
    assert refusal.type == "callscribe.WriteRefused"
    assert (refusal.note or "").startswith(f"{what} could not be stored: ")
    assert "Sentence" not in (refusal.note or "") + caplog.text
