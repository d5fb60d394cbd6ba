import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.recognition.choosing import choose, words
from acs_emulator.recognition.request import Choice

CHOICES = (
    Choice("Confirm", ("Confirm", "First", "yes")),
    Choice("Cancel", ("Cancel", "Second", "yes but no")),
    Choice("Help", ("customer help", "Hilfe für Kunden")),
)


@pytest.mark.parametrize(
    ("said", "label", "phrase"),
    [
        ("Confirm.", "Confirm", "Confirm"),
        ("CANCEL", "Cancel", "Cancel"),
        ("Well, the first one please.", "Confirm", "First"),
        ("Yes, but no!", "Cancel", "yes but no"),
        ("Customer help?", "Help", "customer help"),
        ("hilfe für kunden", "Help", "Hilfe für Kunden"),
        ("Second? Confirm!", "Confirm", "Confirm"),
    ],
)
def test_a_phrase_is_heard(said: str, label: str, phrase: str) -> None:
    """Whatever its case and punctuation, also among other words; the longest phrase counts."""
    found = choose(said, CHOICES)
    assert found is not None
    assert (found[0].label, found[1]) == (label, phrase)


@pytest.mark.parametrize("said", ["", "–", "Confirmation", "customer needs help", "maybe"])
def test_no_phrase_is_heard(said: str) -> None:
    """Parts of words and words apart are no phrase."""
    assert choose(said, CHOICES) is None
    assert choose(said, [Choice("Nothing", ("", "–"))]) is None


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3), st.text(), st.text())
def test_every_phrase_is_heard_among_other_words(phrases: list[str], before: str, after: str) -> None:
    """Whatever it is made of, if it has words."""
    found = choose(f"{before} {phrases[0]} {after}", [Choice("A", phrases)])
    assert (found is not None) or not words(phrases[0])
