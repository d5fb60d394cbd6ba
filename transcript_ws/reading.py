"""The fast reader: takes text messages straight from the bytes of the stream; all else is the library's.

A transcript socket carries one kind of frame by the million: text, whole, masked, uncompressed, of a kilobyte. Such a
frame is unmasked and handed on here, in the callback that brings its bytes. Handshake, control frames, fragments,
binary messages, long frames and whatever breaks RFC 6455 go to `websockets`, byte for byte and in order, which answers
as it always does. Sections are those of RFC 6455.

`websockets` is pinned to its minor version, since methods are overridden here that are not documented as extension
points; with another release, `connection_class` gives the connection that reads by the documented `recv`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from websockets import utils
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State
from websockets.server import ServerProtocol
from websockets.version import version

from callscribe.actions.valve import Valve
from transcript_ws.connection import PacketConnection, Take

try:
    from websockets.speedups import apply_mask
except ImportError:
    apply_mask = utils.apply_mask

_log = logging.getLogger(__name__)

LIBRARY: Final = "17.4"
"""The release of `websockets` whose inner workings are relied upon."""
METHODS: Final = ("connection_made", "connection_lost", "data_received", "eof_received", "process_event")
"""Of ServerConnection: called by the event loop, and for each frame that the library has read."""
FIELDS: Final = ("state", "extensions", "current_size", "max_message_size", "max_fragment_size")
"""Of its sans-I/O protocol; `current_size` is None unless a fragmented message is under way."""

WHOLE_TEXT: Final = 0x81
"""The first byte of an unfragmented text frame: FIN, no reserved bits, opcode 1 (section 5.2)."""
MASKED: Final = 0x80
"""Of the second byte; every frame of a client is masked (section 5.1)."""
LONGEST: Final = 0xFFFF
"""The longest payload whose length takes two bytes; longer ones are left to the library."""
OPCODES: Final = frozenset(int(opcode) for opcode in Opcode)
READ_BYTES: Final = 64 * 1024
"""Read at once on the standard loop, which allocates as much each time: for its 256 KiB it maps fresh memory."""


def connection_class() -> type[PacketConnection]:
    """What `websockets` is to make connections of; it is logged where that is not the fast one."""
    if apply_mask is utils.apply_mask:
        _log.warning("The library was built without its C extension; unmasking is slow.")
    if fits(version):
        return FastConnection
    _log.warning("The fast reader does not know this release of websockets.", extra={"version": version})
    return PacketConnection


def fits(release: str) -> bool:
    """Whether the reader knows the library's release, and finds all that it relies upon."""
    protocol = ServerProtocol()
    return (
        release.split(".")[:2] == LIBRARY.split(".")
        and all(hasattr(ServerConnection, name) for name in METHODS)
        and all(hasattr(protocol, name) for name in FIELDS)
    )


class FastConnection(PacketConnection):
    """The library's parser always stands at the beginning of a frame, but for `_owed` bytes, when a frame is read here.

    That holds because it gets nothing but frames to their last byte; and from the moment at which the connection is
    not open any more, it gets everything.
    """

    _take: Take | None = None
    _binary: Callable[[], None]
    _valve: Valve
    _ended: asyncio.Future[None]
    _longest = 0
    _early = False
    """Bytes came between the request and the beginning of reading: it is all the library's."""
    _kept = b""
    """What is not taken yet: an incomplete frame, or what came while the valve was closed, one read at most."""
    _held = False
    """The transport is paused until the valve lets this connection go on."""
    _owed = 0
    """Bytes missing of the frame that the library is reading."""
    _message: bytearray | None = None
    """A fragmented text message (section 5.4) as far as it has come; no longer than a message may be."""

    async def read(self, take: Take, binary: Callable[[], None], valve: Valve) -> None:
        protocol = self.protocol
        if self._early or protocol.state is not State.OPEN or protocol.extensions:
            await super().read(take, binary, valve)
            return
        limits = (LONGEST, protocol.max_message_size, protocol.max_fragment_size)
        self._longest = min(limit for limit in limits if limit is not None)
        self._binary, self._valve, self._ended = binary, valve, self.loop.create_future()
        self._take = take
        try:
            await self._ended
        finally:
            self._take = _leave

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if hasattr(transport, "max_size"):
            transport.max_size = READ_BYTES

    def data_received(self, data: bytes) -> None:
        if self._take is None:
            self._before_reading(data)
        elif self._held or self._valve.closed:
            self._hold(self._kept + data)
        else:
            if self._kept:
                data, self._kept = self._kept + data, b""
            self._read(data)

    def eof_received(self) -> None:
        self._finish()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish()
        super().connection_lost(exc)
        if self._take is not None and not self._ended.done():
            self._ended.set_result(None)

    def _before_reading(self, data: bytes) -> None:
        """The opening handshake (section 4.2) ends with the request's last byte, unless a client cannot wait."""
        super().data_received(data[:-1])
        self._early = self._early or self.request is not None
        super().data_received(data[-1:])

    # --- frames

    def _read(self, data: bytes) -> None:
        """Take the frames that `data` holds (section 5.2), and keep the beginning of one that is incomplete."""
        protocol, valve, take = self.protocol, self._valve, self._take
        assert take is not None
        at = self._settle(data) if self._owed or protocol.state is not State.OPEN else 0
        plain, longest, size = protocol.current_size is None, self._longest, len(data)
        while size - at >= 2 and not valve.closed:
            length, body = -1, at + 6
            if data[at] == WHOLE_TEXT and plain:
                length = data[at + 1] - MASKED
                if length == 126:
                    if size - at < 4:
                        break
                    length, body = data[at + 2] << 8 | data[at + 3], at + 8
                elif length == 127:
                    length = LONGEST + 1
            if 0 <= length <= longest:
                end = body + length
                if end > size:
                    break
                at = end
                try:
                    # Section 5.3; the masking key is in the four bytes before the payload.
                    take(apply_mask(data[body:end], data[body - 4 : body]))
                except Exception as fault:  # noqa: BLE001 - `read` raises it to the connection's supervisor
                    take = self._give_up(fault)
            else:
                given = self._give(data, at)
                if given == at:
                    break
                at, plain, take = given, protocol.current_size is None, self._take or _leave
        if at < size:
            self._keep(data[at:])

    def _settle(self, data: bytes) -> int:
        """Where the first frame begins that is not the library's; it gets everything once the connection closes."""
        return self._pass_on(data, 0, self._owed if self.protocol.state is State.OPEN else len(data))

    def _give(self, data: bytes, at: int) -> int:
        """Hand the frame at `at` to the library, as far as it has come; returns where the next one begins.

        It is not given before its length is known, unless the library closes whatever the length.
        """
        length = data[at + 1] - MASKED
        more = {126: 2, 127: 8}.get(length, 0)
        payload = at + 2 + more + 4
        if length < 0 or data[at] & 0x0F not in OPCODES:
            return self._pass_on(data, at, len(data))
        if len(data) < payload - 4:
            return at
        if more:
            length = int.from_bytes(data[at + 2 : at + 2 + more], "big")
        return self._pass_on(data, at, payload + length)

    def _pass_on(self, data: bytes, at: int, end: int) -> int:
        """Give the library all up to `end`, of which some may come later; and all that follows, if it closes for it."""
        super().data_received(data[at:end])
        if self.protocol.state is not State.OPEN and end < len(data):
            super().data_received(data[end:])
            end = len(data)
        self._owed = max(0, end - len(data))
        return min(end, len(data))

    def process_event(self, event: Event) -> None:
        """Messages that the library has read, frame by frame; control frames have been answered by then."""
        if self._take is None or not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode is Opcode.TEXT:
            self._message = bytearray()
            self._add(event)
        elif event.opcode is Opcode.BINARY:
            self._message = None
            self._binary()
        elif event.opcode is Opcode.CONT:
            if self._message is not None:
                self._add(event)
        else:
            super().process_event(event)

    def _add(self, frame: Frame) -> None:
        assert self._message is not None
        self._message += frame.data
        if frame.fin:
            message, self._message = bytes(self._message), None
            assert self._take is not None
            try:
                self._take(message)
            except Exception as fault:  # noqa: BLE001 - as above
                self._give_up(fault)

    def _give_up(self, fault: Exception) -> Take:
        """Take nothing more: what still comes is left unread until the connection is closed."""
        self._take = _leave
        if not self._ended.done():
            self._ended.set_exception(fault)
        return _leave

    # --- pauses

    def _keep(self, rest: bytes) -> None:
        if self._valve.closed:
            self._hold(rest)
        else:
            self._kept = rest

    def _hold(self, data: bytes) -> None:
        """Keep what came, and let the peer wait until the valve opens."""
        self._kept = data
        if not self._held:
            self._held = True
            self.transport.pause_reading()
            self._valve.when_open(self._go_on)

    def _go_on(self) -> None:
        self._held = False
        data, self._kept = self._kept, b""
        self._read(data)
        if not self._held:
            self.transport.resume_reading()

    def _finish(self) -> None:
        """No more will come: take what was kept, and let the library judge the frame that is cut off."""
        if self._take is None:
            return
        self._valve.forget(self._go_on)
        self._valve, self._held = Valve(0, 0), False  # one that nobody closes
        data, self._kept = self._kept, b""
        if data:
            self._read(data)
            super().data_received(self._kept)
            self._kept = b""


def _leave(message: bytes) -> None:
    """Takes what nobody is to have any more."""
