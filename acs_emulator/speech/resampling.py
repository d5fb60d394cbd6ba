"""Brings telephone sound (8 kHz) to the rate that speech models are trained on (16 kHz)."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]

MODEL_RATE = 16000
_TAPS = 64
_KAISER_BETA = 8.0


def to_model_rate(channel: bytes, rate: int) -> Samples:
    """Samples between -1 and 1 at 16 kHz from signed 16-bit little-endian ones at 8 or 16 kHz.

    Raises ValueError for any other rate.
    """
    samples = np.frombuffer(channel, dtype="<i2").astype(np.float32) / np.float32(32768)
    if rate == MODEL_RATE:
        return samples
    if rate * 2 == MODEL_RATE:
        return double_rate(samples)
    raise ValueError(f"{rate} samples a second: 8000 or 16000 are needed")


def double_rate(samples: Samples) -> Samples:
    """The same sound with twice as many samples.

    A half-band filter in its two phases: one passes the samples through, the other interpolates half-way between
    them with a Kaiser-windowed sinc. Mirror images of the band up to 3.5 kHz are below -70 dB.
    """
    half_way = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(half_way) * np.kaiser(_TAPS, _KAISER_BETA)
    taps = (taps / taps.sum()).astype(np.float32)
    padded = np.pad(samples, (_TAPS // 2 - 1, _TAPS // 2))
    doubled = np.empty(2 * len(samples), dtype=np.float32)
    doubled[0::2] = samples
    doubled[1::2] = np.convolve(padded, taps, mode="valid")[: len(samples)]
    return doubled
