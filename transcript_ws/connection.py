"""The library's connection, with what this server keeps of it."""

from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from transcript_ws.admission import Admitted


class PacketConnection(ServerConnection):
    """Takes binary messages off the stream, which `recv(decode=False)` could not tell from text.

    Text is left undecoded: the library would close the socket at the first byte that is not UTF-8.
    """

    admitted: Admitted | None = None
    on_binary: Callable[[], None] | None = None
    _in_binary = False

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame):
            if event.opcode is Opcode.BINARY:
                self._in_binary = not event.fin
                if self.on_binary is not None:
                    self.on_binary()
                return
            if event.opcode is Opcode.CONT and self._in_binary:
                self._in_binary = not event.fin
                return
        super().process_event(event)
