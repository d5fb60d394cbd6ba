"""A transcript as plain text: one line for each segment and each gap, in order of time.

[00:07] Ada: Good morning.
[00:31–00:40] (gap: socket-dropped)
"""

from callscribe.domain.formats.form import Form
from callscribe.domain.timeline import clock_text, parse_rfc3339
from callscribe.domain.views import GapView, SegmentView, TranscriptView


def as_text(transcript: TranscriptView) -> bytes:
    """The lines in UTF-8, each ended by a line feed; nothing where nothing was said.

    Speakers without a name or number are called `Speaker 1`, `Speaker 2` … in the order in which they first speak.
    """
    names = _names(transcript.segments)
    lines = [(segment.start_ms, _line(segment, names)) for segment in transcript.segments]
    lines += [(_start(gap), _gap(gap)) for gap in transcript.gaps]
    lines.sort(key=lambda line: line[0])
    return "".join(f"{text}\n" for _, text in lines).encode()


TEXT = Form(name="txt", media_type="text/plain; charset=utf-8", written=as_text)


def _names(segments: tuple[SegmentView, ...]) -> dict[str, str]:
    unnamed: dict[str, str] = {}
    for segment in segments:
        if segment.speaker is None and segment.participant_raw_id not in unnamed:
            unnamed[segment.participant_raw_id] = f"Speaker {len(unnamed) + 1}"
    return unnamed


def _line(segment: SegmentView, names: dict[str, str]) -> str:
    speaker = segment.speaker or names[segment.participant_raw_id]
    return f"[{clock_text(segment.start_ms)}] {_one_line(speaker)}: {_one_line(segment.text)}"


def _gap(gap: GapView) -> str:
    start = _start(gap)
    if gap.ended_at is None:
        return f"[{clock_text(start)}–] (gap: {gap.cause})"
    end = start + parse_rfc3339(gap.ended_at) - parse_rfc3339(gap.started_at)
    return f"[{clock_text(start)}–{clock_text(end)}] (gap: {gap.cause})"


def _start(gap: GapView) -> int:
    return gap.start_ms or 0


def _one_line(text: str) -> str:
    return " ".join(text.split())
