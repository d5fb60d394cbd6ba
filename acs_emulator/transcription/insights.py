"""What the preview adds to words: language identification, redaction, sentiment.

Fields and their wire names: the models of the SDK's 1.6.0b1 and Microsoft's real-time transcription tutorial (AI
features). How the service decides is documented nowhere; what is done here is simple, the same every time, and a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from acs_emulator.people.scene import Utterance
from acs_emulator.speech.lexical import lexical

MASK_WITH_CHARACTER = "MaskWithCharacter"
"""Begins with a capital letter in packets, and with a small one in requests."""

_PERSONAL = re.compile(
    r"[\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)+"  # an e-mail address
    r"|\+?\d+(?:(?:[-./ ]|\) ?| ?\()\d+)*"  # a number, alone or in groups, as of telephones and cards
)
_GOOD = frozenset(
    [
        "amazing",
        "appreciate",
        "awesome",
        "brilliant",
        "excellent",
        "fantastic",
        "fine",
        "glad",
        "good",
        "great",
        "happy",
        "helpful",
        "love",
        "lovely",
        "nice",
        "perfect",
        "pleased",
        "thank",
        "thanks",
        "wonderful",
    ]
)
_BAD = frozenset(
    [
        "angry",
        "annoyed",
        "awful",
        "bad",
        "broken",
        "complain",
        "complaint",
        "disappointed",
        "fail",
        "failed",
        "hate",
        "horrible",
        "poor",
        "problem",
        "sad",
        "terrible",
        "unacceptable",
        "unhappy",
        "upset",
        "useless",
        "worst",
        "wrong",
    ]
)


@dataclass(frozen=True, slots=True)
class Insights:
    """What a request asks for beside the words; None is what it does not say."""

    redact: bool | None = None
    sentiment: bool | None = None
    summarize: bool | None = None
    """Whether a summary comes when the call has ended."""

    def over(self, former: Insights) -> Insights:
        """These, and the former ones where these say nothing."""
        return Insights(
            redact=former.redact if self.redact is None else self.redact,
            sentiment=former.sentiment if self.sentiment is None else self.sentiment,
            summarize=former.summarize if self.summarize is None else self.summarize,
        )


NOTHING = Insights()


def redacted(utterance: Utterance) -> Utterance:
    """The utterance with `*` for every character of a number or e-mail address, and without words, as captured."""
    return replace(utterance, text=masked(utterance.text), words=())


def masked(text: str) -> str:
    return _PERSONAL.sub(lambda found: "*" * len(found[0]), text)


def identified(utterance: Utterance, locales: tuple[str, ...]) -> str | None:
    """Which of the locales was spoken: the turn's own, or the first one where it is another or has none."""
    spoken = (utterance.locale or "").lower()
    return next((locale for locale in locales if locale.lower() == spoken), next(iter(locales), None))


def sentiment(text: str) -> str:
    """`positive`, `negative`, `mixed` or `neutral`, by a few English words."""
    words = {lexical(token) for token in text.split()}
    good, bad = bool(words & _GOOD), bool(words & _BAD)
    if good and bad:
        return "mixed"
    return "positive" if good else "negative" if bad else "neutral"
