"""Both ends of a WebSocket stream for tests of the reader: bytes of frames, and a server connection without a network."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.utils import apply_mask

from callscribe.actions.valve import Valve
from transcript_ws.connection import PacketConnection
from transcript_ws.reading import FastConnection

REQUEST = (
    b"GET /transcripts/key HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
EOF = b"<end of stream>"
"""Stands for the end of what the server sends."""


def frame(
    payload: bytes,
    opcode: int = Opcode.TEXT,
    *,
    fin: bool = True,
    reserved: int = 0,
    key: bytes | None = b"\x01\x02\x03\x04",
    width: int = 0,
) -> bytes:
    """A frame as RFC 6455 section 5.2 draws it; `width` is how many extra bytes the length takes at least."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    masked = 0x80 if key is not None else 0
    size = len(payload)
    if size < 126 and not width:
        length = bytes([masked | size])
    elif size < 65536 and width <= 2:
        length = bytes([masked | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([masked | 127]) + size.to_bytes(8, "big")
    return head + length + (key + apply_mask(payload, key) if key is not None else payload)


@dataclass
class Heard:
    """What one end made of a stream."""

    messages: list[bytes] = field(default_factory=list)
    binaries: int = 0
    replies: bytes = b""

    def binary(self) -> None:
        self.binaries += 1


class Core:
    """The library's sans-I/O core, with messages put together frame by frame."""

    def __init__(self, max_size: int | None) -> None:
        self.heard = Heard()
        self.protocol = opened(ServerProtocol(max_size=max_size))
        self._text: bytes | None = None

    def feed(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        self._take()

    def end(self) -> None:
        self.protocol.receive_eof()
        self._take()

    def close(self) -> None:
        self.protocol.send_close(1012, "again")
        self._take()

    def _take(self) -> None:
        self.heard.replies += b"".join(data or EOF for data in self.protocol.data_to_send())
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            if event.opcode is Opcode.BINARY:
                self.heard.binaries += 1
                self._text = None
            elif event.opcode is Opcode.TEXT:
                self._text = b""
            if event.opcode in (Opcode.TEXT, Opcode.CONT) and self._text is not None:
                self._text += event.data
                if event.fin:
                    self.heard.messages.append(self._text)


class Transport:
    """What a connection needs of one; what is written is kept."""

    max_size = 256 * 1024

    def __init__(self) -> None:
        self.written = b""
        self.paused = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.written += EOF

    def can_write_eof(self) -> bool:
        return True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There are none."""

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def abort(self) -> None:
        self.aborted = True


class Wire:
    """A fast connection without a network, which is read from once it is `begun`."""

    def __init__(self, max_size: int | None = 2**18, kind: type[PacketConnection] = FastConnection) -> None:
        self.heard = Heard()
        self.valve = Valve(0, 0)
        self.transport = Transport()
        self.take: Callable[[bytes], None] = self.heard.messages.append
        self._waiting: list[bytes] = []
        server: Any = SimpleNamespace(handler=self._handle, handler_tasks=set())
        self.connection = kind(ServerProtocol(max_size=max_size), server)
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]
        self._begin = asyncio.Event()
        [self.task] = server.handler_tasks

    async def _handle(self, connection: PacketConnection) -> None:
        await self._begin.wait()
        await connection.read(self._give, self.heard.binary, self.valve)

    def _give(self, message: bytes) -> None:
        self.take(message)

    async def begun(self) -> "Wire":
        """After a handshake that is none of the test's business."""
        self.connection.data_received(REQUEST)
        await self.begin()
        return self

    async def begin(self) -> None:
        """Answer the handshake, and read."""
        self.answer()
        self._begin.set()
        await settled()

    def answer(self) -> None:
        assert self.connection.request is not None
        protocol = self.connection.protocol
        protocol.send_response(protocol.accept(self.connection.request))
        protocol.data_to_send()

    def feed(self, data: bytes) -> None:
        """What comes while the transport is paused waits, as it would in the kernel."""
        self._waiting.append(data)
        self.flow()

    def flow(self) -> None:
        while self._waiting and not self.transport.paused:
            self.connection.data_received(self._waiting.pop(0))
        self.heard.replies = self.transport.written

    def end(self) -> None:
        self.connection.eof_received()
        self.heard.replies = self.transport.written

    def close(self) -> None:
        self.connection.protocol.send_close(1012, "again")
        self.connection.send_data()
        self.heard.replies = self.transport.written

    async def lost(self) -> None:
        self.connection.connection_lost(None)
        await self.task


def opened(protocol: ServerProtocol) -> ServerProtocol:
    protocol.receive_data(REQUEST)
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.data_to_send()
    return protocol


def chunks(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The stream, cut at some places."""
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(stream)}), len(stream)]
    return [stream[start:end] for start, end in pairwise(places) if end > start]


async def settled() -> None:
    """Everything that is ready to run has run."""
    for _ in range(5):
        await asyncio.sleep(0)
