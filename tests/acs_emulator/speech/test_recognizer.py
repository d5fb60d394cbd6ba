"""Recognition of real recorded speech, and what happens where it is not possible."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acs_emulator.speech import (
    Heard,
    LanguageUnsupported,
    Recognizer,
    SpeechUnavailable,
    open_recognizer,
    read_wav,
)

pytestmark = pytest.mark.anyio

PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
"""Recorded by a human voice for the telephone (Debian: asterisk-core-sounds-en-wav)."""


def test_package_without_the_extra() -> None:
    """Importing the package and reading WAV files loads none of the heavy libraries."""
    program = "import sys, acs_emulator.speech; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert result.returncode == 0, result.stderr
    assert not {"numpy", "faster_whisper", "ctranslate2", "onnxruntime"} & set(result.stdout.split())


def test_extra_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the libraries the error says what to run."""
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    monkeypatch.delitem(sys.modules, "acs_emulator.speech.whisper", raising=False)
    with pytest.raises(SpeechUnavailable, match=r"not installed .*: run `make speech`"):
        open_recognizer()


def test_weights_missing(tmp_path: Path) -> None:
    """Without the weights the error names the first file that is missing, and what to run."""
    pytest.importorskip("faster_whisper", reason="needs the speech extra (make speech)")
    with pytest.raises(SpeechUnavailable, match=r"config\.json is missing: run `make speech`"):
        open_recognizer(tmp_path)


def test_weights_wrong(tmp_path: Path) -> None:
    """A file with another checksum is not loaded."""
    pytest.importorskip("faster_whisper", reason="needs the speech extra (make speech)")
    for name in ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(
        SpeechUnavailable, match=r"config\.json is not the expected file .*: run `make speech`"
    ):
        open_recognizer(tmp_path)


@pytest.fixture(scope="module")
def recognizer() -> Iterator[Recognizer]:
    try:
        yield open_recognizer()
    except SpeechUnavailable as error:
        pytest.skip(str(error))


def prompt(name: str) -> bytes:
    file = PROMPTS / f"{name}.wav"
    if not file.is_file():
        pytest.skip("needs recorded speech: Debian's asterisk-core-sounds-en-wav")
    return read_wav(file).channels[0]


def silence(seconds: float) -> bytes:
    return bytes(2 * int(8000 * seconds))


async def listen(recognizer: Recognizer, channel: bytes, locale: str = "en-US") -> list[Heard]:
    async def at_once(seconds: float) -> None:
        """Everything has been spoken."""

    return [heard async for heard in recognizer.listen(channel, 8000, locale, at_once)]


@pytest.mark.speech
async def test_recorded_speech(recognizer: Recognizer) -> None:
    """Two prompts with a pause between them are two Finals with their words, in place and sure of themselves."""
    channel = silence(1) + prompt("privacy-prompt") + silence(1.5) + prompt("vm-tmpexists") + silence(1)
    heard = await listen(recognizer, channel)
    first, second = (result for result in heard if result.final)
    spoken = "please enter your phone number starting with the area code"
    assert " ".join(word.text for word in first.words) == spoken
    assert first.text.startswith("Please enter your phone number")
    assert "temporary greeting" in second.text
    assert 0.9 < first.offset < 1.4
    assert first.offset + first.duration < second.offset
    assert min(first.confidence, second.confidence) > 0.7
    assert any(not result.final and result.offset == first.offset for result in heard)


@pytest.mark.speech
async def test_no_speech(recognizer: Recognizer) -> None:
    """Silence and a busy tone say nothing."""
    np = pytest.importorskip("numpy")
    times = np.arange(8000 * 8) / 8000
    busy = np.where(times % 1 < 0.5, 8000 * np.sin(2 * np.pi * 425 * times), 0).astype("<i2").tobytes()
    assert await listen(recognizer, silence(3) + busy + silence(3)) == []


@pytest.mark.speech
@pytest.mark.parametrize("locale", ["tlh-AQ", "transcribe-US", "yue-CN", ""])
async def test_language_that_whisper_does_not_know(recognizer: Recognizer, locale: str) -> None:
    """The error names the locale."""
    with pytest.raises(LanguageUnsupported, match=f"'{locale}'"):
        await listen(recognizer, silence(1), locale)


@pytest.mark.speech
@pytest.mark.parametrize("locale", ["en-US", "de-DE", "nb-NO", "fil-PH", "zh-CN", "es-MX"])
async def test_language_that_whisper_knows(recognizer: Recognizer, locale: str) -> None:
    """Locales of Azure map to Whisper's languages, also where the codes differ."""
    assert await listen(recognizer, silence(1), locale) == []
