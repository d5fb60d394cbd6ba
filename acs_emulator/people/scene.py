"""What is said in a call, whoever says it: the protocol between speech and transcription."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from acs_emulator.audio.soundtrack import Render
from acs_emulator.clock import Clock


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word in its lexical form; times in ticks of 100 ns on the emulator's clock."""

    text: str
    offset: int
    duration: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one person is heard to say, so far (`final` False) or altogether; times as in `Word`."""

    raw_id: str
    final: bool
    text: str
    offset: int
    duration: int
    confidence: float
    words: tuple[Word, ...]
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """A key that somebody pressed; `tone` as ACS names it (`zero` … `nine`, `a` … `d`, `pound`, `asterisk`)."""

    raw_id: str
    tone: str
    offset: int
    """When, in ticks on the emulator's clock."""


class Listener(Protocol):
    """Whoever hears what people say and press in a call, beside its transcriptions."""

    def hear(self, utterance: Utterance) -> None: ...

    def hear_press(self, press: Press) -> None: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """A call as a speech sees it."""

    clock: Clock
    began: float
    """The clock's moment at which the speech begins."""
    locale: str
    """What the transcription listens for when the speech begins."""
    say: Callable[[Utterance], None]
    """Every transcription that is active hears it; words that nobody listens to are lost."""
    sound: Callable[[str, int, int, Render], int]
    """Somebody sounds: raw id, when and for how long (ticks), and what makes the samples. Said as they begin; returns
    when they do, which is later where it is said too late for those who listen."""
    speaker: Callable[[str], Awaitable[str]]
    """The raw id of a named speaker, waiting until they are in the call."""
    asked: Callable[[str], Awaitable[None]]
    """Returns when a recognition waits for an answer of this raw id, each recognition once in a scene."""
    press: Callable[[str, Sequence[str]], None]
    """Somebody presses keys, all at once."""


class SpeechFailed(Exception):
    """The speech cannot go on; the message says why."""


class Speech(Protocol):
    """A dialogue, or recognised audio."""

    @property
    def hang_up(self) -> bool:
        """Whether the caller hangs up when all is said."""
        ...

    @property
    def wait_for_transcription(self) -> bool:
        """Whether it begins only when a transcription is active."""
        ...

    async def perform(self, scene: Scene) -> None:
        """Say everything at its time; return after the last word. Raises SpeechFailed."""
