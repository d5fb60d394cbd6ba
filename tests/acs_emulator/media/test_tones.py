import pytest
from pydantic import BaseModel, ValidationError

from acs_emulator.media.tones import Keys, Tone, tones


class _Body(BaseModel):
    keys: Keys = ()
    tone: Tone = "zero"


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("12#", ("one", "two", "pound")),
        ("*0aD", ("asterisk", "zero", "a", "d")),
        ("one, TWO pound", ("one", "two", "pound")),
        (["three", "45", "a"], ("three", "four", "five", "a")),
    ],
)
def test_tones_by_keys_or_by_names(written: str | list[str], named: tuple[str, ...]) -> None:
    """However people write them, they are named as ACS names them."""
    assert tones(written) == named
    assert _Body.model_validate({"keys": written}).keys == named


@pytest.mark.parametrize("written", ["", "x", "eleven", ["one", ""], "1;2"])
def test_what_is_no_tone(written: str | list[str]) -> None:
    """It is refused, not skipped."""
    with pytest.raises(ValueError, match="is no key"):
        tones(written)
    with pytest.raises(ValidationError):
        _Body.model_validate({"keys": written})


@pytest.mark.parametrize("keys", [[], 12, ["1", 2], "1" * 101])
def test_keys_that_nobody_presses(keys: object) -> None:
    """At least one, at most a hundred, as text."""
    with pytest.raises(ValidationError):
        _Body.model_validate({"keys": keys})


def test_a_tone_on_the_wire() -> None:
    """In any case, by its name alone."""
    assert _Body.model_validate({"tone": "Pound"}).tone == "pound"
    for wrong in ("#", "1", "ten", 1):
        with pytest.raises(ValidationError):
            _Body.model_validate({"tone": wrong})
