"""Reads WAV files: PCM, 16 bits a sample, 8000 or 16000 samples a second, one channel per participant."""

import wave
from array import array
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

RATES = (8000, 16000)
MAX_CHANNELS = 8
MAX_SECONDS = 30 * 60
MAX_BYTES = 128 * 1024 * 1024

_REMEDY = "convert it, for example with `sox IN.wav -e signed-integer -b 16 -r 16000 OUT.wav`"


class AudioRejected(Exception):
    """The file is not sound that can be spoken in a call; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound of a call: per participant the signed 16-bit little-endian samples, all channels equally long."""

    channels: tuple[bytes, ...]
    rate: int
    seconds: float


def read_wav(path: str | PathLike[str]) -> Audio:
    """The sound in the file, one channel per participant in the order of the file.

    At most 8 channels, 30 minutes and 128 MiB. Raises AudioRejected for anything else.
    """
    file = Path(path)
    try:
        if not file.is_file():
            raise AudioRejected(f"{file} is not a file")
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise AudioRejected(f"{file} has {size} bytes, at most {MAX_BYTES} are taken")
        with wave.open(str(file), "rb") as wav:
            _check(file, wav, size)
            frames = wav.readframes(wav.getnframes())
            return _audio(file, wav.getparams(), frames)
    except (wave.Error, EOFError, RuntimeError) as error:
        reason = str(error) or "it ends too early"
        raise AudioRejected(f"{file} is not a WAV file of PCM samples ({reason}): {_REMEDY}") from error
    except (OSError, ValueError) as error:
        raise AudioRejected(f"{file} cannot be read: {error}") from error


def _check(file: Path, wav: wave.Wave_read, size: int) -> None:
    if wav.getsampwidth() != 2:
        raise AudioRejected(f"{file} has {8 * wav.getsampwidth()} bits a sample, 16 are needed: {_REMEDY}")
    rate = wav.getframerate()
    if rate not in RATES:
        raise AudioRejected(f"{file} has {rate} samples a second, 8000 or 16000 are needed: {_REMEDY}")
    if wav.getnchannels() > MAX_CHANNELS:
        raise AudioRejected(f"{file} has {wav.getnchannels()} channels, at most {MAX_CHANNELS} are taken")
    if wav.getnframes() == 0:
        raise AudioRejected(f"{file} holds no sound")
    if wav.getnframes() * wav.getnchannels() * 2 > size:
        raise AudioRejected(f"{file} is cut off: its header announces more sound than the file holds")
    if wav.getnframes() > MAX_SECONDS * rate:
        raise AudioRejected(f"{file} lasts more than {MAX_SECONDS // 60} minutes")


def _audio(file: Path, header: wave._wave_params, frames: bytes) -> Audio:
    if len(frames) != header.nframes * header.nchannels * 2:
        raise AudioRejected(f"{file} is cut off: its header announces more sound than the file holds")
    samples = array("h", frames)
    channels = tuple(samples[channel :: header.nchannels].tobytes() for channel in range(header.nchannels))
    return Audio(channels, header.framerate, header.nframes / header.framerate)
