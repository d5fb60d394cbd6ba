"""A recognition as the application asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from acs_emulator.media.prompts import Source
from acs_emulator.outgoing.events import UNTOLD, Told

InputType = Literal["dtmf", "speech", "speechOrDtmf", "choices"]
MAX_TONES = 256
"""Collected where the application sets no number."""


@dataclass(frozen=True, slots=True)
class Dtmf:
    """How tones are collected; times in seconds. The defaults are those of the how-to on the recognize action."""

    inter_tone: float = 2.0
    max_tones: int | None = None
    stop_tones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose, by one of its phrases or by its tone."""

    label: str
    phrases: Sequence[str]
    tone: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Times in seconds."""

    input_type: InputType
    target: str
    """The raw id of who is to answer."""
    prompts: Sequence[Source] = ()
    interrupt_prompt: bool = True
    initial_silence: float = 5.0
    dtmf: Dtmf = field(default_factory=Dtmf)
    choices: Sequence[Choice] = ()
    end_silence: float = 0.5
    languages: tuple[str, ...] = ()
    """To be identified; none where the application names one language."""
    sentiment: bool = False
    told: Told = UNTOLD

    @property
    def takes_speech(self) -> bool:
        return self.input_type != "dtmf"

    @property
    def takes_tones(self) -> bool:
        """Choices that have no tones are chosen by voice alone."""
        if self.input_type == "choices":
            return any(choice.tone for choice in self.choices)
        return self.input_type != "speech"
