import pytest

from acs_emulator.calls.call import Call, Leg
from acs_emulator.clock import TICKS_PER_SECOND as SECOND
from acs_emulator.recordings.formats import Format
from acs_emulator.recordings.recording import Channels, Recording, Span, Wanted


def _recording(*, paused: bool = False) -> Recording:
    call = Call("incoming")
    recorder = Leg(call, "connect", "2026-03-12", "8:acs:app", "", call.correlation_id)
    return Recording(call, Wanted(Format("audio", "mixed", "wav"), "2026-03-12"), recorder, paused)


def test_a_recording_without_pauses() -> None:
    """One span from its begin to its end."""
    recording = _recording()
    recording.begin(5 * SECOND, 0)
    recording.end(8 * SECOND)
    assert list(recording.pieces(100 * SECOND, 100 * SECOND)) == [(Span(5 * SECOND, 8 * SECOND),)]
    assert recording.pauses() == []


def test_pauses_anywhere() -> None:
    """At its begin, in between, and at its end; said twice they change nothing."""
    recording = _recording(paused=True)
    recording.begin(0, 0)
    recording.pause(1 * SECOND)
    recording.resume(2 * SECOND)
    recording.resume(3 * SECOND)
    recording.pause(4 * SECOND)
    recording.pause(5 * SECOND)
    recording.resume(6 * SECOND)
    recording.pause(7 * SECOND)
    recording.end(9 * SECOND)
    assert recording.spans == [Span(2 * SECOND, 4 * SECOND), Span(6 * SECOND, 7 * SECOND)]
    assert recording.pauses() == [
        Span(0, 2 * SECOND),
        Span(4 * SECOND, 6 * SECOND),
        Span(7 * SECOND, 9 * SECOND),
    ]


def test_pieces_are_cut_by_what_is_recorded() -> None:
    """A pause takes no room in a chunk."""
    recording = _recording()
    recording.begin(0, 0)
    recording.pause(3 * SECOND)
    recording.resume(10 * SECOND)
    recording.end(13 * SECOND)
    assert list(recording.pieces(4 * SECOND, 100 * SECOND)) == [
        (Span(0, 3 * SECOND), Span(10 * SECOND, 11 * SECOND)),
        (Span(11 * SECOND, 13 * SECOND),),
    ]


def test_a_chunk_that_is_exactly_full() -> None:
    """Is the last one; no empty one follows."""
    recording = _recording()
    recording.begin(0, 0)
    recording.end(4 * SECOND)
    assert list(recording.pieces(2 * SECOND, 100 * SECOND)) == [
        (Span(0, 2 * SECOND),),
        (Span(2 * SECOND, 4 * SECOND),),
    ]


def test_pieces_while_it_lasts() -> None:
    """The full ones stay as they are; the last one grows."""
    recording = _recording()
    recording.begin(0, 0)
    assert list(recording.pieces(2 * SECOND, 3 * SECOND)) == [
        (Span(0, 2 * SECOND),),
        (Span(2 * SECOND, 3 * SECOND),),
    ]
    recording.pause(3 * SECOND)
    recording.resume(9 * SECOND)
    pieces = list(recording.pieces(2 * SECOND, 9 * SECOND + 700))
    assert pieces[1] == (Span(2 * SECOND, 3 * SECOND), Span(9 * SECOND, 9 * SECOND + 625))
    assert recording.pauses() == [Span(3 * SECOND, 9 * SECOND)]


def test_a_recording_of_nothing() -> None:
    """Has no piece."""
    recording = _recording(paused=True)
    recording.begin(0, 0)
    recording.end(4 * SECOND)
    assert list(recording.pieces(2 * SECOND, 100 * SECOND)) == []


@pytest.mark.parametrize(
    ("fixed", "assigned"), [({}, [0, 1, 2, 3, 4, None]), ({"x": 1}, [0, 2, 3, 4, None, None])]
)
def test_channels_are_assigned_in_order(fixed: dict[str, int], assigned: list[int | None]) -> None:
    """Those that are fixed stay free for theirs; there are five."""
    channels = Channels(fixed)
    assert [channels.assign(name) for name in "abcdef"] == assigned
    assert channels.assign("a") == 0
    assert channels.count == 5
