import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from callscribe.actions.ingest import Ingest, Limits, MalformedFlood, Session
from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.adapters.system import RandomIds
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.changes import JOBS_TOPIC, RINGS_TOPIC, JobsDue, Notice, Partial, Ring, call_topic
from callscribe.domain.observations import (
    PacketsBegan,
    PacketsRefused,
    SocketClosed,
    SocketOpened,
    SocketsLost,
)
from callscribe.domain.participants import Participant
from callscribe.domain.transcript import Segment
from callscribe.ports import EventRecord, IngestPorts
from callscribe.runtime.telemetry import Metrics

pytestmark = pytest.mark.anyio

NOW = 1_790_000_000_000
ALICE, BOB = "4:+4930123456", "8:acs:bob"


@dataclass
class SetClock:
    time: int = NOW

    def now(self) -> int:
        return self.time


class NoTokens:
    """Tokens are the server's business, not the ingest's."""

    async def acs(self, token: str) -> None:
        raise NotImplementedError

    async def event_grid(self, token: str) -> None:
        raise NotImplementedError

    async def api(self, token: str) -> tuple[str, frozenset[str]]:
        raise NotImplementedError


class HeardBus(LocalBus):
    """The local bus, with a list of what was published."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, Notice]] = []

    def publish(self, topic: str, notice: Notice) -> None:
        self.heard.append((topic, notice))
        super().publish(topic, notice)

    def partials(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(notice.body) for _, notice in self.heard if isinstance(notice, Partial)]


@dataclass
class World:
    path: Path
    archive: SqliteArchive
    store: SqlStore
    clock: SetClock = field(default_factory=SetClock)
    bus: HeardBus = field(default_factory=HeardBus)
    metrics: Metrics = field(default_factory=Metrics)

    def ingest(self, **limits: int) -> Ingest:
        ports = IngestPorts(self.clock, RandomIds(self.clock), self.archive, self.bus, NoTokens(), "here")
        return Ingest(ports, replace(Limits(), **limits), self.metrics)

    async def has_call(self, number: int = 1, **fields: Any) -> None:
        plain: dict[str, Any] = {
            "id": f"call_{number}",
            "key": f"key-{number}",
            "direction": Direction.INCOMING,
            "state": CallState.CONNECTED,
            "created_at": NOW,
            "transcription": Transcription(locale="en-US"),
            "call_connection_id": f"connection-{number}",
        }
        async with self.store.transaction() as tx:
            await tx.insert_call(Call(**plain | fields))

    async def open(
        self, ingest: Ingest, number: int = 1, connection: str | None = None, correlation: str | None = None
    ) -> Session:
        admission = await ingest.admit(f"key-{number}")
        assert admission is not None
        return ingest.open(admission, connection, correlation)

    async def segments(self, number: int = 1) -> list[Segment]:
        transcript = await self.store.transcript(f"call_{number}")
        assert transcript is not None
        return [stored.segment for stored in sorted(transcript.segments, key=lambda each: each.number)]

    async def notes(self) -> list[EventRecord]:
        events, _ = await self.store.events("call_1", 100, None)
        return list(events)

    async def observations(self) -> list[Any]:
        return [job.work for job in await self.store.claim_jobs("worker", 1, 100)]

    def counted(self, name: str) -> dict[str, float]:
        """A counter of the metrics by its label."""
        lines = [line for line in self.metrics.scrape().decode().splitlines() if line.startswith(name + "{")]
        return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in lines}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    path = tmp_path / "callscribe.db"
    await migrate(sqlite_url(path))
    clock = SetClock()
    async with SqlStore(sqlite_url(path), clock) as store, SqliteArchive(path, clock) as archive:
        world = World(path, archive, store, clock)
        await world.has_call()
        yield world
        world.metrics.close()


def metadata(**fields: Any) -> bytes:
    plain = {"subscriptionId": "s", "locale": "en-US", "callConnectionId": "connection-1"}
    return json.dumps({"kind": "TranscriptionMetadata", "transcriptionMetadata": plain | fields}).encode()


def said(text: str, seconds: int = 1, speaker: str = ALICE, status: str = "Final") -> bytes:
    told = {
        "text": text,
        "offset": seconds * 10_000_000,
        "duration": 10_000_000,
        "participantRawID": speaker,
        "resultStatus": status,
    }
    return json.dumps({"kind": "TranscriptionData", "transcriptionData": told}).encode()


async def test_unknown_key(world: World) -> None:
    """No call, no admission."""
    assert await world.ingest().admit("another key") is None


async def test_final_is_durable_before_it_is_visible(world: World) -> None:
    """Readers are rung only after the commit, with the number of the change."""
    ingest = world.ingest()
    session = await world.open(ingest)
    for each in (metadata(), said("Hello."), said("Hello."), said("there", 3)):
        ingest.packet(session, each)
    assert world.bus.heard == []
    await ingest.drained()
    assert [segment.text for segment in await world.segments()] == ["Hello.", "there"]
    rings = [(topic, notice) for topic, notice in world.bus.heard if isinstance(notice, Ring)]
    assert rings[-2:] == [(call_topic("call_1"), Ring("call_1", 2)), (RINGS_TOPIC, Ring("call_1", 2))]
    assert world.counted("callscribe_segments_total") == {"new": 2, "repeated": 1}
    assert world.counted("callscribe_packets_total") == {"metadata": 1, "final": 3}


async def test_what_the_worker_is_told(world: World) -> None:
    """Opening, the first packet of each stream, and closing, with the ids of ACS's headers; the bell is rung."""
    ingest = world.ingest()
    first = await world.open(ingest, 1, "connection-1", "correlation-1")
    second = await world.open(ingest)
    ingest.packet(first, metadata())
    ingest.packet(first, said("Hello."))
    ingest.close(first, 1006)
    ingest.close(second, 1000)
    await ingest.drained()
    [stream] = (await world.store.transcript("call_1")).streams  # type: ignore[union-attr]
    assert await world.observations() == [
        SocketOpened(NOW, first.id, "connection-1", "correlation-1", server="here"),
        SocketOpened(NOW, second.id, None, None, others=1, server="here"),
        PacketsBegan(NOW, first.id, stream.id, "en-US", "connection-1", "correlation-1"),
        SocketClosed(NOW, first.id, 1006, 1),
        SocketClosed(NOW, second.id, 1000, 0),
    ]
    assert (JOBS_TOPIC, JobsDue()) in world.bus.heard
    assert "callscribe_sockets_open 0.0" in world.metrics.scrape().decode()


async def test_open_lines(world: World) -> None:
    """Told at the end of the turn, the newest of each speaker, with positions and names as for segments."""
    eve = Participant("8:acs:eve", display_name="Eve")
    await world.has_call(2, participants=(eve,), call_connection_id=None)
    ingest = world.ingest()
    session = await world.open(ingest, 2)
    for each in (metadata(), said("he", 1, ALICE, "Intermediate"), said("hi", 2, eve.raw_id, "Intermediate")):
        ingest.packet(session, each)
    ingest.packet(session, said("hello", 1, ALICE, "Intermediate"))
    assert world.bus.partials() == []
    await asyncio.sleep(0)
    alice, other = world.bus.partials()
    assert (alice["text"], alice["startMs"], alice["speaker"]) == ("hello", 1000, "+4930123456")
    assert (other["text"], other["speaker"]) == ("hi", "Eve")
    ingest.packet(session, said("hello the", 1, ALICE, "Intermediate"))
    await asyncio.sleep(0)
    assert world.bus.partials()[-1]["text"] == "hello the"


async def test_open_line_closed_in_the_same_turn(world: World) -> None:
    """It is not told any more."""
    ingest = world.ingest()
    session = await world.open(ingest)
    for each in (metadata(), said("he", 1, ALICE, "Intermediate"), said("Hello.")):
        ingest.packet(session, each)
    await asyncio.sleep(0)
    assert world.bus.partials() == []
    await ingest.drained()


async def test_two_processes_see_the_same_packets(world: World) -> None:
    """Each segment is stored once, whoever wrote it first."""
    one, other = world.ingest(), world.ingest()
    first, second = await world.open(one), await world.open(other)
    for each in (metadata(), said("Hello."), said("there", 3)):
        one.packet(first, each)
        other.packet(second, each)
    await one.drained()
    await other.drained()
    assert [segment.text for segment in await world.segments()] == ["Hello.", "there"]


async def test_socket_that_comes_back(world: World) -> None:
    """A call without sockets is remembered for a while, and then read from the record."""
    ingest = world.ingest()
    for pause in (0, 599_999, 600_000):
        world.clock.time += pause
        session = await world.open(ingest)
        ingest.packet(session, metadata())
        ingest.packet(session, said("Hello."))
        ingest.close(session, 1000)
        await ingest.drained()
    assert len(await world.segments()) == 1


async def test_calls_that_are_remembered_are_bounded(world: World) -> None:
    """The oldest is forgotten first; it costs a look into the record."""
    ingest = world.ingest(remembered_calls=1)
    for number in (2, 3):
        await world.has_call(number)
    for number in (1, 2, 3, 1):
        session = await world.open(ingest, number)
        ingest.packet(session, metadata(callConnectionId=f"connection-{number}"))
        ingest.packet(session, said("Hello."))
        ingest.close(session, 1000)
        await ingest.drained()
    assert len(await world.segments(1)) == 1


async def test_too_many_sockets(world: World) -> None:
    """Bounds for one call, and for all."""
    await world.has_call(2)
    ingest = world.ingest(sockets=2, sockets_per_call=1)
    assert not ingest.full("call_1")
    first = await world.open(ingest)
    assert ingest.full("call_1")
    assert not ingest.full("call_2")
    await world.open(ingest, 2)
    ingest.close(first, 1000)
    await world.open(ingest, 2)
    assert ingest.full("call_1")


async def test_socket_after_the_end(world: World) -> None:
    """ACS may still dial when its own news of the end has come: the words are taken, and a note says so."""
    await world.has_call(2, state=CallState.DISCONNECTED)
    ingest = world.ingest()
    session = await world.open(ingest, 2)
    ingest.packet(session, said("Bye."))
    await ingest.drained()
    assert len(await world.segments(2)) == 1
    events, _ = await world.store.events("call_2", 10, None)
    assert [event.type for event in events] == ["callscribe.SocketAfterEnd"]


async def test_packets_that_name_another_call(world: World) -> None:
    """They stay with the key's call; one note says so."""
    ingest = world.ingest()
    session = await world.open(ingest)
    for each in (metadata(callConnectionId="other"), said("Hello."), metadata(callConnectionId="third")):
        ingest.packet(session, each)
    ingest.packet(session, metadata(callConnectionId="CONNECTION-1"))
    ingest.packet(session, metadata(callConnectionId=None))
    await ingest.drained()
    assert len(await world.segments()) == 1
    [note] = await world.notes()
    assert (note.type, note.source) == ("callscribe.ForeignPackets", "transcript-socket")
    assert note.note is not None
    assert "other" in note.note


async def test_call_that_metadata_names_first(world: World) -> None:
    """Its ids go to the worker with the stream's first packet."""
    await world.has_call(2, call_connection_id=None)
    ingest = world.ingest()
    session = await world.open(ingest, 2)
    ingest.packet(session, metadata(callConnectionId="connection-2", correlationId="correlation-2"))
    await ingest.drained()
    began = (await world.observations())[-1]
    assert (began.call_connection_id, began.correlation_id) == ("connection-2", "correlation-2")


async def test_audio_and_tones(world: World) -> None:
    """Counted and ignored without a word; kinds nobody knows are noted once each, as many as may be."""
    ingest = world.ingest(noted_kinds=2)
    session = await world.open(ingest)
    for kind in ("AudioMetadata", "AudioData", "DtmfData", "MarkData", "MarkData", "Riddle", "Third"):
        ingest.packet(session, json.dumps({"kind": kind}).encode())
    await ingest.drained()
    assert world.counted("callscribe_packets_total") == {"other": 7}
    assert [note.type for note in await world.notes()] == ["callscribe.UnknownPackets"] * 2
    assert [note.note for note in await world.notes()] == [
        f"Packets of the unknown kind {kind!r} come, and are ignored." for kind in ("MarkData", "Riddle")
    ]


async def test_binary_messages(world: World) -> None:
    """Counted, noted once, ignored."""
    ingest = world.ingest()
    session = await world.open(ingest)
    ingest.binary(session)
    ingest.binary(session)
    await ingest.drained()
    assert world.counted("callscribe_packets_total") == {"binary": 2}
    assert len(await world.notes()) == 1


async def test_packets_that_cannot_be_read(world: World) -> None:
    """Counted; noted and told at once, then once a minute and at the end with their number; never with their words."""
    ingest = world.ingest()
    session = await world.open(ingest)
    bad = b'{"kind":"TranscriptionData","transcriptionData":{"text":"secret"}}'
    for wait in (0, 1, 59_998, 1, 1):
        world.clock.time += wait
        ingest.packet(session, bad)
    ingest.close(session, 1000)
    ingest.close(await world.open(ingest), 1000)
    await ingest.drained()
    notes = await world.notes()
    assert [(note.type, note.at - NOW) for note in notes] == [
        ("callscribe.MalformedPackets", 0),
        ("callscribe.MalformedPackets", 60_000),
        ("callscribe.MalformedPackets", 60_001),
    ]
    texts = [note.note or "" for note in notes]
    assert [text.partition(".")[0][-1] for text in texts] == ["1", "3", "1"]
    assert all("offset" in text and "secret" not in text for text in texts)
    assert world.counted("callscribe_malformed_total") == {"packet": 5}
    refused = [one for one in await world.observations() if isinstance(one, PacketsRefused)]
    assert [(one.since - NOW, one.at - NOW, one.count) for one in refused] == [
        (0, 0, 1),
        (1, 60_000, 3),
        (60_001, 60_001, 1),
    ]


async def test_flood_of_packets_that_cannot_be_read(world: World) -> None:
    """Beyond the bound of a minute the socket is to be closed."""
    ingest = world.ingest(malformed_per_minute=3)
    session = await world.open(ingest)
    for _ in range(3):
        ingest.packet(session, b"{")
    with pytest.raises(MalformedFlood):
        ingest.packet(session, b"{")
    await ingest.drained()


async def test_reading_pauses_while_too_much_waits(world: World) -> None:
    """Above the high mark until commits have brought it to the low one."""
    ingest = world.ingest(queue_high=3, queue_low=0)
    session = await world.open(ingest)
    for second in range(5):
        ingest.packet(session, said(f"{second}", second))
    assert ingest.valve.closed
    await ingest.valve.opened()
    assert not ingest.valve.closed
    assert ingest.queued == 0


async def test_pause_at_the_end_of_the_process(world: World) -> None:
    """Released sockets are read to their end."""
    ingest = world.ingest(queue_high=0)
    session = await world.open(ingest)
    assert ingest.valve.closed
    ingest.release()
    assert not ingest.valve.closed
    await ingest.valve.opened()
    ingest.packet(session, said("Bye."))
    await ingest.drained()
    assert len(await world.segments()) == 1


async def test_full_archive(world: World) -> None:
    """What it has no room for waits, in order, and is committed later: no word is lost."""
    async with SqliteArchive(world.path, world.clock, capacity=2) as small:
        tight = replace(world, archive=small)
        ingest = tight.ingest(queue_high=1, queue_low=0)
        session = await tight.open(ingest)
        for second in range(9):
            ingest.packet(session, said(f"{second}", second))
        assert ingest.queued > small.queued
        await ingest.valve.opened()
        assert [segment.text for segment in await tight.segments()] == [f"{second}" for second in range(9)]


async def test_hot_path_makes_no_task(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No task or future and no more than one callback for all open lines of a turn."""
    ingest = world.ingest()
    session = await world.open(ingest)
    ingest.packet(session, metadata())
    loop = asyncio.get_running_loop()
    scheduled: list[Callable[..., object]] = []
    before = asyncio.all_tasks()
    monkeypatch.setattr(loop, "call_soon", lambda callback, *_args, **_context: scheduled.append(callback))
    for second in range(10):
        ingest.packet(session, said("open", second * 2, ALICE, "Intermediate"))
        ingest.packet(session, said("Final.", second * 2, BOB))
    monkeypatch.undo()
    assert asyncio.all_tasks() == before
    assert len(scheduled) == 1
    scheduled[0]()
    await ingest.drained()


async def test_a_socket_that_names_another_correlation(world: World) -> None:
    """It is taken, since the two legs of a telephone call have one each; the timeline says so."""
    ingest = world.ingest()
    async with world.store.transaction() as tx:
        call = await tx.call("call_1")
        assert call is not None
        await tx.save_call(msgspec.structs.replace(call, correlation_id="ours"))
    for told in ("OURS", None):
        ingest.close(await world.open(ingest, 1, None, told), 1000)
    await ingest.drained()
    assert [note.type for note in await world.notes()] == []
    ingest.close(await world.open(ingest, 1, None, "theirs"), 1000)
    await ingest.drained()
    assert [note.type for note in await world.notes()] == ["callscribe.ForeignCorrelation"]


async def test_what_a_server_held_open_when_it_died(world: World) -> None:
    """Its successor tells the calls that go on, each with when it was last heard; ended ones are let be."""
    await world.has_call(2, state=CallState.DISCONNECTED)
    ingest = world.ingest()
    session = await world.open(ingest)
    ingest.packet(session, metadata())
    ingest.packet(session, said("Last words."))
    await ingest.drained()
    heard = (await world.segments())[-1].received_at
    successor = world.ingest()
    await successor.begin()
    await successor.drained()
    lost = [one for one in await world.observations() if isinstance(one, SocketsLost)]
    assert lost == [SocketsLost(world.clock.now(), "here", heard)]
