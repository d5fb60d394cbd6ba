from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.speech import HeardWord
from acs_emulator.speech.words import DecodedWord, assemble

EPSILON = 1e-9


def spoken(*words: tuple[str, float, float]) -> list[DecodedWord]:
    return [DecodedWord(text, start, end, 0.8) for text, start, end in words]


def test_final() -> None:
    """Display text as decoded, lexical words with their times, offset where the voice set in."""
    heard = assemble(spoken((" Hello,", 1.2, 1.5), (" John.", 1.5, 2.0)), 1.2, 2.5, final=True)
    assert heard is not None
    assert (heard.final, heard.text, heard.offset) == (True, "Hello, John.", 1.2)
    assert heard.duration == pytest.approx(0.8)
    assert heard.confidence == pytest.approx(0.8)
    assert [word.text for word in heard.words] == ["hello", "john"]
    assert heard.words[1] == HeardWord("john", 1.5, 0.5)


def test_first_word_too_early() -> None:
    """A word placed before the voice set in begins with the voice."""
    heard = assemble(spoken((" Yes.", 0.75, 1.5)), 1.0, 2.0, final=True)
    assert heard is not None
    assert heard.words == (HeardWord("yes", 1.0, 0.5),)


def test_word_after_the_end() -> None:
    """A word invented behind the sound is in neither text nor words."""
    heard = assemble(spoken((" Yes.", 1.0, 1.5), (" Thank you.", 2.0, 2.4)), 1.0, 2.0, final=True)
    assert heard is not None
    assert heard.text == "Yes."
    assert len(heard.words) == 1


def test_half_heard_word() -> None:
    """An intermediate result leaves out the word that touches its end, and the stop that nobody spoke."""
    words = spoken((" There", 0.0, 0.4), (" is...", 0.4, 0.8), (" a", 0.8, 1.15))
    heard = assemble(words, 0.0, 1.2, final=False)
    assert heard is not None
    assert heard.text == "There is"
    assert [word.text for word in heard.words] == ["there", "is"]


def test_question_in_an_intermediate_result() -> None:
    """A question mark is kept: Whisper adds stops to unfinished text, not questions."""
    heard = assemble(spoken((" Really?", 0.0, 0.5)), 0.0, 1.2, final=False)
    assert heard is not None
    assert heard.text == "Really?"


@pytest.mark.parametrize("words", [spoken(), spoken((" ...", 0.0, 0.5)), spoken((" Hm", 3.0, 3.2))])
def test_no_word(words: list[DecodedWord]) -> None:
    """Where no word lies in the utterance nothing was heard."""
    assert assemble(words, 0.0, 2.0, final=True) is None


moments = st.floats(0, 30)


@given(
    st.lists(
        st.builds(
            DecodedWord, st.sampled_from([" So", " well,", "-", " ok."]), moments, moments, st.floats(0, 1)
        )
    ),
    moments,
    st.floats(0, 25),
    st.booleans(),
)
def test_whatever_is_decoded(decoded: list[DecodedWord], onset: float, length: float, final: bool) -> None:
    """Words follow one another inside the utterance, and the result's times are theirs."""
    end = onset + length
    heard = assemble(decoded, onset, end, final=final)
    if heard is None:
        return
    assert heard.text
    assert 0 <= heard.confidence <= 1
    assert onset <= heard.words[0].offset
    for before, after in pairwise(heard.words):
        assert before.offset + before.duration <= after.offset + EPSILON
    assert all(word.duration >= 0 for word in heard.words)
    last = heard.words[-1]
    assert last.offset + last.duration <= end + EPSILON
    assert heard.offset + heard.duration == pytest.approx(last.offset + last.duration)
