"""A stream to a socket of the application's: dialled, served until it is closed, dialled again where it was dropped."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.faults import DropSocket
from acs_emulator.outgoing.dialling import CLOSE_TIMEOUT, DialFailed, Kind, dial
from acs_emulator.transcription.failures import NO_WEBSOCKET, Failure

REDIAL_DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Emulated seconds before each redial; ACS documents none."""


class Ended(Enum):
    """How a connection came to its end."""

    ASKED = auto()
    DROPPED = auto()
    FAILED = auto()
    ABANDONED = auto()


@dataclass(frozen=True, slots=True)
class Reports:
    """What a stream tells about itself while it runs."""

    interrupted: Callable[[], None]
    reestablished: Callable[[], None]
    failed: Callable[[Failure], None]


class SocketStream(ABC):
    """One stream that runs: `open`, then `run` in a task of its own, at last `close`.

    That a dropped socket is dialled again is documented nowhere; the names of the status values are all there is.
    """

    def __init__(self, exchange: Exchange, leg: Leg, kind: Kind, reports: Reports) -> None:
        self._exchange = exchange
        self._clock = exchange.clock
        self._faults = exchange.faults
        self._journal = exchange.journal
        self._leg = leg
        self._kind = kind
        self._reports = reports
        self._connection: ClientConnection | None = None
        self._drop: DropSocket | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._finished = asyncio.Event()
        self._task: asyncio.Task[object] | None = None

    async def open(self) -> None:
        """Dial. Raises DialFailed."""
        self._connection = await self._dial()

    async def run(self) -> None:
        """Serve the socket until it is closed or cannot be dialled any more."""
        self._task = asyncio.current_task()
        try:
            while self._connection is not None:
                ended = Ended.ABANDONED
                try:
                    ended = await self._serve(self._connection)
                finally:
                    self._hung_up(ended)
                if ended is not Ended.DROPPED or self._stopping:
                    return
                await self._redial()
        finally:
            self._over()
            self._finished.set()

    async def close(self) -> None:
        """Send what is due, close the socket and return; at the latest after a few real seconds."""
        self._stopping = True
        self._wake.set()
        if self._connection is None and self._task is not None:
            self._task.cancel()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT + 1):
                await self._finished.wait()
        except TimeoutError:
            self._journal.add("error", message=f"a socket for {self._kind} did not close in time")
            if self._task is not None:
                self._task.cancel()
                await self._finished.wait()

    def abandon(self) -> None:
        """Hang up a socket that is open and does not run: nobody wants it any more."""
        if self._connection is not None:
            self._connection.transport.abort()
            self._hung_up(Ended.ABANDONED)

    @property
    @abstractmethod
    def _url(self) -> str: ...

    @abstractmethod
    async def _write(self, connection: ClientConnection, reader: asyncio.Task[None]) -> Ended:
        """Send everything in its time, until the stream is to stop, a fault strikes, or the reader is done."""

    @abstractmethod
    def _take(self, frame: str | bytes) -> None:
        """The application has sent this."""

    @abstractmethod
    def _interrupted(self) -> None:
        """The socket was dropped: decide what becomes of that which waits."""

    @abstractmethod
    def _resumed(self) -> None:
        """It is open again; `_drop` is the fault that broke it, if one did."""

    @abstractmethod
    def _over(self) -> None:
        """The stream has come to its end."""

    async def _dial(self) -> ClientConnection:
        return await dial(self._exchange, self._leg, self._url, self._kind)

    async def _serve(self, connection: ClientConnection) -> Ended:
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._read(connection))
            try:
                ended = await self._write(connection, reader)
                if ended is not Ended.DROPPED:
                    await connection.close()
            except ConnectionClosed:
                ended = Ended.DROPPED
            finally:
                connection.transport.abort()
                reader.cancel()
        return ended

    async def _read(self, connection: ClientConnection) -> None:
        """Take what the application sends until the socket closes."""
        try:
            async for frame in connection:
                self._take(frame)
        except ConnectionClosed:
            return
        finally:
            self._wake.set()

    async def _redial(self) -> None:
        self._reports.interrupted()
        self._interrupted()
        for delay in REDIAL_DELAYS if self._drop is None or self._drop.reconnect else ():
            await self._clock.sleep(delay)
            if self._stopping:
                return
            try:
                self._connection = await self._dial()
            except DialFailed:
                continue
            self._resumed()
            self._drop = None
            self._reports.reestablished()
            return
        self._reports.failed(NO_WEBSOCKET)

    def _hung_up(self, ended: Ended) -> None:
        self._connection = None
        self._journal.add(
            "socket-closed", callConnectionId=self._leg.connection_id, stream=self._kind, how=ended.name
        )
