import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from acs_emulator.people.dialogue import Dialogue, DialogueRejected, Turn, load, schedule, spoken_words


def _turns(*turns: dict[str, Any]) -> list[tuple[str, float, float]]:
    lines = schedule([Turn.model_validate(turn) for turn in turns])
    return [(line.turn.text, line.start, line.seconds) for line in lines]


def test_turns_follow_each_other() -> None:
    """With a short silence between them; a longer one where it is asked for; a turn without words is a silence."""
    assert _turns(
        {"text": "One.", "seconds": 1},
        {"text": "Two.", "seconds": 1},
        {"text": "Three.", "seconds": 1, "silence": 2},
        {"silence": 5},
        {"text": "Four.", "seconds": 1, "silence": 0},
    ) == [("One.", 0, 1), ("Two.", 1.3, 1), ("Three.", 4.3, 1), ("Four.", 10.3, 1)]


def test_turns_at_a_time_overlap_and_are_sorted() -> None:
    """`at` counts from the start; what follows in the file follows that turn."""
    assert _turns(
        {"text": "Later.", "at": 4, "seconds": 3},
        {"text": "Meanwhile.", "at": 5, "seconds": 1},
        {"text": "First.", "at": 0, "seconds": 1},
        {"text": "Then.", "seconds": 0.5},
    ) == [("First.", 0, 1), ("Then.", 1.3, 0.5), ("Later.", 4, 3), ("Meanwhile.", 5, 1)]


def test_keys_are_pressed_one_after_the_other() -> None:
    """A quarter of a second each, unless the turn says how long they take."""
    lines = schedule(
        [
            Turn.model_validate({"press": "12#"}),
            Turn.model_validate({"text": "Done.", "seconds": 1}),
            Turn.model_validate({"press": ["nine"], "at": 4, "seconds": 2}),
        ]
    )
    assert [(line.turn.press, line.start, line.seconds) for line in lines] == [
        (("one", "two", "pound"), 0, 0.75),
        (None, 1.05, 1),
        (("nine",), 4, 2),
    ]


def test_words_in_lexical_form() -> None:
    """Lower case, no punctuation at the edges; dashes alone are no words."""
    assert [word.text for word in spoken_words("Well – no.", 0, 100)] == ["well", "no"]
    assert spoken_words("–", 0, 100) == ()


@given(st.text(min_size=1, max_size=200), st.integers(1, 10**9), st.integers(0, 10**12))
def test_words_fill_the_turn_without_gaps(text: str, duration: int, offset: int) -> None:
    """As in the captures: each word begins where the one before ended, and all together last as long as the turn."""
    words = spoken_words(text, offset, duration)
    position = offset
    for word in words:
        assert word.offset == position
        position += word.duration
    assert not words or position == offset + duration


@given(
    st.lists(
        st.fixed_dictionaries({"text": st.just("Word.")}, optional={"at": st.floats(0, 100)}), max_size=8
    )
)
def test_a_schedule_is_in_order(turns: list[dict[str, Any]]) -> None:
    """Every spoken turn once, by its start."""
    lines = _turns(*turns)
    assert len(lines) == len(turns)
    assert [start for _, start, _ in lines] == sorted(start for _, start, _ in lines)


@pytest.mark.parametrize(
    "turn",
    [
        {},
        {"text": " "},
        {"text": "a", "at": -1},
        {"text": "a", "seconds": 0},
        {"text": "a", "speeker": "caller"},
        {"text": "a", "press": "1"},
        {"press": ""},
        {"press": "y"},
        {"text": "a", "after": "tea"},
    ],
)
def test_a_wrong_turn(turn: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValidationError):
        Dialogue.model_validate({"turns": [turn]})


def test_a_dialogue_file(tmp_path: Path) -> None:
    """It hangs up and waits for transcription unless it says otherwise."""
    path = tmp_path / "dialogue.json"
    path.write_text(json.dumps({"turns": [{"text": "Hello."}]}))
    dialogue = load(path)
    assert (dialogue.hang_up, dialogue.wait_for_transcription) == (True, True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not JSON"),
        ('{"turns": [{"text": "a"}, {"at": "soon"}]}', r"wrong at turns\.1"),
        (" " * 1_000_001, "larger"),
    ],
)
def test_a_dialogue_file_that_is_wrong(tmp_path: Path, content: str, says: str) -> None:
    """The message says where and why."""
    path = tmp_path / "dialogue.json"
    path.write_text(content)
    with pytest.raises(DialogueRejected, match=says):
        load(path)


def test_a_dialogue_file_that_is_not_there(tmp_path: Path) -> None:
    """Likewise."""
    with pytest.raises(DialogueRejected, match=r"^the dialogue file .*none\.json is not a file$"):
        load(tmp_path / "none.json")
