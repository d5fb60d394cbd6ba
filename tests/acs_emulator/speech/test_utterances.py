from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.speech.utterances import (
    CONTINUES,
    LONGEST,
    PAUSE,
    POST_ROLL,
    PRE_ROLL,
    WINDOW,
    Span,
    cut,
)

SILENCE, VOICE = 0.02, 0.95

stretches = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.95]), st.integers(1, 300)), max_size=14)
probabilities = stretches.map(lambda runs: [level for level, length in runs for _ in range(length)])


def windows(utterance: Span) -> tuple[int, int, int, int]:
    return (
        round(utterance.start / WINDOW),
        round(utterance.onset / WINDOW),
        round(utterance.end / WINDOW),
        round(utterance.known / WINDOW),
    )


def test_silence() -> None:
    """Where nobody speaks there is nothing to recognise."""
    assert cut([]) == ()
    assert cut([SILENCE] * 1000) == ()


def test_one_utterance() -> None:
    """Speech is heard with a little silence around it, and is over when the pause has lasted."""
    (utterance,) = cut([SILENCE] * 50 + [VOICE] * 40 + [SILENCE] * 50)
    assert windows(utterance) == (50 - PRE_ROLL, 50, 90 + POST_ROLL, 90 + PAUSE)


def test_speech_from_the_first_window_to_the_last() -> None:
    """Sound that starts or ends in speech gives no times outside it."""
    (utterance,) = cut([VOICE] * 40)
    assert windows(utterance) == (0, 0, 40, 40)


@pytest.mark.parametrize(("pause", "expected"), [(PAUSE - 1, 1), (PAUSE, 2)])
def test_pause(pause: int, expected: int) -> None:
    """A breath does not end an utterance, a pause does."""
    assert len(cut([VOICE] * 30 + [SILENCE] * pause + [VOICE] * 30)) == expected


def test_click() -> None:
    """Two windows are no speech."""
    assert cut([SILENCE] * 30 + [VOICE] * 2 + [SILENCE] * 30) == ()


def test_voice_that_fades() -> None:
    """A middling probability carries speech on, but does not begin it."""
    assert cut([0.4] * 100) == ()
    (utterance,) = cut([VOICE] * 10 + [0.4] * 40 + [SILENCE] * 40)
    assert windows(utterance)[2] == 50 + POST_ROLL


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    """Too long an utterance ends at the dip in its last five seconds, and the next one begins there."""
    first, second = cut([VOICE] * 550 + [0.6] + [VOICE] * 300)
    assert windows(first) == (0, 0, 550, LONGEST + 1)
    assert windows(second) == (550, 550, 851, 851)


@given(probabilities)
def test_any_sound(sound: list[float]) -> None:
    """Utterances come in order, never overlap, are bounded, and lie inside the sound."""
    utterances = [windows(utterance) for utterance in cut(sound)]
    for start, onset, end, known in utterances:
        assert 0 <= start <= onset < end <= known <= len(sound)
        assert end - start <= LONGEST + POST_ROLL
        assert max(sound[onset:end]) >= CONTINUES
    for before, after in pairwise(utterances):
        assert before[2] <= after[0]
        assert before[3] <= after[3]


@given(probabilities)
def test_no_speech_is_lost(sound: list[float]) -> None:
    """Every half second of certain speech lies inside utterances."""
    heard = [False] * len(sound)
    for start, _, end, _ in map(windows, cut(sound)):
        heard[start:end] = [True] * (end - start)
    for window in range(len(sound) - 15):
        if min(sound[window : window + 16]) >= 0.5:
            assert all(heard[window : window + 16])


@given(probabilities, st.integers(0, 4200))
def test_decisions_rest_on_the_past(sound: list[float], moment: int) -> None:
    """What is known at a moment is the same whatever is said after it."""
    known = [utterance for utterance in cut(sound) if utterance.known <= moment * WINDOW]
    assert list(cut(sound[:moment]))[: len(known)] == known
