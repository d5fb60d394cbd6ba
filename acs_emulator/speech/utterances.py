"""Cuts sound into utterances by the probability of speech in each window of 32 ms.

Pure: takes probabilities, returns times. Two thresholds keep a voice that fades from flickering; a pause ends an
utterance; one that lasts too long is cut at its quietest window. Every decision rests on sound no later than `known`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WINDOW_SAMPLES = 512
WINDOW = WINDOW_SAMPLES / 16000
"""Seconds per window: 512 samples at 16 kHz, the only size that Silero's model takes."""

BEGINS = 0.5
"""Probability from which on silence turns into speech."""
CONTINUES = 0.35
"""Probability down to which speech remains speech."""

# In windows.
PAUSE = 19
"""Silence that ends an utterance: 0.6 s."""
SHORTEST = 3
"""Speech shorter than 0.1 s is a click."""
PRE_ROLL = 8
"""0.25 s before the first window of speech: the first consonant lies there."""
POST_ROLL = 8
"""0.25 s after the last one; less than `PAUSE - PRE_ROLL`, so that utterances never overlap."""
LONGEST = 625
"""20 s: Whisper hears at most 30 s at once."""
SEARCH = 156
"""The last 5 s of an utterance that is too long, in which the cut is sought."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where an utterance lies: times in seconds from the start of the sound.

    `start` to `end` is what a recogniser should hear, `onset` is where the voice sets in, and `known` is the
    earliest moment at which it can be known that the utterance ends at `end`.
    """

    start: float
    onset: float
    end: float
    known: float


def cut(probabilities: Sequence[float]) -> tuple[Span, ...]:
    """The utterances in order, never overlapping, none longer than 20.3 s."""
    voiced = _voiced(probabilities)
    return tuple(
        utterance
        for first, past in _runs(voiced)
        if sum(voiced[first:past]) >= SHORTEST
        for utterance in _bounded(probabilities, voiced, first, past)
    )


def _voiced(probabilities: Sequence[float]) -> list[bool]:
    voiced: list[bool] = []
    speaking = False
    for probability in probabilities:
        speaking = probability >= (CONTINUES if speaking else BEGINS)
        voiced.append(speaking)
    return voiced


def _runs(voiced: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and past-the-last window of each stretch of speech without a pause in it."""
    first = past = -1
    for window, speaking in enumerate(voiced):
        if not speaking:
            continue
        if first >= 0 and window - past >= PAUSE:
            yield first, past
            first = -1
        first = window if first < 0 else first
        past = window + 1
    if first >= 0:
        yield first, past


def _bounded(probabilities: Sequence[float], voiced: Sequence[bool], first: int, past: int) -> Iterator[Span]:
    """The stretch as one utterance, or as several where it is too long."""
    start, onset = max(0, first - PRE_ROLL), first
    while past - start > LONGEST:
        limit = start + LONGEST
        quietest = min(range(limit - SEARCH, limit), key=probabilities.__getitem__)
        yield _utterance(start, onset, quietest, voiced.index(True, limit) + 1)
        start, onset = quietest, voiced.index(True, quietest)
    yield _utterance(start, onset, min(past + POST_ROLL, len(voiced)), min(past + PAUSE, len(voiced)))


def _utterance(start: int, onset: int, end: int, known: int) -> Span:
    return Span(start * WINDOW, onset * WINDOW, end * WINDOW, known * WINDOW)
