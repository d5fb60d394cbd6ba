import wave
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from acs_emulator.people import recorded
from acs_emulator.people.recorded import Ears, read_tracks
from acs_emulator.speech import Heard, HeardWord, LanguageUnsupported, SpeechUnavailable
from acs_emulator.speech.recognizer import Pace

pytestmark = pytest.mark.anyio


class Counting:
    """A recogniser that hears how long each channel is, once it has been spoken."""

    async def listen(self, channel: bytes, rate: int, locale: str, pace: Pace) -> AsyncGenerator[Heard, None]:
        if locale == "tlh-001":
            raise LanguageUnsupported("no language tlh-001")
        seconds = len(channel) / 2 / rate
        await pace(seconds)
        words = (HeardWord(f"{seconds:g}", 0.5, seconds - 0.5),)
        yield Heard(True, f"{seconds:g}", 0.5, seconds - 0.5, 0.8, words)


@pytest.fixture
def ears(emulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ears that open a Counting recogniser."""
    monkeypatch.setattr(emulator.exchange, "ears", Ears())
    monkeypatch.setattr(recorded, "open_recognizer", Counting)


def _wav(path: Path, seconds: int, channels: int = 1) -> str:
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(channels)
        audio.setsampwidth(2)
        audio.setframerate(8_000)
        audio.writeframes(bytes(2 * channels * 8_000 * seconds))
    return str(path)


async def _dial_in(world: Any, **body: Any) -> None:
    context = await world.dial_in(**body)
    connection_id = await world.answer(context, transcription=world.transcription())
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:agent"}, 200)


@pytest.mark.usefixtures("ears")
async def test_the_channels_of_one_file_are_the_participants(world: Any, tmp_path: Path) -> None:
    """Caller and agent speak, words carry their times, and the caller hangs up after it."""
    await _dial_in(world, audio=_wav(tmp_path / "call.wav", 2, channels=2))
    await world.event("CallDisconnected")
    assert sorted(one["participantRawID"] for one in world.listener.results) == [
        "4:+15551230001",
        "8:acs:agent",
    ]
    first = world.listener.results[0]
    assert first["duration"] == 15_000_000
    assert first["words"] == [{"text": "2", "offset": first["offset"], "duration": 15_000_000}]


@pytest.mark.usefixtures("ears")
async def test_a_file_for_each_speaker(world: Any, tmp_path: Path) -> None:
    """Each begins at its time."""
    audio = {
        "caller": _wav(tmp_path / "a.wav", 1),
        "agent": {"path": _wav(tmp_path / "b.wav", 2), "at": 10},
    }
    await _dial_in(world, audio=audio, hangUp=False)
    await world.listener.until(lambda: world.listener.finals == ["1", "2"])
    caller, agent = world.listener.results
    assert agent["offset"] - caller["offset"] == 100_000_000


@pytest.mark.usefixtures("ears")
async def test_a_language_nobody_understands(world: Any, tmp_path: Path) -> None:
    """The journal says so, and the caller hangs up."""
    context = await world.dial_in(audio=_wav(tmp_path / "a.wav", 1))
    await world.answer(context, transcription=world.transcription(locale="tlh-001"))
    entry = await world.journal("error", lambda e: "tlh-001" in e.data["message"])
    assert entry
    await world.event("CallDisconnected")


@pytest.mark.usefixtures("ears")
async def test_audio_that_cannot_be_spoken(world: Any, tmp_path: Path) -> None:
    """422 with the reason; no call."""
    problem = await world.control("/calls", {"audio": str(tmp_path / "none.wav")}, 422)
    assert "none.wav" in problem["detail"]
    assert world.emulator.calls.all() == []


async def test_without_the_speech_extra(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """501 that names the remedy."""

    def missing() -> None:
        raise SpeechUnavailable("speech recognition is not installed: run `make speech`")

    monkeypatch.setattr(world.emulator.exchange, "ears", Ears())
    monkeypatch.setattr(recorded, "open_recognizer", missing)
    problem = await world.control("/calls", {"audio": _wav(tmp_path / "a.wav", 1)}, 501)
    assert "make speech" in problem["detail"]


def test_tracks_are_named_in_order(tmp_path: Path) -> None:
    """Caller, agent, agent2."""
    tracks = read_tracks(Path(_wav(tmp_path / "a.wav", 1, channels=3)), ["caller"])
    assert [track.speaker for track in tracks] == ["caller", "agent", "agent2"]
