"""Which choice was said."""

from __future__ import annotations

from collections.abc import Sequence

from acs_emulator.recognition.request import Choice
from acs_emulator.speech.lexical import lexical


def words(text: str) -> tuple[str, ...]:
    """In their lexical form: no case, no punctuation."""
    return tuple(word for word in map(lexical, text.split()) if word)


def choose(text: str, choices: Sequence[Choice]) -> tuple[Choice, str] | None:
    """The choice whose phrase was said, and the phrase as the application writes it.

    A phrase counts whole, also among other words ("yes please"); of several the longest one does, and of equally long
    ones the first. Microsoft says no more than that hearing a phrase chooses it; the rest is a guess.
    """
    said = words(text)
    heard = [
        (len(wanted), -number, choice, phrase)
        for number, (choice, phrase) in enumerate((one, phrase) for one in choices for phrase in one.phrases)
        if (wanted := words(phrase)) and _among(wanted, said)
    ]
    if not heard:
        return None
    _, _, choice, phrase = max(heard, key=lambda one: one[:2])
    return choice, phrase


def _among(wanted: tuple[str, ...], said: tuple[str, ...]) -> bool:
    return any(said[start : start + len(wanted)] == wanted for start in range(len(said) - len(wanted) + 1))
