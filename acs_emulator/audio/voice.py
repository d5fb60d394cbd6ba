"""How words sound that are only text. This is no speech synthesis: nobody could understand it."""

from __future__ import annotations

import array
import math
import sys
import zlib
from functools import lru_cache

from acs_emulator.audio.soundtrack import BYTES_PER_SAMPLE, RATE, TICKS_PER_SAMPLE

LOUDNESS = 3_000
"""Of 32 767: about 20 dB below the loudest sound."""
SYLLABLES = 4
"""In a second."""
_LOWEST, _PITCHES = 90, 150
"""Hz: whole numbers, so that a second of the voice can be repeated without a seam."""
_OVERTONES = ((1, 0.5), (2, 0.3), (3, 0.15), (5, 0.05))


def voice(text: str, duration: int, raw_id: str) -> bytes:
    """A quiet hum in the rhythm of syllables, `duration` ticks of signed 16-bit little-endian samples at 16 kHz.

    The same arguments make the same samples. Everybody has a pitch of their own (two may share one), and other words
    begin elsewhere in the rhythm.
    """
    second = _second(_LOWEST + zlib.crc32(raw_id.encode()) % _PITCHES)
    length = max(duration, 0) // TICKS_PER_SAMPLE * BYTES_PER_SAMPLE
    begin = zlib.crc32(text.encode()) % RATE * BYTES_PER_SAMPLE
    return (second * (length // len(second) + 2))[begin : begin + length]


@lru_cache(maxsize=_PITCHES)
def _second(pitch: int) -> bytes:
    """One second of a voice; never quite silent between its syllables."""
    wave = _wave()
    samples = array.array("h", [round(wave[i * pitch % RATE] * loud) for i, loud in enumerate(_rhythm())])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


@lru_cache(maxsize=1)
def _wave() -> list[float]:
    """One period, in as many steps as a second has."""
    return [sum(part * math.sin(math.tau * n * i / RATE) for n, part in _OVERTONES) for i in range(RATE)]


@lru_cache(maxsize=1)
def _rhythm() -> list[float]:
    """How loud each sample is."""
    return [LOUDNESS * (0.2 + 0.8 * math.sin(math.pi * SYLLABLES * i / RATE) ** 2) for i in range(RATE)]
