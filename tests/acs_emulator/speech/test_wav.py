import io
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acs_emulator.speech import AudioRejected, read_wav, wav


def wav_bytes(frames: bytes, *, channels: int = 1, rate: int = 8000, width: int = 2) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return buffer.getvalue()


def riff(
    encoding: int, frames: bytes, *, channels: int = 1, rate: int = 8000, announced: int | None = None
) -> bytes:
    header = struct.pack("<HHIIHH", encoding, channels, rate, rate * 2 * channels, 2 * channels, 16)
    size = len(frames) if announced is None else announced
    body = b"WAVEfmt " + struct.pack("<I", 16) + header + b"data" + struct.pack("<I", size) + frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def write(folder: Path, content: bytes) -> Path:
    file = folder / "call.wav"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("rate", [8000, 16000])
def test_one_channel(tmp_path: Path, rate: int) -> None:
    """The samples come back as they were written, with their rate and length."""
    frames = struct.pack("<4h", 0, 1, -32768, 32767)
    audio = read_wav(write(tmp_path, wav_bytes(frames, rate=rate)))
    assert audio == wav.Audio((frames,), rate, 4 / rate)


@given(st.lists(st.lists(st.integers(-32768, 32767), min_size=1, max_size=50), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_channels_are_told_apart(tmp_path: Path, spoken: list[list[int]]) -> None:
    """Each participant's samples are exactly those of their channel, in the order of the file."""
    length = min(len(samples) for samples in spoken)
    interleaved = [samples[frame] for frame in range(length) for samples in spoken]
    content = wav_bytes(struct.pack(f"<{len(interleaved)}h", *interleaved), channels=len(spoken))
    audio = read_wav(write(tmp_path, content))
    assert audio.channels == tuple(struct.pack(f"<{length}h", *samples[:length]) for samples in spoken)
    assert audio.seconds == length / 8000


BAD = {
    "eight bits": (wav_bytes(bytes(80), width=1), "has 8 bits a sample, 16 are needed"),
    "twenty-four bits": (wav_bytes(bytes(240), width=3), "has 24 bits a sample"),
    "music rate": (wav_bytes(bytes(80), rate=44100), "has 44100 samples a second, 8000 or 16000 are needed"),
    "nine channels": (wav_bytes(bytes(180), channels=9), "has 9 channels, at most 8"),
    "no sound": (wav_bytes(b""), "holds no sound"),
    "empty file": (b"", "is not a WAV file of PCM samples (it ends too early)"),
    "not a WAV": (b"ID3\x04 this is an MP3 file" * 4, "is not a WAV file of PCM samples"),
    "mu-law": (riff(7, bytes(80)), "(unknown format: 7)"),
    "floating point": (riff(3, bytes(80)), "(unknown format: 3)"),
    "cut off in the sound": (wav_bytes(bytes(800))[:-300], "is cut off"),
    "length unknown to a recorder": (riff(1, bytes(80), announced=0xFFFFFFFF), "is cut off"),
    "cut off in the header": (wav_bytes(bytes(80))[:30], "is not a WAV file of PCM samples"),
    "no channel": (riff(1, bytes(80), channels=0), "is not a WAV file of PCM samples"),
    "too long": (wav_bytes(bytes(2 * 8000 * 1801)), "lasts more than 30 minutes"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD.keys())
def test_file_that_cannot_be_spoken(tmp_path: Path, content: bytes, reason: str) -> None:
    """The refusal names the file and says what is wrong with it."""
    file = write(tmp_path, content)
    with pytest.raises(AudioRejected) as refusal:
        read_wav(file)
    assert str(refusal.value).startswith(str(file))
    assert reason in str(refusal.value)


def test_file_that_is_missing(tmp_path: Path) -> None:
    """A path without a file is refused like a bad file."""
    with pytest.raises(AudioRejected, match=r"nobody\.wav is not a file"):
        read_wav(tmp_path / "nobody.wav")


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder is refused, not opened."""
    with pytest.raises(AudioRejected, match="is not a file"):
        read_wav(tmp_path)


def test_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size is judged before anything is read into memory."""
    monkeypatch.setattr(wav, "MAX_BYTES", 100)
    with pytest.raises(AudioRejected, match="has 124 bytes, at most 100"):
        read_wav(write(tmp_path, wav_bytes(bytes(80))))


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_file(tmp_path: Path, damage: bytes, at: int, kept: int) -> None:
    """Whatever is overwritten or lost, the answer is sound of a permitted shape or a refusal."""
    content = wav_bytes(bytes(range(80)), channels=2)
    content = content[:at] + damage + content[at + len(damage) + kept :]
    try:
        audio = read_wav(write(tmp_path, content))
    except AudioRejected:
        return
    assert audio.rate in wav.RATES
    assert 1 <= len(audio.channels) <= wav.MAX_CHANNELS
    assert {len(channel) for channel in audio.channels} == {round(audio.seconds * audio.rate) * 2}
