"""The client of the application's transcription socket."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from acs_emulator.calls import Leg
from acs_emulator.dialling import CLOSE_TIMEOUT, DialFailed, dial
from acs_emulator.exchange import Exchange
from acs_emulator.faults import (
    DropSocket,
    Duplicate,
    Lose,
    MalformedPacket,
    Reorder,
    SlowSocket,
    TranscriptionFailed,
)
from acs_emulator.scene import Utterance
from acs_emulator.transcription import failures
from acs_emulator.transcription.failures import Failure
from acs_emulator.transcription.hearing import Hearing
from acs_emulator.transcription.packets import Packet, result_status
from acs_emulator.transcription.state import Transcription

REDIAL_DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Emulated seconds before each redial; ACS documents none."""
MAX_OUTBOX = 10_000


class _Ended(Enum):
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


class Stream:
    """One transcription that runs: `open`, then `run` in a task of its own, `hear` at any time, at last `close`.

    A dropped socket is dialled again. Each connection begins with metadata, and each metadata packet begins a
    recognition stream, so that offsets count from it anew; what was said while the socket was down is lost. Nothing
    of this is documented; the names of the status values are all there is.
    """

    def __init__(self, exchange: Exchange, leg: Leg, transcription: Transcription, reports: Reports) -> None:
        self._exchange = exchange
        self._clock = exchange.clock
        self._faults = exchange.faults
        self._journal = exchange.journal
        self._leg = leg
        self._transcription = transcription
        self._reports = reports
        legacy = exchange.options.legacy_offsets or leg.call.legacy_offsets
        self._hearing = Hearing(leg, transcription, self._clock, legacy=legacy)
        self._connection: ClientConnection | None = None
        self._outbox: deque[Packet] = deque()
        self._held_back: Packet | None = None
        self._wake = asyncio.Event()
        self._stopping = False
        self._finished = asyncio.Event()
        self._sent = 0
        self._drop: DropSocket | None = None
        self._task: asyncio.Task[object] | None = None

    @property
    def origin(self) -> int:
        """When the current recognition stream began, in ticks of the emulator's clock."""
        return self._hearing.origin

    async def open(self) -> None:
        """Dial and announce the stream. Raises DialFailed."""
        self._connection = await self._dial()
        self._begin_recognition()

    def hear(self, utterance: Utterance) -> None:
        """Send what was said since the recognition stream began."""
        packet = self._hearing.result(utterance)
        if packet is None:
            return
        if self._connection is None and not (self._drop and self._drop.redeliver):
            self._lost(packet, "socket down")
            return
        self._put(packet)

    def listen_for(self, locale: str) -> None:
        """From now on in one other language: new metadata on the same socket. Languages are no longer identified."""
        self._transcription.locale = locale
        self._transcription.locales = ()
        self._begin_recognition()

    async def run(self) -> None:
        """Serve the socket until it is closed or cannot be dialled any more."""
        self._task = asyncio.current_task()
        try:
            while self._connection is not None:
                connection = self._connection
                ended = _Ended.ABANDONED
                try:
                    ended = await self._serve(connection)
                finally:
                    self._connection = None
                    closed = {"callConnectionId": self._leg.connection_id, "how": ended.name}
                    self._journal.add("socket-closed", **closed)
                if ended is not _Ended.DROPPED or self._stopping:
                    return
                await self._redial()
        finally:
            self._transcription.stream = None
            self._finished.set()

    async def close(self) -> None:
        """Send what is left, close the socket and return; at the latest after a few real seconds."""
        self._stopping = True
        self._wake.set()
        if self._connection is None and self._task is not None:
            self._task.cancel()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT + 1):
                await self._finished.wait()
        except TimeoutError:
            await self._abandon()

    async def _abandon(self) -> None:
        """The application reads too slowly: what it has not taken is lost to it."""
        self._journal.add("error", message="a transcription socket did not close in time")
        if self._task is not None:
            self._task.cancel()
            await self._finished.wait()
        for packet in (*([self._held_back] if self._held_back else []), *self._outbox):
            self._lost(packet, "socket closed")
        self._outbox.clear()

    async def _dial(self) -> ClientConnection:
        return await dial(self._exchange, self._leg, self._transcription.transport_url or "")

    def _begin_recognition(self) -> None:
        self._hearing.begin()
        self._put(self._hearing.metadata())

    def _put(self, packet: Packet) -> None:
        if len(self._outbox) >= MAX_OUTBOX:
            self._lost(packet, "outbox full")
            return
        self._outbox.append(packet)
        self._wake.set()

    def _lost(self, packet: Packet, why: str) -> None:
        self._journal.add("packet-lost", callConnectionId=self._leg.connection_id, why=why, packet=packet)

    async def _serve(self, connection: ClientConnection) -> _Ended:
        reader = asyncio.create_task(self._read(connection))
        try:
            ended = await self._write(connection, reader)
            if ended is not _Ended.DROPPED:
                await connection.close()
            return ended
        except ConnectionClosed:
            return _Ended.DROPPED
        finally:
            connection.transport.abort()
            await reader

    async def _read(self, connection: ClientConnection) -> None:
        """Discard what the application sends (one official sample echoes every frame) until the socket closes."""
        try:
            async for _ in connection:
                pass
        except ConnectionClosed:
            return
        finally:
            self._wake.set()

    async def _write(self, connection: ClientConnection, reader: asyncio.Task[None]) -> _Ended:
        while True:
            while self._outbox:
                ended = await self._send_next(connection)
                if ended is not None:
                    return ended
            if self._stopping:
                if self._held_back is not None:
                    await self._send(connection, self._held_back)
                return _Ended.ASKED
            if reader.done():
                return _Ended.DROPPED
            self._wake.clear()
            await self._wake.wait()

    async def _send_next(self, connection: ClientConnection) -> _Ended | None:
        packet = self._outbox.popleft()
        try:
            if packet["kind"] != "TranscriptionData":
                await self._send(connection, packet)
                return None
            return await self._send_data(connection, packet)
        except asyncio.CancelledError:
            self._lost(packet, "socket closed")
            raise

    async def _send_data(self, connection: ClientConnection, packet: Packet) -> _Ended | None:
        """Send a result the way the faults will have it."""
        connection_id, status = self._leg.connection_id, result_status(packet)
        if ended := self._strike(packet):
            return ended
        slow = self._faults.take(SlowSocket, connection_id, lambda fault: fault.what == "transcription")
        if slow is not None:
            await self._clock.sleep(slow.seconds)
        malformed = self._faults.take(MalformedPacket, connection_id)
        if malformed is not None:
            await self._write_frame(connection, malformed.text, packet)
        if self._faults.take_delivery(Lose, "packets", status, connection_id):
            self._lost(packet, "fault")
            return None
        if self._held_back is None and self._faults.take_delivery(Reorder, "packets", status, connection_id):
            self._held_back = packet
            return None
        await self._send(connection, packet)
        if self._faults.take_delivery(Duplicate, "packets", status, connection_id):
            await self._send(connection, packet)
        if self._held_back is not None:
            overtaken, self._held_back = self._held_back, None
            await self._send(connection, overtaken)
        return None

    def _strike(self, packet: Packet) -> _Ended | None:
        """Whether a fault ends the stream, or breaks the socket, before this packet."""
        connection_id = self._leg.connection_id
        failed = self._faults.take(TranscriptionFailed, connection_id, lambda f: f.on == "streaming")
        if failed is not None:
            self._reports.failed(
                failures.documented(failed.code, failed.sub_code, failed.message, failed.details)
            )
            return _Ended.FAILED
        drop = self._faults.take(
            DropSocket, connection_id, lambda f: f.what == "transcription" and f.after_packets <= self._sent
        )
        if drop is None:
            return None
        self._drop = drop
        if drop.redeliver:
            self._outbox.appendleft(packet)
        else:
            self._lost(packet, "socket dropped")
        return _Ended.DROPPED

    async def _send(self, connection: ClientConnection, packet: Packet) -> None:
        await self._write_frame(
            connection, json.dumps(packet, ensure_ascii=False, separators=(",", ":")), packet
        )
        if packet["kind"] == "TranscriptionData":
            self._sent += 1
        self._journal.add("packet", callConnectionId=self._leg.connection_id, packet=packet)

    async def _write_frame(self, connection: ClientConnection, text: str, packet: Packet) -> None:
        """Send the text, on a socket that may turn out to be closed: then the packet is lost."""
        try:
            await connection.send(text)
        except ConnectionClosed:
            self._lost(packet, "socket closed")
            raise

    async def _redial(self) -> None:
        self._reports.interrupted()
        drop = self._drop
        if not (drop and drop.redeliver):
            for packet in self._outbox:
                self._lost(packet, "socket dropped")
            self._outbox.clear()
        for delay in REDIAL_DELAYS if drop is None or drop.reconnect else ():
            await self._clock.sleep(delay)
            if self._stopping:
                return
            try:
                self._connection = await self._dial()
            except DialFailed:
                continue
            self._resume(drop)
            return
        self._reports.failed(failures.NO_WEBSOCKET)

    def _resume(self, drop: DropSocket | None) -> None:
        if drop is None or drop.offsets == "restart":
            self._hearing.begin()
        self._outbox.appendleft(self._hearing.metadata())
        self._drop = None
        self._sent = 0
        self._reports.reestablished()
