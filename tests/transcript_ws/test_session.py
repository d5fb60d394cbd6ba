import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from callscribe.actions.ingest import Limits
from callscribe.domain.changes import Partial, Ring, call_topic
from callscribe.domain.observations import SocketClosed
from tests.transcript_ws.conftest import Start
from tests.transcript_ws.world import ALICE, BOB, World, metadata, packet, said, sockets

pytestmark = pytest.mark.anyio

BAD = {
    "empty": "",
    "no JSON": "hello",
    "cut off": said("secret", 1)[:-9],
    "a list": "[]",
    "null": "null",
    "no kind": "{}",
    "nothing in it": '{"kind":"TranscriptionData"}',
    "no offset": packet("TranscriptionData", text="secret"),
    "offset beyond 63 bits": packet("TranscriptionData", text="secret", offset=2**63),
    "negative offset": packet("TranscriptionData", text="secret", offset=-1),
    "status unknown": said("secret", 1, status="secret"),
    "nested without end": "[" * 100_000,
    "a number as text": packet("TranscriptionData", text=1, offset=1),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_packet_that_cannot_be_read(world: World, bad: str) -> None:
    """It changes nothing, closes nothing, and is noted without its words."""
    await world.has_call()
    await world.say(metadata(), said("before", 1), bad, said("after", 3))
    assert await world.texts() == ["before", "after"]
    [note] = await world.notes()
    assert note.type == "callscribe.MalformedPackets"
    assert "secret" not in (note.note or "")
    assert world.counted("callscribe_malformed_total") == 1


async def test_final_whose_words_cannot_be_read(world: World) -> None:
    """The line is kept without them."""
    await world.has_call()
    await world.say(metadata(), said("kept", 1, words=[{"text": "kept"}]))
    [segment] = await world.segments()
    assert (segment.text, segment.words) == ("kept", ())


async def test_text_that_is_not_utf8(world: World) -> None:
    """It is one more packet that cannot be read: the socket stays open."""
    await world.has_call()
    async with world.dial() as socket:
        await socket.send(metadata())
        for broken in (b"\xff\xfe", said("WORD", 1).encode().replace(b"WORD", b"\xc3\x28")):
            await socket.send(broken, text=True)
        await socket.send(said("after", 3))
    await world.recorded(socket)
    assert await world.texts() == ["after"]


async def test_binary_messages(world: World) -> None:
    """Ignored, whole or in fragments, although their content could be read."""
    await world.has_call()
    async with world.dial() as socket:
        await socket.send(metadata())
        await socket.send(said("binary", 1).encode())
        await socket.send([b'{"kind":', b'"Audio', b'Data"}'])
        await socket.send(said("after", 3))
    await world.recorded(socket)
    assert await world.texts() == ["after"]
    assert world.counted('callscribe_packets_total{kind="binary"}') == 2


async def test_packet_in_fragments(world: World) -> None:
    """The message counts, not its frames."""
    await world.has_call()
    text = said("fragmented", 1)
    async with world.dial() as socket:
        await socket.send([text[:10], text[10:20], text[20:]])
    await world.recorded(socket)
    assert await world.texts() == ["fragmented"]


async def test_flood_of_packets_that_cannot_be_read(start: Start) -> None:
    """Closed with 1008 once the bound of a minute is passed; the note tells how many there were."""
    async with start(sockets(limits=Limits(malformed_per_minute=5))) as world:
        await world.has_call()
        async with world.dial() as socket:
            await socket.send(said("before", 1))
            for _ in range(6):
                await socket.send("{")
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008
        await world.recorded(socket)
        assert await world.texts() == ["before"]
        assert [note.note for note in await world.notes()] == [
            "Packets that cannot be read: 1. The last one: Input data was truncated.",
            "Packets that cannot be read: 5. The last one: Input data was truncated.",
        ]


async def test_message_that_is_too_large(start: Start) -> None:
    """Closed with 1009; what came before is kept."""
    async with start(sockets(message_bytes=1000)) as world:
        await world.has_call()
        async with world.dial() as socket:
            await socket.send(said("before", 1))
            await socket.send("x" * 1001)
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009
        await world.recorded(socket)
        assert await world.texts() == ["before"]


async def test_several_sockets_of_one_call(world: World) -> None:
    """They continue one transcript; what comes twice is there once."""
    await world.has_call()
    async with world.dial() as first, world.dial() as second:
        for socket in (first, second):
            await socket.send(metadata())
        for text in (said("one", 1), said("two", 2, BOB), said("three", 4)):
            await first.send(text)
            await second.send(text)
    await world.recorded(first)
    await world.recorded(second)
    await world.say(metadata(), said("one", 1), said("four", 6))
    assert sorted(await world.texts()) == ["four", "one", "three", "two"]
    assert len((await world.transcript()).streams) == 1


async def test_socket_that_breaks(world: World) -> None:
    """Lost without a closing handshake it ends with 1006; what it brought is kept."""
    await world.has_call()
    async with world.bus.subscribe(call_topic("call_1")) as notices:
        socket = await world.dial()
        await socket.send(said("last words", 1))
        assert await anext(notices) == Ring("call_1", 1)
    socket.transport.abort()
    await world.recorded(socket)
    assert await world.texts() == ["last words"]
    closed = [job.work for job in await world.store.claim_jobs("worker", 1, 10)][-1]
    assert isinstance(closed, SocketClosed)
    assert (closed.code, closed.remaining) == (1006, 0)


async def test_live_reader(world: World) -> None:
    """Open lines are told at once, finals by a ring after their commit."""
    await world.has_call()
    async with world.bus.subscribe(call_topic("call_1")) as notices, world.dial() as socket:
        await socket.send(metadata())
        await socket.send(said("he", 1, status="Intermediate"))
        partial = await anext(notices)
        assert isinstance(partial, Partial)
        told = json.loads(bytes(partial.body))
        assert (told["text"], told["participantRawID"], told["startMs"]) == ("he", ALICE, 1000)
        await socket.send(said("Hello.", 1))
        assert await anext(notices) == Ring("call_1", 1)
        assert await world.texts() == ["Hello."]


async def test_reading_pauses_until_there_is_room(start: Start) -> None:
    """Nothing is lost by it."""
    async with start(sockets(limits=Limits(queue_high=0, queue_low=0))) as world:
        await world.has_call()
        await world.say(metadata(), *(said(f"{second}", second) for second in range(20)))
        assert await world.texts() == [f"{second}" for second in range(20)]


async def test_socket_that_came_in_the_same_moment(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two handshakes found the last place free, the second is closed with 1013."""
    async with start(sockets(limits=Limits(sockets=1))) as world:
        await world.has_call()
        full = world.server.ingest.full
        at_the_door = iter([False, False])
        async with world.dial():
            monkeypatch.setattr(world.server.ingest, "full", lambda call_id: next(at_the_door, full(call_id)))
            next(at_the_door)
            async with world.dial() as second:
                with pytest.raises(ConnectionClosed) as caught:
                    await second.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1013


async def test_pings(start: Start) -> None:
    """They go out while nobody speaks, and their pongs are not missed."""
    async with start(sockets(ping_seconds=0.01)) as world:
        await world.has_call()
        async with world.dial() as socket:
            await heartbeats(socket, 3)
        await world.recorded(socket)
        assert world.counted("callscribe_sockets_pings_unanswered_total") == 0


async def test_peer_that_never_answers_a_ping(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted; the socket stays open, and is kept warm without more pings."""
    async with start(sockets(ping_seconds=0.01)) as world:
        await world.has_call()
        async with world.dial() as socket:
            send = socket.protocol.send_frame
            mute = lambda frame: None if frame.opcode is Opcode.PONG else send(frame)  # noqa: E731
            monkeypatch.setattr(socket.protocol, "send_frame", mute)
            seen = await heartbeats(socket, 4)
            await socket.send(said("still here", 1))
        await world.recorded(socket)
        assert seen == [Opcode.PING, Opcode.PONG, Opcode.PONG, Opcode.PONG]
        assert world.counted("callscribe_sockets_pings_unanswered_total") >= 3
        assert await world.texts() == ["still here"]


async def heartbeats(socket: object, count: int) -> list[Opcode]:
    """The first control frames that the server sends."""
    seen: list[Opcode] = []
    enough = asyncio.Event()
    take = socket.process_event  # type: ignore[attr-defined]

    def watch(event: object) -> None:
        if isinstance(event, Frame) and event.opcode in (Opcode.PING, Opcode.PONG):
            seen.append(event.opcode)
            if len(seen) == count:
                enough.set()
        take(event)

    socket.process_event = watch  # type: ignore[attr-defined]
    await asyncio.wait_for(enough.wait(), 5)
    return seen[:count]
