"""What a media stream sends: the sound of the call, cut into frames of 20 ms."""

from __future__ import annotations

import time
from dataclasses import dataclass

from acs_emulator.audio.resampling import from_16_to_24
from acs_emulator.audio.soundtrack import TICKS_PER_SAMPLE
from acs_emulator.calls.call import Call, Leg, LegState
from acs_emulator.streaming import packets
from acs_emulator.streaming.metronome import FRAME, grid
from acs_emulator.streaming.state import MediaStreaming

DOMINANT = 4
"""Speakers of an unmixed stream at one moment, as documented."""
MAX_BEHIND = 60 * packets.FRAMES_PER_SECOND
"""Frames: what a slow application, or a hurried clock, leaves unsent beyond them is lost."""


@dataclass(slots=True)
class Sent:
    """Frames, by what became of them."""

    sounding: int = 0
    silent: int = 0
    lost: int = 0


class Frames:
    """The frames of one connection, in order, each due when its 20 ms are over. They begin when the call is connected.

    The application does not hear itself unless it asked for `enableLoopbackAudio`. An unmixed stream has a frame for
    each of the four who sounded last, silent ones included. Timestamps are those of the real clock at the first frame,
    and 20 ms more with each. Nothing of this is documented but the number four.
    """

    def __init__(self, leg: Leg, streaming: MediaStreaming, now: int) -> None:
        self._leg = leg
        self._streaming = streaming
        self._silence = bytes(packets.frame_bytes(streaming.rate))
        self._last_sounded: dict[str, int] = {}
        self._index = 0
        self._began = time.time()
        self.origin = grid(now)
        self._listen_in(leg.call, self.origin)
        self.sent = Sent()

    def due(self, now: int) -> int:
        """How many frames are over and not yet taken. Before the call is connected there are none."""
        if self._leg.state in (LegState.CONNECTING, LegState.UNKNOWN):
            self.origin, self._began = grid(now), time.time()
            self._keeper.advance(self.origin)
            return 0
        waiting = (now - self.origin) // FRAME - self._index
        if waiting > MAX_BEHIND:
            self.sent.lost += waiting - MAX_BEHIND
            self._index += waiting - MAX_BEHIND
        return min(waiting, MAX_BEHIND)

    def take(self) -> list[str]:
        """The next frame; one for each speaker of an unmixed stream."""
        start = self.origin + self._index * FRAME
        moment = self._began + self._index / packets.FRAMES_PER_SECOND
        if self._leg.call is not self._call:
            self._keeper.close()
            self._listen_in(self._leg.call, start)
        self._call.hush(start)
        if self._streaming.channel == "mixed":
            frames = [self._frame(None, self._mixed(start), moment)]
        else:
            frames = [self._frame(raw_id, samples, moment) for raw_id, samples in self._unmixed(start)]
        self._index += 1
        self._keeper.advance(start + FRAME)
        return frames

    def end(self) -> None:
        self._keeper.close()

    def _listen_in(self, call: Call, since: int) -> None:
        """The call in which the leg is from now on."""
        self._call, self._sound, self._keeper = call, call.sound, call.sound.keep(since)

    def _frame(self, raw_id: str | None, samples: bytes | None, moment: float) -> str:
        if samples is None:
            self.sent.silent += 1
            return packets.audio(self._silence, moment, raw_id, silent=True)
        self.sent.sounding += 1
        if self._streaming.rate == 24_000:
            samples = from_16_to_24(samples)
        return packets.audio(samples, moment, raw_id, silent=False)

    def _speakers(self) -> list[str]:
        """Who is in the call, the application's other ends first."""
        own = None if self._streaming.loopback else self._leg.shown_as
        return [person.raw_id for person in self._call.participants() if person.raw_id != own]

    def _mixed(self, start: int) -> bytes | None:
        here = self._speakers()
        others = [raw_id for raw_id in self._sound.speakers() if raw_id not in here]
        return self._sound.mixed(start, self._end(start), without=others)

    def _unmixed(self, start: int) -> list[tuple[str, bytes | None]]:
        """From behind a PSTN line all others are one."""
        if self._leg.line is not None:
            return [(self._leg.line.far, self._mixed(start))]
        heard = {raw_id: self._sound.heard(raw_id, start, self._end(start)) for raw_id in self._speakers()}
        for raw_id, samples in heard.items():
            if samples is not None:
                self._last_sounded[raw_id] = self._index
        dominant = sorted(heard, key=lambda raw_id: self._last_sounded.get(raw_id, -1), reverse=True)[
            :DOMINANT
        ]
        return [(raw_id, heard[raw_id]) for raw_id in heard if raw_id in dominant]

    def _end(self, start: int) -> int:
        """With the sample that the interpolation to 24 kHz looks at."""
        return start + FRAME + (TICKS_PER_SAMPLE if self._streaming.rate == 24_000 else 0)
