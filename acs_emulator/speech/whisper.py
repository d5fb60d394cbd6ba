"""The speech engine: Whisper base (faster-whisper, 8-bit integers, CPU) behind Silero voice activity detection.

The only module that loads the libraries of the extra `speech`; `open_recognizer` imports it when it is needed.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import get_vad_model

from acs_emulator.speech.listening import PacedRecognizer
from acs_emulator.speech.recognizer import LanguageUnsupported, SpeechUnavailable
from acs_emulator.speech.resampling import MODEL_RATE, Samples, to_model_rate
from acs_emulator.speech.utterances import WINDOW_SAMPLES
from acs_emulator.speech.weights import WHISPER_BASE, default_folder
from acs_emulator.speech.words import DecodedWord

MAX_THREADS = 4
MAX_TOKENS = 224
"""More than can be said in the longest utterance; bounds a decoder that repeats itself."""

# Where Whisper's name of a language differs from the BCP 47 subtag.
_WHISPER_NAMES = {"nb": "no", "fil": "tl", "jv": "jw"}


def load(folder: Path | None = None) -> PacedRecognizer:
    """A recogniser on the weights in the folder. Blocks for one to two seconds. Raises SpeechUnavailable."""
    folder = folder or default_folder()
    if faults := WHISPER_BASE.faults(folder):
        raise SpeechUnavailable(f"{faults[0]}: run `make speech`")
    model = WhisperModel(
        str(folder),
        device="cpu",
        compute_type="int8",
        cpu_threads=min(MAX_THREADS, os.cpu_count() or 1),
        local_files_only=True,
    )
    return PacedRecognizer(WhisperEngine(model))


class WhisperEngine:
    """Implements `listening.Engine`."""

    def __init__(self, model: WhisperModel) -> None:
        self._model = model

    def language(self, locale: str) -> str:
        """Whisper's code of the locale's language. Raises LanguageUnsupported."""
        subtag = locale.split("-")[0].lower()
        code = _WHISPER_NAMES.get(subtag, subtag)
        # faster-whisper lists languages of later models too; what this one knows is in its vocabulary.
        is_known = self._model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None
        if not is_known or code not in self._model.supported_languages:
            raise LanguageUnsupported(f"Whisper base does not know the language of the locale {locale!r}")
        return code

    def open(self, channel: bytes, rate: int) -> "WhisperSound":
        """The sound at 16 kHz with its probabilities of speech."""
        return WhisperSound(self._model, to_model_rate(channel, rate))


class WhisperSound:
    """Implements `listening.Sound`."""

    def __init__(self, model: WhisperModel, samples: Samples) -> None:
        self._model = model
        self._samples = samples
        # A padded copy: the model wants whole windows and writes into what it is given.
        padded = np.pad(samples, (0, WINDOW_SAMPLES - len(samples) % WINDOW_SAMPLES))
        self.probabilities: Sequence[float] = get_vad_model()(padded).tolist()

    def decode(self, start: float, end: float, language: str) -> list[DecodedWord]:
        """The words between two moments, greedily decoded, without a retry at a higher temperature."""
        segments, _ = self._model.transcribe(
            self._samples[round(start * MODEL_RATE) : round(end * MODEL_RATE)],
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            max_new_tokens=MAX_TOKENS,
        )
        return [
            DecodedWord(
                word.word, start + float(word.start), start + float(word.end), float(word.probability)
            )
            for segment in segments
            for word in segment.words or ()
        ]
