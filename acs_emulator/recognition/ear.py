"""A recognition that listens: what it hears becomes its outcome.

The first input decides (how-to on the recognize action): after a tone words count no more, after a word tones do not.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from acs_emulator.clock import TICKS_PER_SECOND
from acs_emulator.people.scene import Press, Utterance
from acs_emulator.recognition import outcomes
from acs_emulator.recognition.choosing import choose, words
from acs_emulator.recognition.outcomes import Outcome
from acs_emulator.recognition.request import MAX_TONES, Request
from acs_emulator.transcription import insights

SPEECH_PATIENCE = 20.0
"""Seconds for which words may not become a final result before speech recognition times out; a guess."""


class Ear:
    """Satisfies `scene.Listener`. Times are seconds on the emulator's clock.

    It is deaf until `open`. With `interruptible` the prompt goes on: the first input sets `interrupted`, without it
    what is said and pressed meanwhile is lost, which is a guess.
    """

    def __init__(self, request: Request, comes_from: Callable[[str], bool]) -> None:
        self._request = request
        self._comes_from = comes_from
        self._tones: list[str] = []
        self._said: list[Utterance] = []
        self._speaking = False
        self._opened: float | None = None
        self.listening = False
        """The prompt is over."""
        self.interrupted = False
        self.deadline = math.inf
        """When silence becomes the outcome."""
        self.outcome: Outcome | None = None
        self.changed = asyncio.Event()

    def open(self, now: float) -> None:
        """The prompt begins that may be interrupted."""
        self._opened = now

    def listen(self, now: float) -> None:
        """The prompt is over: from now on silence counts."""
        self.listening = True
        if self._opened is None:
            self._opened = now
        if not (self._tones or self._speaking or self._said):
            self.deadline = now + self._request.initial_silence

    def asks(self, raw_id: str) -> bool:
        """Whether it is this one's turn to answer."""
        return self.listening and self.outcome is None and self._comes_from(raw_id)

    def hear(self, utterance: Utterance) -> None:
        """Words that began before the recognition listened are not its own, which is a guess."""
        if not (self._request.takes_speech and self._is_open_to(utterance.raw_id)) or self._tones:
            return
        if self._opened is None or utterance.offset < round(self._opened * TICKS_PER_SECOND):
            return
        self._interrupt()
        if not utterance.final:
            self._speaking = True
            self.deadline = (utterance.offset + utterance.duration) / TICKS_PER_SECOND + SPEECH_PATIENCE
        elif self._request.input_type == "choices":
            self._choose(utterance)
        else:
            self._speaking = False
            self._said.append(utterance)
            end = (utterance.offset + utterance.duration) / TICKS_PER_SECOND
            self.deadline = end + self._request.end_silence
        self.changed.set()

    def hear_press(self, press: Press) -> None:
        if not (self._request.takes_tones and self._is_open_to(press.raw_id)) or self._speaking or self._said:
            return
        self._interrupt()
        if self._request.input_type == "choices":
            named = (choice for choice in self._request.choices if choice.tone == press.tone)
            choice = next(named, None)
            self.outcome = outcomes.chosen_by_tone(choice.label) if choice else Outcome(outcomes.WRONG_TONE)
        else:
            self._collect(press)
        self.changed.set()

    def fall_silent(self, deadline: float) -> None:
        """The deadline has come; one that was put off in the meantime means nothing."""
        if self.outcome is not None or deadline != self.deadline:
            return
        if self._tones:
            self.outcome = self._too_few()
        elif self._speaking:
            self.outcome = Outcome(outcomes.TIMED_OUT)
        elif self._said:
            self.outcome = self._spoken()
        else:
            self.outcome = Outcome(outcomes.INITIAL_SILENCE)
        self.changed.set()

    def _is_open_to(self, raw_id: str) -> bool:
        return self._opened is not None and self.outcome is None and self._comes_from(raw_id)

    def _interrupt(self) -> None:
        if not self.listening:
            self.interrupted = True

    def _collect(self, press: Press) -> None:
        """A stop tone is not among the tones collected, which is a guess."""
        dtmf = self._request.dtmf
        if press.tone in dtmf.stop_tones:
            self.outcome = outcomes.collected(outcomes.STOP_TONE, self._tones)
            return
        self._tones.append(press.tone)
        self.deadline = press.offset / TICKS_PER_SECOND + dtmf.inter_tone
        if len(self._tones) >= (dtmf.max_tones or MAX_TONES):
            self.outcome = outcomes.collected(outcomes.MAX_TONES, self._tones)

    def _too_few(self) -> Outcome:
        """The how-tos list 8532 both as completed and as failed. It fails where a number of tones was asked for, and
        completes with what there is where it was not, which is a guess."""
        if self._request.dtmf.max_tones is not None:
            return Outcome(outcomes.INTER_DIGIT)
        return outcomes.collected(outcomes.INTER_DIGIT, self._tones)

    def _spoken(self) -> Outcome:
        text = " ".join(one.text for one in self._said if words(one.text))
        confidence = min(one.confidence for one in self._said)
        if not text or confidence <= 0:
            return Outcome(outcomes.NOT_RECOGNIZED)
        return outcomes.spoken(text, confidence, self._insights(text, self._said[-1]))

    def _choose(self, utterance: Utterance) -> None:
        if not words(utterance.text) or utterance.confidence <= 0:
            self.outcome = Outcome(outcomes.NOT_RECOGNIZED)
            return
        found = choose(utterance.text, self._request.choices)
        if found is None:
            self.outcome = Outcome(outcomes.NO_MATCH)
            return
        choice, phrase = found
        added = self._insights(utterance.text, utterance)
        self.outcome = outcomes.chosen_by_phrase(choice.label, phrase, utterance.confidence, added)

    def _insights(self, text: str, utterance: Utterance) -> dict[str, object]:
        added: dict[str, object] = {}
        if language := insights.identified(utterance, self._request.languages):
            added["languageIdentified"] = language
        if self._request.sentiment:
            added["sentimentAnalysisResult"] = {"sentiment": insights.sentiment(text)}
        return added
