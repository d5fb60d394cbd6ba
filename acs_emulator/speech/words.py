"""From a decoder's words to what was heard: display text, lexical words, times inside the utterance."""

from collections.abc import Sequence
from dataclasses import dataclass

from acs_emulator.speech.lexical import lexical
from acs_emulator.speech.recognizer import Heard, HeardWord

HALF_HEARD = 0.1
"""Seconds before the end of unfinished sound; a word that reaches into them goes on behind it."""


@dataclass(frozen=True, slots=True)
class DecodedWord:
    """A piece of text as the decoder gives it: with its leading space and punctuation; times in seconds, as in Heard."""

    text: str
    start: float
    end: float
    probability: float


def assemble(decoded: Sequence[DecodedWord], onset: float, end: float, *, final: bool) -> Heard | None:
    """What was heard between `onset` and `end`, or None if no word lies there.

    Whisper places a first word too early and invents words in the silence after the last one, so words are moved
    behind `onset` (where the voice sets in) and dropped from `end` on. An intermediate result ends in the middle of
    speech: there the last word is dropped if it touches the end, for it is half heard, and so is the full stop with
    which Whisper closes every text.
    """
    kept = [word for word in decoded if word.start < end]
    if not final and kept and kept[-1].end > end - HALF_HEARD:
        kept.pop()
    words = _placed(kept, onset, end)
    if not words:
        return None
    display = "".join(word.text for word in kept).strip()
    return Heard(
        final=final,
        text=display if final else display.rstrip(".,…- "),
        offset=onset,
        duration=words[-1].offset + words[-1].duration - onset,
        confidence=min(1.0, max(0.0, sum(word.probability for word in kept) / len(kept))),
        words=words,
    )


def _placed(decoded: Sequence[DecodedWord], onset: float, end: float) -> tuple[HeardWord, ...]:
    """The lexical words, one after the other, none outside `onset` to `end`."""
    words = []
    reached = onset
    for word in decoded:
        start = min(max(word.start, reached), end)
        reached = min(max(word.end, start), end)
        if text := lexical(word.text):
            words.append(HeardWord(text, start, reached - start))
    return tuple(words)
