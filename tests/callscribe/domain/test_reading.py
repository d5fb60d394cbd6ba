from typing import Any

import msgspec
import pytest

from callscribe.domain import reading
from callscribe.domain.call import (
    Call,
    CallState,
    Direction,
    Gap,
    GapCause,
    Missing,
    Operation,
    OperationKind,
    Recovery,
    StartMode,
    Transcription,
    TranscriptionState,
    WaitsFor,
)
from callscribe.domain.errors import TransportUrlUnusable, describe
from callscribe.domain.participants import Participant, ParticipantKind
from callscribe.domain.results import Result
from callscribe.domain.transcript import Line, Segment, Stream, Word

ZERO = 1_755_022_193_000
LEGACY = 2_516_942_161_212_568_046
FAILURE = describe(TransportUrlUnusable(400, 8581, "Transport url is not valid."))
STREAM = Stream("str_1", "s", "en-US", None, 0, ZERO + 1000)


def call(**fields: Any) -> Call:
    plain: dict[str, Any] = {
        "id": "call_1",
        "key": "secret",
        "direction": Direction.INCOMING,
        "state": CallState.CONNECTED,
        "created_at": ZERO,
        "transcription": Transcription(locale="en-US"),
    }
    return Call(**plain | fields)


def segment(name: str = "a", **fields: Any) -> Segment:
    plain: dict[str, Any] = {
        "id": f"seg_{name}",
        "stream_id": "str_1",
        "participant": "4:+4930123456",
        "text": name,
        "offset": 20_000_000,
        "duration": 9_600_000,
        "confidence": 0.9,
        "locale": "en-US",
        "words": (),
        "sentiment": None,
        "received_at": ZERO,
    }
    return Segment(**plain | fields)


def shown(view: msgspec.Struct) -> dict[str, Any]:
    """A view as JSON, without what is null."""
    told = msgspec.json.decode(msgspec.json.encode(view))
    return {name: value for name, value in told.items() if value is not None}


def test_failure() -> None:
    """Code, type and everything that ACS told of it."""
    view = reading.failure_view(FAILURE)
    assert (view.code, view.detail, view.fixer) == (FAILURE.code, FAILURE.detail, FAILURE.fixer)
    assert view.type.endswith(FAILURE.code)
    assert (view.acs_code, view.sub_code) == (FAILURE.acs_code, FAILURE.sub_code)


def test_operation_that_runs() -> None:
    """Named as ACS and REST name its parts."""
    operation = Operation("op_1", OperationKind.START, ZERO, locale="de-DE", operation_context="mine")
    assert shown(reading.operation_view(operation)) == {
        "operationId": "op_1",
        "kind": "start",
        "state": "running",
        "startedAt": "2025-08-12T18:09:53.000Z",
        "locale": "de-DE",
        "operationContext": "mine",
    }


def test_operation_that_failed() -> None:
    """Its failure and note are shown."""
    operation = Operation("op_1", OperationKind.STOP, ZERO)
    view = reading.operation_view(operation, "failed", FAILURE, "too late")
    assert view.failure == reading.failure_view(FAILURE)
    assert (view.state, view.note) == ("failed", "too late")


def test_transcription() -> None:
    """State and both witnesses; the operation and the last failure where there are any."""
    plain = reading.transcription_view(Transcription("en-US"))
    assert (plain.state, plain.operation, plain.failure) == ("inactive", None, None)
    operation = Operation("op_1", OperationKind.START, ZERO)
    busy = reading.transcription_view(
        Transcription(
            "en-US",
            StartMode.MANUAL,
            TranscriptionState.STARTING,
            model="m",
            event_seen=True,
            operation=operation,
            failure=FAILURE,
        )
    )
    assert (busy.start_mode, busy.speech_model_endpoint_id) == ("manual", "m")
    assert (busy.event_seen, busy.packet_seen) == (True, False)
    assert busy.operation == reading.operation_view(operation)
    assert busy.failure == reading.failure_view(FAILURE)


def test_result() -> None:
    """ACS's numbers with our reason and sentence."""
    view = reading.result_view(Result(603, 0, "Decline"))
    assert (view.code, view.reason, view.message) == (603, "declined", "Decline")
    assert view.text


def test_call_that_has_just_begun() -> None:
    """What is not known is null; the key is never shown."""
    view = shown(reading.call_view(call()))
    assert (view["id"], view["createdAt"], view["to"]) == ("call_1", "2025-08-12T18:09:53.000Z", [])
    assert "secret" not in str(view)
    assert not {"connectedAt", "endedAt", "result", "failure", "from"} & set(view)


def test_call_that_has_ended() -> None:
    """Everything that is known of it."""
    eve = Participant("8:acs:eve", ParticipantKind.COMMUNICATION_USER, "Eve", True, True)
    ended = call(
        state=CallState.DISCONNECTED,
        from_id="4:+4930123456",
        to=("8:acs:eve",),
        participants=(eve,),
        connected_at=ZERO + 1000,
        ended_at=ZERO + 2500,
        result=Result(0),
        failure=FAILURE,
    )
    view = reading.call_view(ended)
    assert (view.from_, view.to) == ("4:+4930123456", ("8:acs:eve",))
    assert (view.connected_at, view.ended_at) == ("2025-08-12T18:09:54.000Z", "2025-08-12T18:09:55.500Z")
    assert view.result == reading.result_view(Result(0))
    assert view.failure == reading.failure_view(FAILURE)
    [party] = view.participants
    assert (party.display_name, party.kind, party.is_muted, party.is_on_hold) == (
        "Eve",
        "communicationUser",
        True,
        True,
    )


def test_gap() -> None:
    """Open ones have no end; positions need the transcript's zero."""
    gap = Gap("gap_1", GapCause.SOCKET_DROPPED, ZERO + 500)
    assert shown(reading.gap_view(gap, ZERO)) == {
        "id": "gap_1",
        "cause": "socket-dropped",
        "startedAt": "2025-08-12T18:09:53.500Z",
        "startMs": 500,
    }
    closed = reading.gap_view(Gap("gap_1", GapCause.LOCALE_CHANGE, ZERO, ZERO + 1, "packets"), None)
    assert (closed.start_ms, closed.ended_at, closed.ended_by) == (
        None,
        "2025-08-12T18:09:53.001Z",
        "packets",
    )


def test_names_of_speakers() -> None:
    """The display name, or else the phone number, or else none."""
    eve, bob = Participant("8:acs:eve", display_name="Eve"), Participant("8:acs:bob")
    names = reading.names_of(call(participants=(eve, bob)))
    assert names == {"8:acs:eve": "Eve"}
    assert reading.speaker("8:acs:eve", names) == "Eve"
    assert reading.speaker("4:+4930123456", names) == "+4930123456"
    assert reading.speaker("8:acs:bob", names) is None


def test_segment() -> None:
    """Positions in ms from the transcript's zero, raw ticks as text."""
    words = (Word("hello", 20_000_000, 2_800_000, 0.5), Word("there", 22_800_000))
    view = reading.segment_view(segment(words=words, sentiment="neutral"), STREAM, 7, ZERO, {})
    assert (view.number, view.start_ms, view.started_at) == (7, 3000, "2025-08-12T18:09:56.000Z")
    assert (view.offset, view.duration, view.duration_ms) == ("20000000", "9600000", 960)
    assert (view.speaker, view.sentiment, view.result_status) == ("+4930123456", "neutral", "Final")
    first, second = view.words
    assert (first.start_ms, first.offset, first.duration, first.duration_ms) == (
        3000,
        "20000000",
        "2800000",
        280,
    )
    assert (second.start_ms, second.duration, second.duration_ms, second.confidence) == (
        3280,
        None,
        None,
        None,
    )
    assert "participantRawID" in shown(view)


def test_segment_of_a_legacy_stream() -> None:
    """Its position counts from the stream's least offset; its raw offset is exact."""
    stream = msgspec.structs.replace(STREAM, origin=LEGACY - 50_000_000)
    view = reading.segment_view(segment(offset=LEGACY, duration=None), stream, 1, ZERO, {})
    assert (view.start_ms, view.offset) == (6000, "2516942161212568046")
    assert (view.duration, view.duration_ms) == (None, None)


@pytest.mark.parametrize("offset", [0, 10**17, 10**17 + 1, 2**63 - 1])
def test_segment_at_any_offset(offset: int) -> None:
    """Its time can be written, however far it lies."""
    stream = msgspec.structs.replace(STREAM, origin=10**17 + 1)
    assert reading.segment_view(segment(offset=offset), stream, 1, ZERO, {}).started_at.endswith("Z")


def test_open_line() -> None:
    """As a segment would be, as far as it is known."""
    line = Line(STREAM, "8:acs:eve", "hel", 20_000_000, "en-US")
    assert shown(reading.partial_view(line, ZERO, {"8:acs:eve": "Eve"})) == {
        "stream": "str_1",
        "participantRawID": "8:acs:eve",
        "text": "hel",
        "startMs": 3000,
        "offset": "20000000",
        "resultStatus": "Intermediate",
        "locale": "en-US",
        "speaker": "Eve",
    }


def test_transcript_of_several_speakers() -> None:
    """Segments are merged by time, not by arrival; gaps are listed by time."""
    later = Stream("str_2", "s", "de-DE", None, 0, ZERO + 500)
    told = [
        (segment("third", offset=30_000_000), 1),
        (segment("first"), 2),
        (segment("second", stream_id="str_2", offset=26_000_000), 3),
    ]
    gaps = [Gap("gap_2", GapCause.SOCKET_DROPPED, ZERO + 9), Gap("gap_1", GapCause.SOCKET_DROPPED, ZERO + 1)]
    view = reading.transcript_view(call(call_connection_id="x"), 5, ZERO, [STREAM, later], told, gaps)
    assert [each.text for each in view.segments] == ["first", "second", "third"]
    assert [gap.id for gap in view.gaps] == ["gap_1", "gap_2"]
    assert (view.last_change, view.call_connection_id, view.started_at) == (
        5,
        "x",
        "2025-08-12T18:09:53.000Z",
    )


def test_segments_of_one_moment() -> None:
    """Stream, speaker, offset and id decide, so that the order never depends on arrival."""
    told = [
        segment("d", participant="8:b"),
        segment("c", participant="8:a", offset=20_000_001),
        segment("b", participant="8:a"),
        segment("a", participant="8:a"),
    ]
    for order in (told, told[::-1]):
        numbered = [(each, number) for number, each in enumerate(order)]
        view = reading.transcript_view(call(), 4, ZERO, [STREAM], numbered, ())
        assert [each.text for each in view.segments] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("state", "gaps", "complete"),
    [
        (CallState.CONNECTED, (), False),
        (CallState.DISCONNECTED, (), True),
        (CallState.DISCONNECTED, (Gap("gap_1", GapCause.SOCKET_DROPPED, ZERO),), False),
        (CallState.DISCONNECTED, (Gap("gap_1", GapCause.SOCKET_DROPPED, ZERO, ZERO, "call-ended"),), True),
        (CallState.DISCONNECTED, (Gap("gap_1", GapCause.SOCKET_DROPPED, ZERO, ZERO, "packets"),), False),
    ],
)
def test_whether_a_transcript_is_complete(state: CallState, gaps: tuple[Gap, ...], complete: bool) -> None:
    """Once the call has ended, and only without gaps."""
    view = reading.transcript_view(call(state=state), 0, None, (), (), gaps)
    assert view.complete is complete
    assert view.started_at is None


def test_a_stream_that_is_shifted() -> None:
    """Its start from the transcript's zero, and the raw offset from which positions count, as text."""
    view = reading.stream_shift_view("str_1", 2516942161212568046, 5_000, 2_000)
    assert msgspec.json.decode(msgspec.json.encode(view)) == {
        "stream": "str_1",
        "originOffset": "2516942161212568046",
        "startMs": 3000,
    }


def test_a_trouble_with_transcription() -> None:
    """How often it was tried, when it is tried next, and what for it waits."""
    recovery = Recovery(since=ZERO, attempts=2, next_at=ZERO + 4000, waits_for=WaitsFor.QUOTA)
    view = reading.transcription_view(Transcription("en-US", recovery=recovery))
    assert view.recovery is not None
    assert shown(view.recovery) == {
        "since": "2025-08-12T18:09:53.000Z",
        "attempts": 2,
        "nextAttemptAt": "2025-08-12T18:09:57.000Z",
        "waitsFor": "quota",
    }


def test_what_a_call_misses() -> None:
    """The same on the call, which counts its gaps, and on the transcript, which has them."""
    ended = Gap("gap_1", GapCause.SOCKET_DROPPED, ZERO, ZERO + 700, "packets")
    opened = Gap("gap_2", GapCause.QUOTA, ZERO + 1000)
    missing = Missing(1, 700, (GapCause.SOCKET_DROPPED,))
    known = call(missing=missing, gap=opened)
    view = reading.call_view(known).completeness
    assert shown(view) == {
        "state": "incomplete",
        "gaps": 2,
        "missingMs": 700,
        "causes": ["socket-dropped", "quota"],
        "missingSince": "2025-08-12T18:09:54.000Z",
    }
    assert reading.transcript_view(known, 0, ZERO, (), (), (opened, ended)).completeness == view
    assert reading.call_view(call()).completeness.state == "complete-so-far"
    assert reading.call_view(call(state=CallState.DISCONNECTED)).completeness.state == "complete"
