"""Recognises recorded speech offline, so that an audio file can speak in a call.

Importing this package and reading WAV files needs the standard library only; `open_recognizer` needs the
extra `speech` and the weights, which `make speech` fetches.
"""

from acs_emulator.speech.recognizer import (
    Heard,
    HeardWord,
    LanguageUnsupported,
    Pace,
    Recognizer,
    SpeechUnavailable,
    open_recognizer,
)
from acs_emulator.speech.wav import Audio, AudioRejected, read_wav

__all__ = [
    "Audio",
    "AudioRejected",
    "Heard",
    "HeardWord",
    "LanguageUnsupported",
    "Pace",
    "Recognizer",
    "SpeechUnavailable",
    "open_recognizer",
    "read_wav",
]
