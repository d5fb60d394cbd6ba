"""The library's connection, with what this server keeps of it, read by the library's documented `recv`."""

from collections.abc import Callable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from callscribe.actions.valve import Valve
from transcript_ws.admission import Admitted

Take = Callable[[bytes], None]
"""Takes one text message, on the spot. What it raises ends the reading."""


class PacketConnection(ServerConnection):
    """Uses nothing but what `websockets` documents, so that it works with whichever release is installed.

    `recv` cannot tell binary messages from text without decoding text, and the library would close the socket at the
    first text that is not UTF-8: so binary messages are taken as text here, and found to be unreadable.
    """

    admitted: Admitted | None = None

    async def read(self, take: Take, binary: Callable[[], None], valve: Valve) -> None:
        """Give every text message to `take` until the connection is lost; raises what `take` raises.

        `binary` is told of each binary message. Nothing is read while the valve is closed.
        """
        try:
            while True:
                take(await self.recv(decode=False))
                if valve.closed:
                    await valve.opened()
        except ConnectionClosed:
            return
