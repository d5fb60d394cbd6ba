"""What the application sends into a media stream: sound that the people in the call hear."""

from __future__ import annotations

from dataclasses import dataclass

from acs_emulator.audio.resampling import from_24_to_16
from acs_emulator.audio.soundtrack import BYTES_PER_SAMPLE, TICKS_PER_SAMPLE
from acs_emulator.calls.call import Leg
from acs_emulator.clock import TICKS_PER_SECOND, Clock
from acs_emulator.streaming.state import MediaStreaming

MAX_QUEUED = 300 * TICKS_PER_SECOND
"""Ticks of sound that wait to be heard; ACS documents no limit."""


@dataclass(slots=True)
class Received:
    """What came in, and what became of it."""

    frames: int = 0
    ticks: int = 0
    """Of the sound that is, or was, to be heard."""
    discarded: int = 0
    """Frames that are not heard: `enableBidirectional` is off, or too much waits already."""
    stops: int = 0
    malformed: int = 0
    unknown: int = 0


class Playback:
    """Plays what the application sends back to back, as its own voice. Recordings and the streams of others have it
    too."""

    def __init__(self, clock: Clock, leg: Leg, streaming: MediaStreaming) -> None:
        self._clock = clock
        self._leg = leg
        self._streaming = streaming
        self._until = 0
        self._rest = b""
        self.received = Received()

    def play(self, samples: bytes) -> None:
        """After what is queued, or at once where nothing is."""
        self.received.frames += 1
        now = self._clock.ticks()
        if not self._streaming.bidirectional or self._until - now > MAX_QUEUED:
            self.received.discarded += 1
            return
        samples = self._at_16_khz(samples)
        duration = len(samples) // BYTES_PER_SAMPLE * TICKS_PER_SAMPLE
        if not duration:
            return
        begins = self._leg.call.sound.add(
            self._leg.shown_as, max(now, self._until), duration, lambda: samples, source=self
        )
        self._until = begins + duration
        self.received.ticks += duration

    def stop(self) -> None:
        """What is queued is not heard any more."""
        self.received.stops += 1
        self.flush()

    def flush(self) -> None:
        now = self._clock.ticks()
        self._leg.call.sound.cut(self._leg.shown_as, now, source=self)
        self._until, self._rest = now, b""

    def _at_16_khz(self, samples: bytes) -> bytes:
        """Whole threes of samples; what is left over waits for the next frame."""
        if self._streaming.rate != 24_000:
            return samples
        samples = self._rest + samples
        whole = len(samples) // (3 * BYTES_PER_SAMPLE) * (3 * BYTES_PER_SAMPLE)
        self._rest = samples[whole:]
        return from_24_to_16(samples[:whole])
