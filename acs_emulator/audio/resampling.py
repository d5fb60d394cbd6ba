"""The same sound at another rate, by linear interpolation: what is above half the lower rate is not filtered out.

Samples are signed 16-bit, little-endian in `bytes`.
"""

from __future__ import annotations

import array
import sys


def doubled(samples: bytes) -> bytes:
    """From 8 to 16 kHz."""
    low = _values(samples)
    high = array.array("h", bytes(2 * len(samples)))
    high[0::2] = low
    following = low[1:] + low[-1:]
    high[1::2] = array.array("h", [(a + b) // 2 for a, b in zip(low, following, strict=True)])
    return _bytes(high)


def from_16_to_24(samples: bytes) -> bytes:
    """Three samples for two. The last sample is only looked at: where an even number of samples is to be resampled,
    one more than that is needed, which makes pieces that follow one another fit together."""
    low = _values(samples)
    first, second, third = low[0:-1:2], low[1::2], low[2::2]
    high = array.array("h", bytes(6 * len(second)))
    high[0::3] = first
    high[1::3] = array.array("h", [(a + 2 * b) // 3 for a, b in zip(first, second, strict=True)])
    high[2::3] = array.array("h", [(2 * b + c) // 3 for b, c in zip(second, third, strict=True)])
    return _bytes(high)


def from_24_to_16(samples: bytes) -> bytes:
    """Two samples for three; whole threes are needed."""
    high = _values(samples)
    low = array.array("h", bytes(4 * (len(high) // 3)))
    low[0::2] = high[0::3]
    low[1::2] = array.array("h", [(a + b) // 2 for a, b in zip(high[1::3], high[2::3], strict=True)])
    return _bytes(low)


def _values(samples: bytes) -> array.array[int]:
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _bytes(values: array.array[int]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()
