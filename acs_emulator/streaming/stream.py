"""The client of the application's media streaming socket."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque

from websockets.asyncio.client import ClientConnection

from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.faults import DropSocket, SlowSocket
from acs_emulator.outgoing.streams import Ended, Reports, SocketStream
from acs_emulator.people.scene import Press, Utterance
from acs_emulator.streaming import packets
from acs_emulator.streaming.incoming import Playback
from acs_emulator.streaming.outgoing import Frames
from acs_emulator.streaming.packets import Audio, Malformed, Packet, StopAudio
from acs_emulator.streaming.state import MediaStreaming

TURN = packets.FRAMES_PER_SECOND
"""Frames that are sent in a row before others have their turn."""
MAX_PRESSES = 1_000
MAX_MALFORMED = 20
"""Frames that the journal shows; the others are counted."""
SHOWN = 200
"""Characters of a malformed frame."""


class Stream(SocketStream):
    """One media stream that runs. It is a `scene.Listener`.

    What sounds while the socket is down, and what the application had queued, is lost. Each connection begins with
    metadata. None of this is documented. The journal has one `audio` entry for each connection, and one where
    the application first sends sound or stops it.
    """

    def __init__(self, exchange: Exchange, leg: Leg, streaming: MediaStreaming, reports: Reports) -> None:
        super().__init__(exchange, leg, "mediaStreaming", reports)
        self._streaming = streaming
        self.origin = exchange.clock.ticks()
        """When it was asked for, in ticks of the emulator's clock."""
        self._presses: deque[Packet] = deque(maxlen=MAX_PRESSES)

    @property
    def waiting(self) -> int:
        """Bytes that the application has yet to take, beside what the network holds."""
        return self._connection.transport.get_write_buffer_size() if self._connection else 0

    def hear(self, utterance: Utterance) -> None:
        """Words are heard as sound."""

    def hear_press(self, press: Press) -> None:
        """Send the key, where the application asked for keys."""
        if self._streaming.dtmf and self._connection is not None:
            self._presses.append(packets.dtmf(press.tone))
            self._wake.set()

    @property
    def _url(self) -> str:
        return self._streaming.transport_url or ""

    def _interrupted(self) -> None:
        self._presses.clear()

    def _resumed(self) -> None:
        """Everything begins anew with the next connection."""

    async def run(self) -> None:
        self._leg.listeners.append(self)
        await super().run()

    def _over(self) -> None:
        self._leg.listeners.remove(self)
        self._streaming.stream = None

    async def _serve(self, connection: ClientConnection) -> Ended:
        self._frames = Frames(self._leg, self._streaming, self._clock.ticks())
        self._playback = Playback(self._clock, self._leg, self._streaming)
        self._exchange.metronome.join(self._wake)
        try:
            return await super()._serve(connection)
        finally:
            self._exchange.metronome.leave(self._wake)
            self._frames.end()
            self._playback.flush()
            self._note(self._frames)

    async def _write(self, connection: ClientConnection, reader: asyncio.Task[None]) -> Ended:
        await self._send(connection, packets.metadata(self._streaming.subscription_id, self._streaming.rate))
        while True:
            self._wake.clear()
            if await self._send_due(connection, self._frames):
                return Ended.DROPPED
            if self._stopping:
                return Ended.ASKED
            if reader.done():
                return Ended.DROPPED
            await self._wake.wait()

    async def _send_due(self, connection: ClientConnection, frames: Frames) -> bool:
        """All frames that are over, however many the clock's speed makes of them, and the keys between them. Whether
        a fault broke the socket."""
        while due := frames.due(self._clock.ticks()):
            for _ in range(min(due, TURN)):
                await self._send_presses(connection)
                if await self._strike(frames):
                    return True
                for frame in frames.take():
                    await connection.send(frame)
            await asyncio.sleep(0)
        await self._send_presses(connection)
        return False

    async def _strike(self, frames: Frames) -> bool:
        """What the faults do before the next frame: make it late, or break the socket."""
        connection_id = self._leg.connection_id
        slow = self._faults.take(SlowSocket, connection_id, lambda fault: fault.what == "mediaStreaming")
        if slow is not None:
            await self._clock.sleep(slow.seconds)
        sent = frames.sent.silent + frames.sent.sounding
        self._drop = self._faults.take(
            DropSocket,
            connection_id,
            lambda fault: fault.what == "mediaStreaming" and fault.after_packets <= sent,
        )
        return self._drop is not None

    async def _send_presses(self, connection: ClientConnection) -> None:
        while self._presses:
            await self._send(connection, self._presses.popleft())

    async def _send(self, connection: ClientConnection, packet: Packet) -> None:
        await connection.send(packets.text(packet))
        self._journal.add("packet", callConnectionId=self._leg.connection_id, packet=packet)

    def _take(self, frame: str | bytes) -> None:
        received = self._playback.received
        try:
            wanted = packets.parse(frame)
        except Malformed as malformed:
            received.malformed += 1
            if received.malformed <= MAX_MALFORMED:
                self._journal.add(
                    "error",
                    message=f"a malformed frame on a media streaming socket: {malformed}",
                    callConnectionId=self._leg.connection_id,
                    frame=repr(frame[:SHOWN]),
                )
            return
        match wanted:
            case Audio(samples):
                self._playback.play(samples)
                if received.frames == 1:
                    self._note()
            case StopAudio():
                self._playback.stop()
                self._note()
            case _:
                received.unknown += 1

    def _note(self, frames: Frames | None = None) -> None:
        """What came in on this connection so far, and at its end what went out."""
        counts: dict[str, object] = {"received": dataclasses.asdict(self._playback.received)}
        if frames is not None:
            counts["sent"] = dataclasses.asdict(frames.sent)
        self._journal.add("audio", callConnectionId=self._leg.connection_id, **counts)
