"""Recordings that speak in a demonstration: one file with a channel for each speaker, or one file for each."""

import wave
from pathlib import Path
from typing import Any

from callscribe.cli.trouble import Trouble

_PAUSE_SECONDS = 0.6
_RATES = (8000, 16000)


def seconds(path: Path) -> float:
    """How long a WAV file of 16-bit PCM at 8 or 16 kHz lasts. Raises Trouble."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2 or file.getframerate() not in _RATES:
                raise Trouble(
                    f"{path} is not 16-bit PCM at 8 or 16 kHz; convert it: "
                    f"ffmpeg -i {path} -ar 16000 -sample_fmt s16 speech.wav"
                )
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error) as fault:
        raise Trouble(f"{path} cannot be read as a WAV file ({fault}).") from fault


def speech(paths: list[Path]) -> str | dict[str, Any]:
    """What the emulator is told to play: a file's channels are caller and agent; of two files the first is the
    caller's and the second, the agent's, follows it. Raises Trouble.
    """
    lengths = [seconds(path) for path in paths]
    if len(paths) > 2:
        raise Trouble(
            "A demonstration has two speakers: give one recording, or the caller's and the agent's."
        )
    if len(paths) == 1:
        return str(paths[0].resolve())
    return {
        "caller": {"path": str(paths[0].resolve())},
        "agent": {"path": str(paths[1].resolve()), "at": round(lengths[0] + _PAUSE_SECONDS, 3)},
    }


def paths(given: list[str]) -> list[Path]:
    """The files of `--audio`, given one by one or with commas between them."""
    return [Path(part.strip()) for text in given for part in text.split(",") if part.strip()]
