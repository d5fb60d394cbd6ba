"""What a recogniser is to the emulator: the values it yields, its errors, and how one is opened."""

import importlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Pace = Callable[[float], Awaitable[None]]
"""Waits until that moment of the audio, in seconds from its start, has been spoken; returns at once if it has."""


class SpeechUnavailable(Exception):
    """Speech cannot be recognised on this machine; the message says why and what to run."""


class LanguageUnsupported(Exception):
    """The model knows no language for the locale."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word in lexical form (lower case, no punctuation at its ends); times in seconds from the start of the audio."""

    text: str
    offset: float
    duration: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What has been said in one utterance so far, or, if `final`, in all of it.

    `text` is in display form, never empty. `offset` (seconds from the start of the audio) is the same in every
    result of one utterance. `offset + duration` is the end of the last word. `confidence` is between 0 and 1.
    """

    final: bool
    text: str
    offset: float
    duration: float
    confidence: float
    words: tuple[HeardWord, ...]


class Recognizer(Protocol):
    """Turns one participant's sound into text; one recogniser serves any number of participants."""

    def listen(self, channel: bytes, rate: int, locale: str, pace: Pace) -> AsyncGenerator[Heard, None]:
        """Yields intermediate results while an utterance is spoken, then its Final, utterance by utterance.

        `channel` holds signed 16-bit little-endian samples, 8000 or 16000 a second. Nothing is yielded before
        `pace` has reached the sound it rests on. Intermediate results are left out where the machine cannot keep
        up; an utterance in which no word was found yields no Final.

        Raises LanguageUnsupported, when iterated, if the model does not know the language of `locale` (BCP 47).
        """
        ...


def open_recognizer(model_dir: Path | None = None) -> Recognizer:
    """A recogniser with its model loaded, which takes one to two seconds and blocks.

    Without `model_dir` the weights are those that `make speech` fetched.

    Raises SpeechUnavailable if the extra `speech` or the weights are missing, or a checksum is wrong.
    """
    try:
        # The only way to the heavy libraries: they belong to an extra, and everything else works without it.
        whisper = importlib.import_module("acs_emulator.speech.whisper")
    except ImportError as error:
        raise SpeechUnavailable(
            f"speech recognition is not installed ({error}): run `make speech`"
        ) from error
    recognizer: Recognizer = whisper.load(model_dir)
    return recognizer
