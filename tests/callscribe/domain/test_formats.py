import msgspec
import pytest

from callscribe.domain.formats import FORMS, JSON, TEXT, form_named
from callscribe.domain.views import GapView, SegmentView, TranscriptView


def a_segment(
    start_ms: int, text: str, participant: str = "8:acs:a", speaker: str | None = None
) -> SegmentView:
    return SegmentView(
        id=f"s{start_ms}",
        number=1,
        stream="t",
        participant_raw_id=participant,
        text=text,
        start_ms=start_ms,
        started_at="2026-01-01T00:00:00.000Z",
        offset=str(start_ms * 10_000),
        speaker=speaker,
    )


def a_gap(start_ms: int | None, seconds: int | None) -> GapView:
    ended = None if seconds is None else f"2026-01-01T00:00:{seconds:02d}.000Z"
    return GapView(
        id="g",
        cause="socket-dropped",
        started_at="2026-01-01T00:00:00.000Z",
        start_ms=start_ms,
        ended_at=ended,
    )


def a_transcript(*segments: SegmentView, gaps: tuple[GapView, ...] = ()) -> TranscriptView:
    return TranscriptView(
        call_id="c",
        call_connection_id=None,
        last_change=1,
        complete=False,
        started_at=None,
        segments=segments,
        gaps=gaps,
    )


def test_a_form_by_name() -> None:
    """is the one with that name; an unknown name is none."""
    assert [form_named(form.name) for form in FORMS] == list(FORMS)
    assert form_named("docx") is None


def test_the_json_form() -> None:
    """is the public shape itself."""
    transcript = a_transcript(a_segment(0, "hello"))
    assert msgspec.json.decode(JSON.written(transcript), type=TranscriptView) == transcript


def test_segments_and_gaps_as_text() -> None:
    """are one line each, in order of time."""
    transcript = a_transcript(
        a_segment(7_040, "Good morning.", speaker="Ada"),
        a_segment(3_661_000, "Good bye.", "4:+15551230000", speaker="+15551230000"),
        gaps=(a_gap(31_000, 9), a_gap(3_700_000, None)),
    )
    assert TEXT.written(transcript).decode() == (
        "[00:07] Ada: Good morning.\n"
        "[00:31–00:40] (gap: socket-dropped)\n"
        "[1:01:01] +15551230000: Good bye.\n"
        "[1:01:40–] (gap: socket-dropped)\n"
    )


def test_speakers_without_a_name() -> None:
    """are numbered in the order in which they first speak."""
    transcript = a_transcript(
        a_segment(0, "one", "8:acs:b"),
        a_segment(1_000, "two", "8:acs:a"),
        a_segment(2_000, "three", "8:acs:b"),
        a_segment(3_000, "four", "8:acs:c", speaker="Ada"),
    )
    spoken = [line.partition("] ")[2] for line in TEXT.written(transcript).decode().splitlines()]
    assert spoken == ["Speaker 1: one", "Speaker 2: two", "Speaker 1: three", "Ada: four"]


@pytest.mark.parametrize("text", ["one\ntwo", "one\r\n  two", "one\u2028two", "\tone two\n"])
def test_words_over_several_lines(text: str) -> None:
    """stay on one line, so that a line is always a segment or a gap."""
    assert TEXT.written(a_transcript(a_segment(0, text))).decode() == "[00:00] Speaker 1: one two\n"


def test_a_gap_before_anything_was_said() -> None:
    """starts at zero."""
    assert (
        TEXT.written(a_transcript(gaps=(a_gap(None, 5),))).decode() == "[00:00–00:05] (gap: socket-dropped)\n"
    )


def test_nothing_said() -> None:
    """is an empty text."""
    assert TEXT.written(a_transcript()) == b""
