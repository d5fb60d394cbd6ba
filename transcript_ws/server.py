"""The transcript server: one port for ACS's sockets and for the questions of whoever operates it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from callscribe.actions.ingest import Counters, Ingest
from callscribe.ports import Counter, IngestPorts
from transcript_ws.admission import Door, Refused
from transcript_ws.answers import Probes, not_allowed, refusal
from transcript_ws.connection import PacketConnection
from transcript_ws.reading import connection_class
from transcript_ws.redaction import library_logger
from transcript_ws.session import serve_socket
from transcript_ws.settings import SocketSettings

_log = logging.getLogger(__name__)
_BACKLOG = 4096
"""The library's 100 makes simultaneous connects wait for a retransmission."""
_CUT_OFF_SECONDS = 0.5
"""For the library to notice that sockets were cut off."""


class SocketCounters(Counters, Protocol):
    """What is measured of sockets beside their packets."""

    @property
    def refused(self) -> Counter: ...
    @property
    def silent_pings(self) -> Counter: ...


class TranscriptServer:
    """A server that listens; made by `serve`."""

    def __init__(
        self,
        ports: IngestPorts,
        settings: SocketSettings,
        stop: asyncio.Event,
        counters: SocketCounters,
        metrics: Callable[[], bytes],
    ) -> None:
        self.ingest = Ingest(ports, settings.limits, counters)
        self._settings = settings
        self._stop = stop
        self._counters = counters
        self._door = Door(self.ingest, ports.tokens, settings.token, stop.is_set)
        checks = {"store": ports.archive.ping, "bus": ports.bus.ping}
        self._probes = Probes(lambda: not stop.is_set(), checks, metrics)
        self._server: Server | None = None
        self._open: set[ServerConnection] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    async def listen(self, listener: socket.socket) -> None:
        settings = self._settings
        await self.ingest.begin()
        self._server = await serve_websockets(
            self._serve,
            sock=listener,
            process_request=self._answer,
            create_connection=connection_class(),
            compression=None,  # inflating would double a packet's cost, and keep 32 KiB for each socket
            server_header=None,
            max_size=settings.message_bytes,
            open_timeout=settings.opening_seconds,
            close_timeout=settings.closing_seconds,
            ping_interval=None,
            backlog=_BACKLOG,
            logger=library_logger(),
        )

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def empty(self) -> None:
        """Returns when no socket is open. New ones are refused once `stop` is set."""
        await self._empty.wait()

    async def close(self) -> None:
        """Close what is open with 1012 (service restart), and commit what was taken.

        Whoever does not end within `closing_seconds` is cut off. Where the database takes nothing for as long, it is
        logged how much waits.
        """
        assert self._server is not None
        patience = self._settings.closing_seconds
        self._server.close(code=CloseCode.SERVICE_RESTART, reason="the server restarts")
        self.ingest.release()
        asyncio.get_running_loop().call_later(patience, self._cut_off)
        with suppress(TimeoutError):  # of handshakes that are not over, which have brought nothing
            async with asyncio.timeout(patience + _CUT_OFF_SECONDS):
                await self._server.wait_closed()
        try:
            async with asyncio.timeout(patience):
                await self.empty()
                await self.ingest.drained()
        except TimeoutError:
            _log.error("What was taken could not be stored in time.", extra={"writes": self.ingest.queued})

    def _cut_off(self) -> None:
        """The library gives a deadline to sockets that it closes itself, but not to peers who closed and stay."""
        for connection in self._open:
            connection.transport.abort()

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.method != "GET":
            return not_allowed()
        if (answer := await self._probes.answer(request)) is not None:
            return answer
        decision = await self._door.decide(request)
        if isinstance(decision, Refused):
            self._counters.refused.add(decision.reason)
            return refusal(decision)
        assert isinstance(connection, PacketConnection)
        connection.admitted = decision
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        assert isinstance(connection, PacketConnection)
        assert connection.admitted is not None
        self._open.add(connection)
        self._empty.clear()
        try:
            await serve_socket(
                connection,
                connection.admitted,
                self.ingest,
                self._settings.ping_seconds,
                self._counters.silent_pings,
            )
        finally:
            self._open.discard(connection)
            if not self._open:
                self._empty.set()


@asynccontextmanager
async def serve(
    ports: IngestPorts,
    settings: SocketSettings,
    stop: asyncio.Event,
    counters: SocketCounters,
    metrics: Callable[[], bytes],
    listener: socket.socket,
) -> AsyncIterator[TranscriptServer]:
    """A server on a port that is open (and closed by it).

    Once `stop` is set it is not ready and refuses new sockets; `empty` waits for those that are open. On leaving, open
    sockets are closed, and what they brought is committed.
    """
    server = TranscriptServer(ports, settings, stop, counters, metrics)
    await server.listen(listener)
    try:
        yield server
    finally:
        await server.close()
