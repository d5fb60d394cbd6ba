"""What is seen of a call."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from callscribe.cli.screen import Screen, clock

CALLER, AGENT = "4:+14255550123", "8:acs:x_y"


def line(raw_id: str, text: str, start_ms: int, **more: Any) -> dict[str, Any]:
    return {"participantRawID": raw_id, "text": text, "startMs": start_ms, **more}


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(0, "00:00"), (7_999, "00:07"), (754_000, "12:34"), (3_600_000, "1:00:00"), (-5, "00:00")],
)
def test_positions_are_minutes_and_seconds(ms: int, shown: str) -> None:
    """Rounded down, as clocks are."""
    assert clock(ms) == shown


def test_a_pipe_gets_plain_finished_lines() -> None:
    """Time, speaker, words; nothing of what is still open, and no control codes."""
    out = io.StringIO()
    with Screen(Console(file=out, width=40), {CALLER: "caller"}) as screen:
        screen.partial(line(CALLER, "my parcel", 1_000))
        heard = screen.segment(line(CALLER, "My parcel should have come on Tuesday, you know.", 1_000))
        screen.segment(line(AGENT, "Sorry.", 7_500, speaker="Maya"))

    assert heard == ("caller", "My parcel should have come on Tuesday, you know.")
    assert out.getvalue().splitlines() == [
        "00:01  caller  My parcel should have come on Tuesday, you know.",
        "00:07  Maya    Sorry.",
    ]


def test_a_terminal_shows_open_lines_growing() -> None:
    """And keeps the finished ones."""
    out = io.StringIO()
    with Screen(Console(file=out, width=60, force_terminal=True), {}) as screen:
        screen.partial(line(CALLER, "my parcel", 0, speaker="+14255550123"))
        screen.segment(line(CALLER, "My parcel.", 0, speaker="+14255550123"))

    assert "my parcel" in out.getvalue()
    assert "My parcel." in out.getvalue()


def test_words_that_look_like_markup_are_words() -> None:
    """Nobody can colour the terminal by speaking."""
    out = io.StringIO()
    with Screen(Console(file=out, width=60), {}) as screen:
        screen.segment(line(CALLER, "[bold]loud[/bold] :smile:", 0))

    assert "[bold]loud[/bold] :smile:" in out.getvalue()


def test_a_box_lists_what_is_where() -> None:
    """Long addresses stay whole, so that they can be copied."""
    out = io.StringIO()
    Screen(Console(file=out, width=20), {}).box("Up", {"API": "http://127.0.0.1:8080/docs", "key": "k"})

    assert "API  http://127.0.0.1:8080/docs" in out.getvalue()


def test_a_box_in_a_narrow_terminal_breaks_nothing() -> None:
    """A key longer than the line is one run of characters, with no border in it or beside it."""
    out = io.StringIO()
    key, url = "cs_" + "k" * 120, "http://127.0.0.1:8080/v1/calls/" + "0" * 60 + "/transcript"
    Screen(Console(file=out, width=80, force_terminal=True, no_color=True), {}).box(
        "Up", {"key": key, "URL": url}
    )

    plain = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()
    assert "Up" in plain[0]
    assert plain[1:3] == [f"key  {key}", f"URL  {url}"]
    assert set(plain[3]) == {"─"}
