import subprocess
from typing import Any

import pytest

from acs_emulator.calls.call import Call, Leg
from acs_emulator.clock import TICKS_PER_SECOND as SECOND
from acs_emulator.recordings import chunks
from acs_emulator.recordings.chunks import EncodingFailed, Maker
from acs_emulator.recordings.formats import Channels, Format, Kind
from acs_emulator.recordings.recording import Recording, Wanted

pytestmark = pytest.mark.anyio


def _recording(kind: Kind, mix: Channels) -> Recording:
    call = Call("incoming")
    recorder = Leg(call, "connect", "2026-03-12", "8:acs:app", "", call.correlation_id)
    recording = Recording(call, Wanted(Format("audio", mix, kind), "2026-03-12"), recorder)
    recording.begin(0, 0)
    recording.end(4 * SECOND)
    return recording


@pytest.mark.parametrize(("mix", "lengths"), [("mixed", [4000]), ("unmixed", [1000] * 4)])
async def test_a_chunk_has_a_largest_size(
    mix: Channels, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For all its channels together, however long a chunk may last."""
    monkeypatch.setattr(chunks, "MAX_SAMPLE_BYTES", 5 * 32_000)
    maker, made = Maker(_recording("wav", mix), "resource", 4 * 3600), []
    while chunk := await maker.next(4 * SECOND):
        made.append(chunk.duration_ms)
    assert made == lengths


async def test_an_encoder_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last line is the reason."""

    def fail(command: list[str], **_: Any) -> None:
        raise subprocess.CalledProcessError(1, command, stderr=b"Traceback\nno such codec\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(EncodingFailed, match="mp3 failed: no such codec"):
        await Maker(_recording("mp3", "mixed"), "resource", 60).next(4 * SECOND)
