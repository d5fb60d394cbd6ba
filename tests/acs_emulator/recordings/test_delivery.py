import re

import pytest

from acs_emulator import Emulator, Options
from acs_emulator.recordings.delivery import locations

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (Options(), r"https://us-storage\.asm\.skype\.com"),
        (Options(https_port=0), r"https://us-storage\.asm\.skype\.com:\d+"),
        (Options(https_port=0, recording_host="x.asm.skype.com:443"), r"https://x\.asm\.skype\.com:443"),
        (Options(recording_host="emulator"), r"http://127\.0\.0\.1:\d+"),
        (Options(https_port=0, recording_host="emulator"), r"https://127\.0\.0\.1:\d+"),
    ],
)
async def test_where_files_are_said_to_lie(options: Options, pattern: str) -> None:
    """At a host of Microsoft's with the emulator's port over TLS, at the host asked for, or at the emulator."""
    async with Emulator(options) as emulator:
        assert re.fullmatch(pattern, locations(emulator.exchange))
