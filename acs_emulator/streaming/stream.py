"""The client of the application's media streaming socket."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from acs_emulator.calls import Leg
from acs_emulator.dialling import CLOSE_TIMEOUT, DialFailed, dial
from acs_emulator.exchange import Exchange
from acs_emulator.faults import DropSocket, SlowSocket
from acs_emulator.scene import Press, Utterance
from acs_emulator.streaming import failures, packets
from acs_emulator.streaming.failures import Failure
from acs_emulator.streaming.incoming import Playback
from acs_emulator.streaming.outgoing import Frames
from acs_emulator.streaming.packets import Audio, Malformed, Packet, StopAudio
from acs_emulator.streaming.state import MediaStreaming

REDIAL_DELAYS = (0.5, 1.0, 2.0, 4.0)
"""Emulated seconds before each redial; ACS documents none."""
TURN = packets.FRAMES_PER_SECOND
"""Frames that are sent in a row before others have their turn."""
MAX_PRESSES = 1_000
MAX_MALFORMED = 20
"""Frames that the journal shows; the others are counted."""
SHOWN = 200
"""Characters of a malformed frame."""


class _Ended(Enum):
    ASKED = auto()
    DROPPED = auto()


@dataclass(frozen=True, slots=True)
class Reports:
    """What a stream tells about itself while it runs."""

    interrupted: Callable[[], None]
    reestablished: Callable[[], None]
    failed: Callable[[Failure], None]


class Stream:
    """One media stream that runs: `open`, then `run` in a task of its own, at last `close`. It is a `scene.Listener`.

    A dropped socket is dialled again; what sounded meanwhile, and what the application had queued, is lost. Each
    connection begins with metadata. Nothing of this is documented; the names of the status values are all there is.
    The journal has one `audio` entry for each connection, and one where the application first sends sound or stops it.
    """

    def __init__(self, exchange: Exchange, leg: Leg, streaming: MediaStreaming, reports: Reports) -> None:
        self._exchange = exchange
        self._clock = exchange.clock
        self._journal = exchange.journal
        self._leg = leg
        self._streaming = streaming
        self._reports = reports
        self.origin = exchange.clock.ticks()
        """When it was asked for, in ticks of the emulator's clock."""
        self._connection: ClientConnection | None = None
        self._presses: deque[Packet] = deque(maxlen=MAX_PRESSES)
        self._wake = asyncio.Event()
        self._stopping = False
        self._finished = asyncio.Event()
        self._task: asyncio.Task[object] | None = None
        self._drop: DropSocket | None = None

    @property
    def waiting(self) -> int:
        """Bytes that the application has yet to take, beside what the network holds."""
        return self._connection.transport.get_write_buffer_size() if self._connection else 0

    async def open(self) -> None:
        """Dial. Raises DialFailed."""
        self._connection = await self._dial()

    def hear(self, utterance: Utterance) -> None:
        """Words are heard as sound."""

    def hear_press(self, press: Press) -> None:
        """Send the key, where the application asked for keys."""
        if self._streaming.dtmf and self._connection is not None:
            self._presses.append(packets.dtmf(press.tone))
            self._wake.set()

    async def run(self) -> None:
        """Serve the socket until it is closed or cannot be dialled any more."""
        self._task = asyncio.current_task()
        self._leg.call.listeners.append(self)
        try:
            while self._connection is not None:
                ended = await self._serve(self._connection)
                self._connection = None
                self._journal.add(
                    "socket-closed",
                    callConnectionId=self._leg.connection_id,
                    stream="mediaStreaming",
                    how=ended.name,
                )
                if ended is not _Ended.DROPPED or self._stopping:
                    return
                await self._redial()
        finally:
            self._leg.call.listeners.remove(self)
            self._streaming.stream = None
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
            self._journal.add("error", message="a media streaming socket did not close in time")
            if self._task is not None:
                self._task.cancel()
                await self._finished.wait()

    async def _dial(self) -> ClientConnection:
        return await dial(self._exchange, self._leg, self._streaming.transport_url or "", "mediaStreaming")

    async def _serve(self, connection: ClientConnection) -> _Ended:
        frames = Frames(self._leg, self._streaming, self._clock.ticks())
        playback = Playback(self._clock, self._leg, self._streaming)
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._read(connection, playback))
            self._exchange.metronome.join(self._wake)
            try:
                ended = await self._write(connection, frames, reader)
                if ended is not _Ended.DROPPED:
                    await connection.close()
            except ConnectionClosed:
                ended = _Ended.DROPPED
            finally:
                connection.transport.abort()
                reader.cancel()
                self._exchange.metronome.leave(self._wake)
                frames.end()
                playback.flush()
                self._note(playback, frames)
        return ended

    async def _write(
        self, connection: ClientConnection, frames: Frames, reader: asyncio.Task[None]
    ) -> _Ended:
        await self._send(connection, packets.metadata(self._streaming.subscription_id, self._streaming.rate))
        while True:
            self._wake.clear()
            if await self._send_due(connection, frames):
                return _Ended.DROPPED
            if self._stopping:
                return _Ended.ASKED
            if reader.done():
                return _Ended.DROPPED
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
        connection_id, faults = self._leg.connection_id, self._exchange.faults
        slow = faults.take(SlowSocket, connection_id, lambda fault: fault.what == "mediaStreaming")
        if slow is not None:
            await self._clock.sleep(slow.seconds)
        sent = frames.sent.silent + frames.sent.sounding
        self._drop = faults.take(
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

    async def _read(self, connection: ClientConnection, playback: Playback) -> None:
        """Take what the application sends until the socket closes."""
        try:
            async for frame in connection:
                self._take(frame, playback)
        except ConnectionClosed:
            return
        finally:
            self._wake.set()

    def _take(self, frame: str | bytes, playback: Playback) -> None:
        received = playback.received
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
                playback.play(samples)
                if received.frames == 1:
                    self._note(playback)
            case StopAudio():
                playback.stop()
                self._note(playback)
            case _:
                received.unknown += 1

    def _note(self, playback: Playback, frames: Frames | None = None) -> None:
        """What came in on this connection so far, and at its end what went out."""
        counts: dict[str, object] = {"received": dataclasses.asdict(playback.received)}
        if frames is not None:
            counts["sent"] = dataclasses.asdict(frames.sent)
        self._journal.add("audio", callConnectionId=self._leg.connection_id, **counts)

    async def _redial(self) -> None:
        self._reports.interrupted()
        self._presses.clear()
        for delay in REDIAL_DELAYS if self._drop is None or self._drop.reconnect else ():
            await self._clock.sleep(delay)
            if self._stopping:
                return
            try:
                self._connection = await self._dial()
            except DialFailed:
                continue
            self._drop = None
            self._reports.reestablished()
            return
        self._reports.failed(failures.NO_WEBSOCKET)
