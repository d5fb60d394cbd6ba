import array
import time

import pytest

from acs_emulator.audio.voice import LOUDNESS, voice

SECOND = 10_000_000


def test_its_length() -> None:
    """Exactly the duration, two bytes for each whole sample."""
    assert [
        len(voice("Hello.", ticks, "4:+15551230001")) for ticks in (0, 624, 625, SECOND, 3 * SECOND + 625)
    ] == [
        0,
        0,
        2,
        32_000,
        96_002,
    ]


def test_it_is_the_same_each_time() -> None:
    """And another for other words and other people."""
    said = voice("Hello.", SECOND, "4:+15551230001")
    assert said == voice("Hello.", SECOND, "4:+15551230001")
    assert said != voice("Good-bye.", SECOND, "4:+15551230001")
    assert said != voice("Hello.", SECOND, "8:acs:agent")


@pytest.mark.parametrize("raw_id", ["4:+15551230001", "8:acs:agent"])
def test_it_is_quiet_but_never_silent(raw_id: str) -> None:
    """In no stretch of 20 ms."""
    samples = array.array("h", voice("Hello.", SECOND, raw_id))
    loudest = [max(abs(one) for one in samples[at : at + 320]) for at in range(0, 16_000, 320)]
    assert min(loudest) > LOUDNESS // 20
    assert max(loudest) <= LOUDNESS


def test_it_is_cheap() -> None:
    """An hour's voice is a copy of bytes."""
    voice("", SECOND, "4:+15551230001")
    began = time.process_time()
    voice("", 600 * SECOND, "4:+15551230001")
    assert time.process_time() - began < 1
