import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.speech.lexical import lexical


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        (" Hello,", "hello"),
        (" It's", "it's"),
        ("-source", "source"),
        (" PBX.", "pbx"),
        (" (well)…", "well"),
        ("«Bonjour!»", "bonjour"),
        (" „Größe“", "größe"),
        (" ¿Cómo?", "cómo"),
        ("4,50?", "4,50"),
        ("$5.", "$5"),
        (" 4729-1183.", "4729-1183"),
        (" हिन्दी।", "हिन्दी"),
        (" -", ""),
        ("–", ""),
        ("", ""),
    ],
)
def test_word(display: str, expected: str) -> None:
    """Lower case, nothing but the word; its marks and signs stay, and dashes alone are no words."""
    assert lexical(display) == expected


@given(st.text())
def test_lexical_form_is_stable(text: str) -> None:
    """It has no edge to strip."""
    word = lexical(text)
    assert word == word.strip()
    assert lexical(word).casefold() == word.casefold()
