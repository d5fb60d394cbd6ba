import asyncio
import logging
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.version import version

from callscribe.actions.ingest import MalformedFlood
from tests.transcript_ws.wire import EOF, REQUEST, Core, Wire, chunks, frame, settled
from tests.transcript_ws.world import World, metadata, said
from transcript_ws import reading
from transcript_ws.connection import PacketConnection
from transcript_ws.reading import FastConnection, connection_class, fits

pytestmark = pytest.mark.anyio

LIMITS = [None, 0, 10, 126, 1000, 0xFFFF, 0x10000, 100_000]
SIZES = [0, 1, 2, 5, 124, 125, 126, 127, 128, 300, 999, 1000, 1001, 0xFFFE, 0xFFFF, 0x10000, 0x10001, 100_001]
TEXTS = [b"{}", b'{"kind":"X"}', "Grüß Gott".encode(), b"\xff\xfe", b"\xc3", b"\x81\x85" * 9, b"\r\n\r\n"]

keys = st.binary(min_size=4, max_size=4)
payloads = st.sampled_from(TEXTS) | st.sampled_from(SIZES).map(
    lambda size: (b"abcdefg" * (size // 7 + 1))[:size]
)
short = st.sampled_from(TEXTS) | st.binary(max_size=126)
closings = st.sampled_from(
    [
        b"",
        b"\x03",
        b"\x03\xe8",
        b"\x03\xe8bye",
        b"\x03\xed",
        b"\x03\xee",
        b"\x0f\xa0",
        b"\x13\x88",
        b"\x03\xe8\xff",
    ]
)
plain = st.builds(frame, payloads, key=keys, width=st.sampled_from([0, 0, 2, 8]))
fragment = st.builds(
    frame, payloads, st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]), fin=st.booleans(), key=keys
)
control = st.builds(
    frame,
    short | payloads,
    st.sampled_from([Opcode.PING, Opcode.PONG]),
    fin=st.sampled_from([True, True, True, False]),
    key=keys,
)
closing = st.builds(frame, closings, st.just(Opcode.CLOSE), key=keys)
anything = st.builds(
    frame,
    payloads,
    st.integers(0, 15),
    fin=st.booleans(),
    reserved=st.integers(0, 7),
    key=st.none() | keys,
    width=st.sampled_from([0, 2, 8]),
)
fragmented = st.lists(st.tuples(payloads, st.none() | control), min_size=1, max_size=4).map(
    lambda parts: b"".join(
        frame(part, Opcode.CONT if place else Opcode.TEXT, fin=place == len(parts) - 1) + (between or b"")
        for place, (part, between) in enumerate(parts)
    )
)
usual = st.one_of(plain, plain, plain, fragmented, control)
streams = st.lists(
    st.one_of(usual, usual, fragment, closing, anything, st.binary(max_size=9)), max_size=12
).map(b"".join)


@st.composite
def cut(draw: st.DrawFn) -> list[bytes]:
    """A stream in pieces, from single bytes to all at once; perhaps its end is missing."""
    stream = draw(streams)
    stream = stream[: len(stream) - draw(st.just(0) | st.integers(0, 20))]
    near = (
        st.integers(0, 40)
        | st.integers(0, len(stream))
        | st.integers(0, 40).map(lambda back: len(stream) - back)
    )
    return chunks(stream, draw(st.lists(near, max_size=25)))


def in_a_loop(test: Callable[[], object]) -> None:
    with asyncio.Runner() as runner:
        runner.run(test())  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(cut(), st.sampled_from(LIMITS), st.none() | st.integers(0, 10), st.booleans())
def test_any_stream_in_any_chunking(
    pieces: list[bytes], max_size: int | None, closes: int | None, ends: bool
) -> None:
    """After each piece: the messages of the library's sans-I/O core, and its replies to the byte."""

    async def check() -> None:
        wire, core = await Wire(max_size).begun(), Core(max_size)
        for place, piece in enumerate(pieces):
            if place == closes and core.protocol.state is State.OPEN:
                wire.close()
                core.close()
            wire.feed(piece)
            core.feed(piece)
            assert wire.heard == core.heard
        if ends:
            wire.end()
            core.end()
            assert wire.heard == core.heard
        protocol = wire.connection.protocol
        await wire.lost()
        core.end()
        assert (protocol.close_rcvd, protocol.close_sent) == (
            core.protocol.close_rcvd,
            core.protocol.close_sent,
        )
        assert wire.heard.messages == core.heard.messages

    in_a_loop(check)


@settings(max_examples=150, deadline=None)
@given(cut(), st.sampled_from(LIMITS), st.lists(st.booleans(), min_size=1, max_size=8), st.booleans())
def test_any_stream_with_pauses(
    pieces: list[bytes], max_size: int | None, pauses: list[bool], at_once: bool
) -> None:
    """However often the valve closes, also between two frames of one read: the same messages and replies at the end."""

    async def check() -> None:
        wire, core = await Wire(max_size).begun(), Core(max_size)

        def take(message: bytes) -> None:
            wire.heard.messages.append(message)
            if pauses[len(wire.heard.messages) % len(pauses)]:
                wire.valve.level(1)

        wire.take = take
        for piece in pieces:
            core.feed(piece)
            wire.feed(piece)
            if at_once:
                await through(wire)
        await through(wire)
        wire.end()
        core.end()
        assert wire.heard == core.heard
        await wire.lost()

    in_a_loop(check)


async def through(wire: Wire) -> None:
    """Let everything through that waits."""
    while wire.valve.closed or wire.transport.paused:
        wire.valve.level(0)
        await settled()
        wire.flow()


async def test_nothing_is_taken_while_the_valve_is_closed() -> None:
    """What came with the same read waits as well, and the peer has to."""
    wire = await Wire().begun()
    wire.take = lambda message: (wire.heard.messages.append(message), wire.valve.level(1))  # type: ignore[func-returns-value, assignment]
    wire.feed(frame(b"one") + frame(b"two") + frame(b"three")[:5])
    wire.feed(frame(b"three")[5:])
    await settled()
    assert (wire.heard.messages, wire.transport.paused) == ([b"one"], True)
    wire.valve.level(0)
    await settled()
    assert (wire.heard.messages, wire.transport.paused) == ([b"one", b"two"], True)
    wire.valve.release()
    await settled()
    wire.flow()
    assert (wire.heard.messages, wire.transport.paused) == ([b"one", b"two", b"three"], False)
    await wire.lost()


async def test_connection_lost_while_the_valve_is_closed() -> None:
    """What had come is taken: it will not come again."""
    wire = await Wire().begun()
    wire.valve.level(1)
    wire.feed(frame(b"last") + frame(b"words") + frame(b"cut off")[:-1])
    assert wire.heard.messages == []
    await wire.lost()
    assert wire.heard.messages == [b"last", b"words"]
    wire.valve.level(0)
    await settled()


@pytest.mark.parametrize("rest", [b"", b"\x81", frame(b"cut off")[:-1], frame(b"cut", fin=False)])
@pytest.mark.parametrize("closed", [False, True])
async def test_stream_that_ends_without_a_closing_frame(rest: bytes, closed: bool) -> None:
    """Its end is told twice, by the stream and by the connection: all that is whole is taken once, and reading ends."""
    wire = await Wire().begun()
    wire.valve.level(int(closed))
    wire.feed(frame(b"whole") + rest)
    wire.end()
    await wire.lost()
    assert wire.heard.messages == [b"whole"]
    wire.valve.level(0)
    await settled()
    assert (wire.heard.messages, wire.connection.close_code) == ([b"whole"], 1006)


async def test_packets_that_come_before_the_handshake_is_over() -> None:
    """Wherever the stream is cut, what follows the request is taken once there is somebody to take it."""
    stream = REQUEST + frame(b"one") + frame(b"two")
    for place in range(1, len(stream)):
        wire = Wire()
        first, second = stream[:place], stream[place:]
        wire.feed(first)
        if wire.connection.request is None:
            wire.feed(second)
            await wire.begin()
        else:
            await wire.begin()
            wire.feed(second)
        wire.feed(frame(b"three"))
        await settled()
        assert wire.heard.messages == [b"one", b"two", b"three"], place
        await wire.lost()


async def test_request_that_is_refused() -> None:
    """Whatever follows it is left to the library, which closes."""
    wire = Wire()
    wire.feed(b"\n" * 10 + frame(b"one"))
    wire.feed(frame(b"two"))
    assert wire.heard.replies == EOF
    wire.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wire.lost()


@pytest.mark.parametrize("fault", [MalformedFlood(), KeyError("defect")])
@pytest.mark.parametrize("first", [frame(b"one"), frame(b"o", fin=False) + frame(b"ne", Opcode.CONT)])
async def test_message_that_nobody_can_take(fault: Exception, first: bytes) -> None:
    """The reading ends with that error; what still comes is read by nobody, and pings get their answers."""
    wire = await Wire().begun()

    def take(message: bytes) -> None:
        wire.heard.messages.append(message)
        raise fault

    wire.take = take
    wire.feed(first + first + frame(b"", Opcode.PING) + first)
    wire.feed(first)
    with pytest.raises(type(fault)):
        await wire.task
    wire.feed(first)
    assert wire.heard.messages == [b"one"]
    assert wire.heard.replies == b"\x8a\x00"
    wire.connection.connection_lost(None)


async def test_reading_that_is_cancelled() -> None:
    """Nothing is taken any more."""
    wire = await Wire().begun()
    wire.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wire.task
    wire.feed(frame(b"late"))
    wire.connection.connection_lost(None)
    assert wire.heard.messages == []


async def test_empty_fragments_without_end() -> None:
    """They take no memory."""
    wire = await Wire().begun()
    wire.feed(
        frame(b"", fin=False) + frame(b"", Opcode.CONT, fin=False) * 10_000 + frame(b"one", Opcode.CONT)
    )
    assert wire.heard.messages == [b"one"]
    await wire.lost()


async def test_standard_loop_reads_little_at_once() -> None:
    """Its reads would otherwise map 256 KiB each."""
    assert Wire().transport.max_size == 64 * 1024


# --- the library


async def test_the_library_that_is_installed() -> None:
    """It is the one that is relied upon; where this fails, read its changes before LIBRARY is raised."""
    assert fits(version)
    assert connection_class() is FastConnection


@pytest.mark.parametrize(
    ("names", "value"),
    [("LIBRARY", "17.5"), ("LIBRARY", "18.4"), ("METHODS", ("gone",)), ("FIELDS", ("gone",))],
)
async def test_another_release_of_the_library(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, names: str, value: object
) -> None:
    """Connections are read by the documented `recv`, and the log says so."""
    monkeypatch.setattr(reading, names, value)
    assert connection_class() is PacketConnection
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_library_without_its_extension(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It works, and the log says that it is slow."""
    monkeypatch.setattr(reading, "apply_mask", reading.utils.apply_mask)
    assert connection_class() is FastConnection
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_packets_take_the_fast_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a real socket too: all of them are unmasked here, none by the library."""
    unmask, taken = reading.apply_mask, []
    monkeypatch.setattr(reading, "apply_mask", lambda data, key: taken.append(unmask(data, key)) or taken[-1])
    await world.has_call()
    await world.say(metadata(), said("one", 1), said("two", 3))
    assert len(taken) == 3
    assert await world.texts() == ["one", "two"]
