import io
import wave

import pytest

from acs_emulator.audio.soundtrack import Soundtrack
from acs_emulator.clock import TICKS_PER_SECOND as SECOND
from acs_emulator.recordings import sound
from acs_emulator.recordings.recording import Channels, Span

pytestmark = pytest.mark.anyio


def _soundtrack() -> Soundtrack:
    """`a` sounds from the second second to the fourth, `b` from the third to the sixth."""
    soundtrack = Soundtrack()
    soundtrack.keep(0)
    soundtrack.add("a", 1 * SECOND, 3 * SECOND, lambda: b"\1\0" * 48_000)
    soundtrack.add("b", 2 * SECOND, 4 * SECOND, lambda: b"\2\0" * 64_000)
    return soundtrack


def _levels(samples: bytes) -> list[int]:
    """Of each second its middle."""
    return list(memoryview(samples).cast("h")[8_000::16_000])


async def test_spans_follow_each_other() -> None:
    """What lies between them is not there."""
    mixed = await sound.mixed(_soundtrack(), [Span(0, 2 * SECOND), Span(3 * SECOND, 7 * SECOND)])
    assert _levels(mixed) == [0, 1, 3, 2, 2, 0]


async def test_channels_stay_over_chunks() -> None:
    """Whoever got a channel in one chunk has it in the next, also where somebody else sounds first."""
    channels = Channels({})
    soundtrack = _soundtrack()
    first = await sound.unmixed(soundtrack, [Span(0, 3 * SECOND)], channels)
    second = await sound.unmixed(soundtrack, [Span(5 * SECOND, 7 * SECOND)], channels)
    assert [_levels(track) for track in first] == [[0, 1, 1], [0, 0, 2]]
    assert [_levels(track) for track in second] == [[0, 0], [2, 0]]


def test_a_file_of_several_channels() -> None:
    """Their samples take turns."""
    with wave.open(io.BytesIO(sound.wav([b"\1\0\2\0", b"\3\0\4\0"]))) as file:
        assert file.getparams()[:4] == (2, 2, 16_000, 2)
        assert file.readframes(2) == b"\1\0\3\0\2\0\4\0"
