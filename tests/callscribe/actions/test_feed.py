from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from callscribe.actions import feed
from callscribe.actions.feed import follow, snapshot
from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_path, sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain import reading
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.changes import Change, ChangeKind, Partial, Ring, call_topic
from callscribe.domain.errors import CallNotFound
from callscribe.domain.transcript import Segment, Stream
from callscribe.domain.views import PartialView
from callscribe.ports import Ports, WriteSegment, WriteStream

pytestmark = pytest.mark.anyio
CLOCK = SystemClock()
ADA = "4:+442079460123"
CALL = Call(
    id="call_1",
    key="key",
    direction=Direction.INCOMING,
    state=CallState.CONNECTED,
    created_at=1,
    transcription=Transcription(locale="en-US"),
)
SOON, NEVER = 0.01, 3600.0
Feed = AsyncGenerator[Change | Partial, None]


class Line:
    """One call on record, its transcript server, and the bell between them."""

    def __init__(self, ports: Ports, archive: SqliteArchive) -> None:
        self.ports = ports
        self.archive = archive

    async def say(self, text: str, at: int, *, ring: bool = True) -> None:
        """Commits a Final of Ada's, one second long, at a second of the stream; and rings."""
        offset = at * 10_000_000
        segment = Segment(f"s{at}", "t1", ADA, text, offset, 10_000_000, 0.9, "en-US", (), None, 5)
        self.archive.put(WriteSegment(CALL.id, segment))
        await self.archive.drained()
        if ring:
            self.ring()

    async def become(self, state: CallState, *, ring: bool = True) -> None:
        call = msgspec.structs.replace(CALL, state=state)
        async with self.ports.store.transaction() as tx:
            await tx.save_call(call)
            body = msgspec.json.encode(reading.call_view(call))
            await tx.change(CALL.id, ChangeKind.CALL, CLOCK.now(), body)
        if ring:
            self.ring()

    def ring(self) -> None:
        self.ports.bus.publish(call_topic(CALL.id), Ring(CALL.id, 0))

    def murmur(self, text: str, at: int) -> None:
        """An open line of Ada's at a second of the stream."""
        view = PartialView(
            stream="t1", participant_raw_id=ADA, text=text, start_ms=0, offset=str(at * 10_000_000)
        )
        self.ports.bus.publish(call_topic(CALL.id), Partial(CALL.id, msgspec.Raw(msgspec.json.encode(view))))


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    url = sqlite_url(tmp_path / "callscribe.db")
    await migrate(url)
    path = sqlite_path(url)
    assert path is not None
    unused: object = None
    async with SqlStore(url, CLOCK) as store, SqliteArchive(path) as archive:
        ports = Ports(unused, CLOCK, RandomIds(), store, LocalBus(), unused, unused)  # type: ignore[arg-type]
        async with store.transaction() as tx:
            await tx.insert_call(CALL)
            await tx.change(CALL.id, ChangeKind.CALL, 1, msgspec.json.encode(reading.call_view(CALL)))
        archive.put(WriteStream(CALL.id, Stream("t1", "sub", "en-US", None, 1, 0)))
        await archive.drained()
        yield Line(ports, archive)


async def shown(feed: Feed, count: int) -> list[str]:
    """The next so many things that come, in short."""
    found = []
    while len(found) < count:
        found.append(short(await anext(feed)))
    return found


def short(one: Change | Partial) -> str:
    body = msgspec.json.decode(one.body)
    if isinstance(one, Partial):
        return f"… {body['text']}"
    return f"{one.number} {body.get('text') or body['state']}"


async def test_a_snapshot(line: Line) -> None:
    """holds everything up to its `lastChange`, and a follower from there gets what comes after it."""
    await line.say("hello", 1)
    transcript = await snapshot(line.ports, CALL.id)
    assert ([one.text for one in transcript.segments], transcript.last_change) == (["hello"], 2)
    async with aclosing(follow(line.ports, CALL.id, transcript.last_change, poll=NEVER)) as feed:
        await line.say("world", 3)
        assert await shown(feed, 1) == ["3 world"]


async def test_a_snapshot_of_no_call(line: Line) -> None:
    """is refused."""
    with pytest.raises(CallNotFound):
        await snapshot(line.ports, "call_2")


async def test_following_from_the_start(line: Line) -> None:
    """gives what is committed, then what is being committed, in order and without holes."""
    await line.say("one", 1)
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER)) as feed:
        assert await shown(feed, 2) == ["1 connected", "2 one"]
        await line.say("two", 3)
        await line.say("three", 5)
        assert await shown(feed, 2) == ["3 two", "4 three"]


async def test_more_than_a_page(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """is given whole."""
    monkeypatch.setattr(feed, "PAGE", 2)
    for at in range(5):
        await line.say(f"w{at}", at * 2)
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER)) as found:
        assert [one.split()[0] for one in await shown(found, 6)] == ["1", "2", "3", "4", "5", "6"]


async def test_a_lost_ring(line: Line) -> None:
    """costs time, never text."""
    async with aclosing(follow(line.ports, CALL.id, 1, poll=SOON)) as feed:
        await line.say("unheard", 1, ring=False)
        assert await shown(feed, 1) == ["2 unheard"]


async def test_a_reader_that_fell_behind_the_bell(line: Line) -> None:
    """looks into the store and misses nothing, the bell's later words included."""
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER)) as feed:
        assert await shown(feed, 1) == ["1 connected"]
        for _ in range(300):
            line.murmur("flood", 1)
        await line.say("one", 1)
        assert await shown(feed, 1) == ["2 one"]
        await line.say("two", 3)
        line.murmur("three", 5)
        assert await shown(feed, 2) == ["3 two", "… three"]


async def test_open_lines(line: Line) -> None:
    """pass straight through, between the changes."""
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER)) as feed:
        assert await shown(feed, 1) == ["1 connected"]
        line.murmur("hel", 1)
        assert await shown(feed, 1) == ["… hel"]
        line.murmur("hello", 1)
        await line.say("hello", 1)
        line.murmur("wor", 2)
        assert await shown(feed, 3) == ["… hello", "2 hello", "… wor"]


async def test_an_open_line_that_comes_after_its_final(line: Line) -> None:
    """is left out: nothing would ever close it."""
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER)) as feed:
        assert await shown(feed, 1) == ["1 connected"]
        await line.say("hello", 1, ring=False)
        line.ring()
        assert await shown(feed, 1) == ["2 hello"]
        line.murmur("hel", 1)
        line.murmur("next", 2)
        assert await shown(feed, 1) == ["… next"]


async def test_a_call_that_ends(line: Line) -> None:
    """ends the feed when everything is delivered, and not before the grace is over."""
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER, grace=SOON)) as feed:
        assert await shown(feed, 1) == ["1 connected"]
        await line.become(CallState.DISCONNECTED)
        await line.say("late words", 1)
        assert [short(one) async for one in feed] == ["2 disconnected", "3 late words"]


async def test_words_after_the_end_whose_ring_was_lost(line: Line) -> None:
    """are still delivered: before the feed ends it looks once more."""
    await line.become(CallState.DISCONNECTED)
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER, grace=SOON)) as feed:
        assert await shown(feed, 2) == ["1 connected", "2 disconnected"]
        await line.say("late words", 1, ring=False)
        assert [short(one) async for one in feed] == ["3 late words"]


async def test_a_call_that_has_ended(line: Line) -> None:
    """is delivered from any number, also where that is its last."""
    await line.become(CallState.DISCONNECTED)
    for after, expected in [(None, ["1 connected", "2 disconnected"]), (1, ["2 disconnected"]), (2, [])]:
        async with aclosing(follow(line.ports, CALL.id, after, poll=NEVER, grace=SOON)) as feed:
            assert [short(one) async for one in feed] == expected


async def test_a_call_that_is_gone(line: Line) -> None:
    """ends the feed."""
    async with aclosing(follow(line.ports, "call_2", poll=NEVER, grace=SOON)) as feed:
        assert [short(one) async for one in feed] == []


async def test_a_closed_feed(line: Line) -> None:
    """leaves no subscription behind."""
    async with aclosing(follow(line.ports, CALL.id, poll=NEVER)) as feed:
        await shown(feed, 1)
    assert not line.ports.bus.topics  # type: ignore[attr-defined]
