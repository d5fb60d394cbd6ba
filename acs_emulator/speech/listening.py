"""Paces a blocking speech engine by the clock of a call, on one thread of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from acs_emulator.speech.recognizer import Heard, Pace
from acs_emulator.speech.utterances import Span, cut
from acs_emulator.speech.words import DecodedWord, assemble

STEP = 1.2
"""Seconds of speech between two intermediate results."""
ON_TIME = 0.01
"""Seconds: a clock that let us wait less had reached the moment before we asked."""
MAX_PENDING = 1
"""Decodings under way or waiting, up to which an intermediate result may be asked for: each takes about 0.5 s."""

_T = TypeVar("_T")


class Sound(Protocol):
    """One participant's sound, made ready for the engine."""

    @property
    def probabilities(self) -> Sequence[float]:
        """Probability of speech in each window of `utterances.WINDOW` seconds."""
        ...

    def decode(self, start: float, end: float, language: str) -> Sequence[DecodedWord]:
        """The words between two moments; times in seconds from the start of the sound. Blocks."""
        ...


class Engine(Protocol):
    """A speech recogniser that blocks."""

    def language(self, locale: str) -> str:
        """The engine's name for the language of the locale. Raises LanguageUnsupported."""
        ...

    def open(self, channel: bytes, rate: int) -> Sound:
        """Finds speech in the samples. Blocks."""
        ...


class PacedRecognizer:
    """Implements `Recognizer` over an engine; all participants share its one thread, first come, first served."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speech")
        self._pending = 0

    async def listen(self, channel: bytes, rate: int, locale: str, pace: Pace) -> AsyncGenerator[Heard, None]:
        """See `Recognizer.listen`.

        An intermediate result is left out where others wait for the thread, and where the clock has run ahead; but
        the first of an utterance is taken although late, so that a line grows even on a hurried clock.
        """
        language = self._engine.language(locale)
        sound = await self._run(lambda: self._engine.open(channel, rate))
        for utterance in cut(sound.probabilities):
            for number, moment in enumerate(_moments(utterance)):
                is_late = await self._reach(pace, moment)
                if self._pending > MAX_PENDING or (is_late and number > 0):
                    continue
                if heard := await self._hear(sound, utterance, moment, language, final=False):
                    yield heard
            await pace(utterance.known)
            if heard := await self._hear(sound, utterance, utterance.end, language, final=True):
                yield heard

    async def _reach(self, pace: Pace, moment: float) -> bool:
        """Waits for the moment; true if the clock had run past it before."""
        clock = asyncio.get_running_loop().time
        asked = clock()
        await pace(moment)
        return clock() - asked < ON_TIME

    async def _hear(
        self, sound: Sound, utterance: Span, end: float, language: str, *, final: bool
    ) -> Heard | None:
        decoded = await self._run(lambda: sound.decode(utterance.start, end, language))
        return assemble(decoded, utterance.onset, end, final=final)

    async def _run(self, work: Callable[[], _T]) -> _T:
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._pending -= 1


def _moments(utterance: Span) -> Iterator[float]:
    moment = utterance.onset + STEP
    while moment < utterance.end:
        yield moment
        moment += STEP
