"""Server-sent events."""

from callscribe.cli.stream import Sent, parse


def test_events_have_kind_data_and_id() -> None:
    """The last id stays until the next one."""
    lines = ["event: segment", "id: 7", 'data: {"a": 1}', "", "event: partial", "data: x", ""]

    assert list(parse(lines)) == [Sent("segment", '{"a": 1}', "7"), Sent("partial", "x", "7")]


def test_comments_and_empty_events_are_passed_over() -> None:
    """Heartbeats say nothing."""
    assert list(parse([": ping", "", "id: 3", "", "retry: 10", "", "data: x", ""])) == [
        Sent("message", "x", "3")
    ]


def test_data_of_several_lines_is_one_text() -> None:
    """Joined by line feeds; only one space after the colon is taken away."""
    assert list(parse(["data: a", "data:  b", "data", ""])) == [Sent("message", "a\n b\n", "")]


def test_an_event_without_its_empty_line_has_not_come_yet() -> None:
    """A stream that breaks off in the middle of an event gives none."""
    assert list(parse(["data: half"])) == []
