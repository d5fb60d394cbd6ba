import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Opcode

from callscribe.domain.changes import call_topic
from callscribe.domain.transcript import Word
from tests.transcript_ws.conftest import Start
from tests.transcript_ws.wire import REQUEST, frame
from tests.transcript_ws.world import ALICE, KEY, World, metadata, said, sockets

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden" / "acs" / "packets.jsonl"


async def test_finals_of_one_socket(world: World) -> None:
    """Each Final becomes a segment with its speaker, exact ticks and words."""
    await world.has_call()
    await world.say(metadata(), said("Hello", 1), said("there", 3))
    first, second = await world.segments()
    assert (first.text, second.text) == ("Hello", "there")
    assert (first.participant, first.offset, first.locale) == (ALICE, 10_000_000, "en-US")
    assert first.words == (Word("hello", 10_000_000, 10_000_000),)
    [stream] = (await world.transcript()).streams
    assert first.stream_id == second.stream_id == stream.id


async def test_everything_that_was_ever_captured(world: World) -> None:
    """All golden packets in one socket: the server stays up and every Final is on the record, exactly."""
    await world.has_call()
    packets = [json.loads(line)["packet"] for line in GOLDEN.read_text().splitlines()]
    await world.say(*(json.dumps(each) for each in packets))
    finals = [each["transcriptionData"] for each in packets if each["kind"] == "TranscriptionData"]
    stored = await world.segments()
    assert [(s.text, s.offset, s.duration, s.confidence, s.participant) for s in stored] == [
        (f["text"], f["offset"], f.get("duration"), f["confidence"], f["participantRawID"]) for f in finals
    ]
    assert [[(w.text, w.offset, w.duration) for w in s.words] for s in stored] == [
        [(w["text"], w["offset"], w.get("duration")) for w in f["words"]] for f in finals
    ]
    assert 2516942161212568046 in [segment.offset for segment in stored]
    await world.say(metadata(), said("Still here", 1))
    assert "Still here" in await world.texts()


async def test_end_of_the_process(start: Start) -> None:
    """New sockets are refused, open ones go on until the server is left, then are closed with 1012; nothing is lost."""
    async with start(sockets()) as world:
        await world.has_call()
        socket = await world.dial()
        await socket.send(said("before", 1))
        world.stop.set()
        with pytest.raises(InvalidStatus) as refused:
            await world.dial()
        assert refused.value.response.status_code == 503
        await socket.send(said("while draining", 3))
        async with world.bus.subscribe(call_topic("call_1")) as notices:
            while "while draining" not in await world.texts():
                await anext(notices)
    await socket.wait_closed()
    assert socket.close_code == 1012
    async with start(sockets()) as world:
        assert await world.texts() == ["before", "while draining"]


async def test_end_of_the_process_after_the_last_call(world: World) -> None:
    """`empty` returns when all sockets have ended by themselves."""
    await world.has_call()
    async with world.dial() as socket:
        world.stop.set()
    await socket.wait_closed()
    await asyncio.wait_for(world.server.empty(), 5)


async def test_end_while_the_database_cannot_be_written(
    start: Start, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server waits `closing_seconds`, says how much waits, and ends; the archive has its own time for it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        async with start(sockets(closing_seconds=0.1)) as world:
            await world.has_call()
            other.execute("BEGIN IMMEDIATE")
            async with world.dial() as socket:
                await socket.send(said("kept", 1))
            await socket.wait_closed()
            await world.server.empty()
            await world.server.close()
            other.execute("ROLLBACK")
    [line] = [line for line in caplog.records if line.name == "transcript_ws.server"]
    assert (line.levelname, line.__dict__["writes"] > 0) == ("ERROR", True)
    async with start(sockets()) as world:
        assert await world.texts() == ["kept"]


async def test_end_with_a_peer_that_closed_and_stays(start: Start) -> None:
    """Its connection is cut off after `closing_seconds`, and what it said is there."""
    impatient = sockets(closing_seconds=0.1, ping_seconds=600.0)
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(20), start(impatient) as world:
        await world.has_call()
        reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
        stack.callback(writer.close)
        writer.write(REQUEST.replace(b"/key", f"/{KEY}".encode()))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(said("last", 1).encode()) + frame(b"\x03\xe8", Opcode.CLOSE))
        assert await reader.readexactly(4) == b"\x88\x02\x03\xe8"
        writer.transport.pause_reading()  # type: ignore[attr-defined]
    async with start(sockets()) as world:
        assert await world.texts() == ["last"]


async def test_end_with_a_peer_that_never_asks_for_anything(start: Start) -> None:
    """Nobody waits for the end of its handshake."""
    impatient = sockets(closing_seconds=0.1, opening_seconds=600.0)
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(20), start(impatient) as world:
        _, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
        stack.callback(writer.close)
        with pytest.raises(InvalidStatus):  # an answer: whoever came before it has been accepted
            await world.dial("/healthz")


async def test_end_without_a_warning(start: Start) -> None:
    """A program that fails leaves at once: its sockets are closed with 1012."""
    async with start(sockets()) as world:
        await world.has_call()
        socket = await world.dial()
    await socket.wait_closed()
    assert socket.close_code == 1012


def test_what_is_loaded() -> None:
    """No Azure SDK, no web framework, no SQL toolkit: the program is small and starts at once."""
    probe = (
        "import sys, transcript_ws.__main__; "
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert {"websockets", "msgspec"} <= loaded
    assert not loaded & {"azure", "fastapi", "starlette", "sqlalchemy", "alembic", "uvicorn", "aiohttp"}
