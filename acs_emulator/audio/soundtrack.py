"""The sound of one call: who sounds when, as signed 16-bit little-endian samples at 16 kHz, one channel a speaker."""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass

RATE = 16_000
BYTES_PER_SAMPLE = 2
TICKS_PER_SAMPLE = 625

Render = Callable[[], bytes]
"""Makes the samples when somebody first listens."""


@dataclass(slots=True, eq=False)
class _Sound:
    offset: int
    end: int
    render: Render
    samples: bytes | None = None


class Soundtrack:
    """Sounds by who makes them; all times in ticks of the emulator's clock."""

    def __init__(self) -> None:
        self._sounds: dict[str, list[_Sound]] = {}

    def add(self, raw_id: str, offset: int, duration: int, render: Render) -> None:
        """Somebody sounds from `offset` on."""
        self._sounds.setdefault(raw_id, []).append(_Sound(offset, offset + duration, render))

    def cut(self, raw_id: str, offset: int) -> None:
        """What they had yet to sound after this moment is not heard."""
        sounds = self._sounds.get(raw_id, [])
        for sound in sounds:
            sound.end = min(sound.end, offset)
        sounds[:] = [sound for sound in sounds if sound.end > sound.offset]

    def forget(self, before: int) -> None:
        """Drop what was over before this moment; the speakers stay."""
        for sounds in self._sounds.values():
            sounds[:] = [sound for sound in sounds if sound.end > before]

    def speakers(self) -> list[str]:
        """Everybody who ever sounded, in the order in which they first did."""
        return list(self._sounds)

    def heard(self, raw_id: str, start: int, end: int) -> bytes | None:
        """Their samples between two moments, padded with silence; None where all is silence."""
        return self._mix([raw_id], start, end)

    def mixed(self, start: int, end: int, without: Collection[str] = ()) -> bytes | None:
        """Everybody's samples together, clipped; None where all is silence."""
        return self._mix([raw_id for raw_id in self._sounds if raw_id not in without], start, end)

    def _mix(self, speakers: Collection[str], start: int, end: int) -> bytes | None:
        parts = [
            sound
            for raw_id in speakers
            for sound in self._sounds.get(raw_id, [])
            if sound.offset < end and sound.end > start
        ]
        if not parts:
            return None
        total = array.array("i", bytes(4 * ((end - start) // TICKS_PER_SAMPLE)))
        for sound in parts:
            _add(total, sound, start)
        mixed = array.array("h", (max(-32_768, min(32_767, value)) for value in total))
        if sys.byteorder == "big":
            mixed.byteswap()
        return mixed.tobytes()


def _add(total: array.array[int], sound: _Sound, start: int) -> None:
    """Lay the sound over what is there; `start` is the moment of the first sample."""
    if sound.samples is None:
        sound.samples = sound.render()
    samples = array.array("h", sound.samples)
    if sys.byteorder == "big":
        samples.byteswap()
    first = (sound.offset - start) // TICKS_PER_SAMPLE
    length = min(len(samples), (sound.end - sound.offset) // TICKS_PER_SAMPLE)
    for index in range(max(first, 0), min(first + length, len(total))):
        total[index] += samples[index - first]
