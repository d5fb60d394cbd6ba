"""The client of the application's transcription socket."""

from __future__ import annotations

import asyncio
import json
from collections import deque

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from acs_emulator.calls.call import Leg
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
from acs_emulator.outgoing.streams import Ended, Reports, SocketStream
from acs_emulator.people.scene import Utterance
from acs_emulator.transcription import failures
from acs_emulator.transcription.hearing import Hearing
from acs_emulator.transcription.packets import Packet, result_status
from acs_emulator.transcription.state import Transcription

MAX_OUTBOX = 10_000


class Stream(SocketStream):
    """One transcription that runs; it can `hear` at any time.

    Each connection begins with metadata, and each metadata packet begins a recognition stream, so that offsets count
    from it anew; what was said while the socket was down is lost. None of this is documented.
    """

    def __init__(self, exchange: Exchange, leg: Leg, transcription: Transcription, reports: Reports) -> None:
        super().__init__(exchange, leg, "transcription", reports)
        self._transcription = transcription
        legacy = exchange.options.legacy_offsets or leg.call.legacy_offsets
        self._hearing = Hearing(leg, transcription, self._clock, legacy=legacy)
        self._outbox: deque[Packet] = deque()
        self._held_back: Packet | None = None
        self._sent = 0

    @property
    def origin(self) -> int:
        """When the current recognition stream began, in ticks of the emulator's clock."""
        return self._hearing.origin

    async def open(self) -> None:
        """Dial and announce the stream. Raises DialFailed."""
        await super().open()
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

    @property
    def _url(self) -> str:
        return self._transcription.transport_url or ""

    def _take(self, frame: str | bytes) -> None:
        """Discarded: ACS expects nothing, and one official sample echoes every frame."""

    def _over(self) -> None:
        """What the application has not taken is lost to it."""
        self._transcription.stream = None
        if self._held_back is not None:
            self._outbox.appendleft(self._held_back)
        self._lose_all("socket closed")

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

    async def _write(self, connection: ClientConnection, reader: asyncio.Task[None]) -> Ended:
        while True:
            while self._outbox:
                ended = await self._send_next(connection)
                if ended is not None:
                    return ended
            if self._stopping:
                await self._send_held_back(connection)
                return Ended.ASKED
            if reader.done():
                return Ended.DROPPED
            self._wake.clear()
            await self._wake.wait()

    async def _send_next(self, connection: ClientConnection) -> Ended | None:
        packet = self._outbox.popleft()
        try:
            if packet["kind"] != "TranscriptionData":
                await self._send(connection, packet)
                return None
            return await self._send_data(connection, packet)
        except asyncio.CancelledError:
            self._lost(packet, "socket closed")
            raise

    async def _send_data(self, connection: ClientConnection, packet: Packet) -> Ended | None:
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
        await self._send_held_back(connection)
        return None

    async def _send_held_back(self, connection: ClientConnection) -> None:
        """The packet that was to be overtaken."""
        if self._held_back is not None:
            overtaken, self._held_back = self._held_back, None
            await self._send(connection, overtaken)

    def _strike(self, packet: Packet) -> Ended | None:
        """Whether a fault ends the stream, or breaks the socket, before this packet."""
        connection_id = self._leg.connection_id
        failed = self._faults.take(TranscriptionFailed, connection_id, lambda f: f.on == "streaming")
        if failed is not None:
            self._reports.failed(
                failures.documented(failed.code, failed.sub_code, failed.message, failed.details)
            )
            return Ended.FAILED
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
        return Ended.DROPPED

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

    def _interrupted(self) -> None:
        if not (self._drop and self._drop.redeliver):
            self._lose_all("socket dropped")

    def _lose_all(self, why: str) -> None:
        for packet in self._outbox:
            self._lost(packet, why)
        self._outbox.clear()

    def _resumed(self) -> None:
        if self._drop is None or self._drop.offsets == "restart":
            self._hearing.begin()
        self._outbox.appendleft(self._hearing.metadata())
        self._sent = 0
