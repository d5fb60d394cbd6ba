"""Dialogue files, and whether all of one came back."""

import json
from pathlib import Path

import pytest

from callscribe.cli.dialogues import load, missing
from callscribe.cli.trouble import Trouble

SHIPPED = sorted((Path(__file__).parents[3] / "examples/dialogues").glob("*.json"))
LINES = (("caller", "one"), ("agent", "two"), ("caller", "three"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_dialogues_have_both_speakers(path: Path) -> None:
    """A demonstration shows two people."""
    assert {speaker for speaker, _ in load(path).lines} == {"caller", "agent"}


def test_there_is_a_dialogue_to_ship() -> None:
    """The demonstration needs one."""
    assert SHIPPED


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no json", "not of the form"),
        ("[]", "not of the form"),
        ('{"turns": [1]}', "not of the form"),
        ('{"turns": []}', "Nobody says anything"),
        ('{"turns": [{"speaker": "bob", "text": "hi"}]}', "Only caller and agent"),
    ],
)
def test_a_file_that_is_no_dialogue(tmp_path: Path, text: str, says: str) -> None:
    """One sentence says what is wrong with which file."""
    path = tmp_path / "dialogue.json"
    path.write_text(text)
    with pytest.raises(Trouble, match=says):
        load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(Trouble, match=r"nothing\.json cannot be read"):
        load(tmp_path / "nothing.json")


def test_silences_are_no_lines(tmp_path: Path) -> None:
    """They are part of the script only."""
    path = tmp_path / "dialogue.json"
    path.write_text(json.dumps({"turns": [{"silence": 1}, {"text": "Hello."}]}))

    assert load(path).lines == (("caller", "Hello."),)


def test_all_lines_in_order_are_all_there() -> None:
    """Lines that nobody expected do not matter."""
    assert missing(LINES, [LINES[0], ("agent", "hm"), LINES[1], LINES[2]]) is None


@pytest.mark.parametrize("number", range(3))
def test_a_lost_line_is_named(number: int) -> None:
    """Whichever it is."""
    heard = [line for line in LINES if line != LINES[number]]
    assert missing(LINES, heard) == LINES[number]


def test_a_line_out_of_order_is_named() -> None:
    """The one that is not found after the one before it."""
    assert missing(LINES, [LINES[1], LINES[0], LINES[2]]) == LINES[1]
