"""Recordings for a demonstration."""

import wave
from pathlib import Path

import pytest

from callscribe.cli.audio import paths, speech
from callscribe.cli.trouble import Trouble


def wav(path: Path, seconds: float, *, rate: int = 8000, width: int = 2, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(int(seconds * rate) * width * channels))
    return path


def test_one_file_is_played_as_it_is(tmp_path: Path) -> None:
    """The emulator looks at its channels."""
    path = wav(tmp_path / "both.wav", 1, channels=2)

    assert speech([path]) == str(path)


def test_the_agents_file_follows_the_callers(tmp_path: Path) -> None:
    """With a short pause between."""
    caller, agent = wav(tmp_path / "caller.wav", 2), wav(tmp_path / "agent.wav", 1, rate=16000)

    assert speech([caller, agent]) == {
        "caller": {"path": str(caller)},
        "agent": {"path": str(agent), "at": 2.6},
    }


def test_files_are_given_one_by_one_or_with_commas() -> None:
    """`make demo AUDIO=a.wav,b.wav` has one variable only."""
    assert paths(["a.wav,b.wav"]) == paths(["a.wav", "b.wav"]) == [Path("a.wav"), Path("b.wav")]


@pytest.mark.parametrize("form", [{"rate": 44100}, {"width": 1}])
def test_another_form_of_sound_is_refused_with_the_remedy(tmp_path: Path, form: dict[str, int]) -> None:
    """The command that converts it is in the sentence."""
    with pytest.raises(Trouble, match="ffmpeg -i"):
        speech([wav(tmp_path / "music.wav", 1, **form)])


def test_a_file_that_is_no_wav_is_refused(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    with pytest.raises(Trouble, match=r"song\.mp3 cannot be read"):
        speech([tmp_path / "song.mp3"])


def test_three_files_are_too_many(tmp_path: Path) -> None:
    """Two people talk."""
    with pytest.raises(Trouble, match="two speakers"):
        speech([wav(tmp_path / f"{name}.wav", 1) for name in "abc"])
