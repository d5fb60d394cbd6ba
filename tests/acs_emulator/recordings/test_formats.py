from typing import Any

import pytest

from acs_emulator.recordings.formats import Format, choose


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ((None, None, None), ("audiovideo", "mixed", "mp4")),
        (("audio", None, None), ("audio", "mixed", "mp3")),
        ((None, None, "wav"), ("audio", "mixed", "wav")),
        ((None, "unmixed", None), ("audio", "unmixed", "wav")),
        (("audiovideo", "mixed", None), ("audiovideo", "mixed", "mp4")),
        ((None, None, "mp4"), ("audiovideo", "mixed", "mp4")),
    ],
)
def test_what_a_request_leaves_out(asked: Any, chosen: Any) -> None:
    """Follows from what it says; from nothing follows mixed audio and video."""
    assert choose(*asked) == Format(*chosen)


def test_what_a_video_is_described_as() -> None:
    """As in a captured chunk's metadata, in the resolution and rate of the newest page."""
    described = Format("audiovideo", "mixed", "mp4").described(1)
    assert described["videoConfiguration"] == {
        "longerSideLength": 1920,
        "shorterSideLength": 1080,
        "framerate": 16,
        "bitRate": 1_000_000,
    }
