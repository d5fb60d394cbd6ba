import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.people.scene import Utterance, Word
from acs_emulator.transcription.insights import Insights, identified, masked, redacted, sentiment


def _utterance(text: str = "Call 555.", locale: str | None = None) -> Utterance:
    return Utterance("4:+1", True, text, 0, 600, 0.5, (Word("call", 0, 300), Word("555", 300, 300)), locale)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("My number is +1 (555) 010-9999, thanks.", "My number is *****************, thanks."),
        ("Card 4111 1111 1111 1111 please.", "Card ******************* please."),
        ("Write to jo.doe+x@mail.example.org.", "Write to *************************."),
        ("Born on 12/03/1980.", "Born on **********."),
        ("Nothing personal, really.", "Nothing personal, really."),
    ],
)
def test_what_is_masked(text: str, shown: str) -> None:
    """Numbers in groups and e-mail addresses, character by character."""
    assert masked(text) == shown


@given(st.text(max_size=200))
def test_a_masked_text_has_the_same_length_and_no_number(text: str) -> None:
    """Whatever is said."""
    assert len(masked(text)) == len(text)
    assert not any(one.isdecimal() for one in masked(text))


def test_redacted_results_have_no_words() -> None:
    """They would say what the text no longer says."""
    shown = redacted(_utterance())
    assert (shown.text, shown.words, shown.duration) == ("Call ***.", (), 600)


def test_the_language_is_one_of_those_listened_for() -> None:
    """The turn's own in the spelling of the list, else the first of the list; none where there is no list."""
    locales = ("en-US", "es-ES")
    assert identified(_utterance(locale="ES-es"), locales) == "es-ES"
    assert identified(_utterance(locale="fr-FR"), locales) == "en-US"
    assert identified(_utterance(), locales) == "en-US"
    assert identified(_utterance(locale="es-ES"), ()) is None


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Thank you, that is great!", "positive"),
        ("It is broken.", "negative"),
        ("Great, it is broken again.", "mixed"),
        ("My name is Jo.", "neutral"),
    ],
)
def test_sentiment(text: str, mood: str) -> None:
    """By its words."""
    assert sentiment(text) == mood


def test_what_a_later_request_does_not_say_stays() -> None:
    """And what it says wins, also where it says no."""
    former = Insights(redact=True, sentiment=True)
    assert Insights(sentiment=False, summarize=True).over(former) == Insights(True, False, True)
