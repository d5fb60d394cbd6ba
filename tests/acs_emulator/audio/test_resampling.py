from __future__ import annotations

import array
import math

from acs_emulator.audio.resampling import doubled, from_16_to_24, from_24_to_16


def _bytes(*samples: int) -> bytes:
    return array.array("h", samples).tobytes()


def _tone(rate: int, seconds: float = 0.1) -> array.array[int]:
    return array.array(
        "h", (round(8_000 * math.sin(math.tau * 300 * i / rate)) for i in range(int(rate * seconds)))
    )


def _furthest(one: bytes, other: array.array[int]) -> int:
    return max(abs(a - b) for a, b in zip(array.array("h", one), other, strict=True))


def test_8_to_16() -> None:
    """A sample half-way between two; the last is repeated."""
    assert doubled(_bytes(0, 100, -100)) == _bytes(0, 50, 100, 0, -100, -100)
    assert doubled(b"") == b""


def test_16_to_24() -> None:
    """Three for two; the last one is only looked at, so that pieces fit together."""
    assert from_16_to_24(_bytes(0, 300, 600)) == _bytes(0, 200, 400)
    whole = _tone(16_000)
    pieces = b"".join(from_16_to_24(whole[at : at + 321].tobytes()) for at in range(0, 1280, 320))
    assert pieces == from_16_to_24(whole[:1281].tobytes())


def test_24_to_16() -> None:
    """Two for three."""
    assert from_24_to_16(_bytes(0, 200, 400)) == _bytes(0, 300)


def test_a_tone_stays_the_same() -> None:
    """Whatever the way, within a fiftieth of its loudness."""
    low, middle, high = _tone(8_000), _tone(16_000), _tone(24_000)
    assert _furthest(doubled(low.tobytes())[:-2], middle[:-1]) < 160
    assert _furthest(from_16_to_24(middle.tobytes() + _bytes(0)), high) < 160
    assert _furthest(from_24_to_16(high.tobytes()), middle) < 160
