"""From what is kept to what readers get: builds the public shapes of `views`."""

from collections.abc import Iterable, Mapping
from functools import reduce

from callscribe.domain import views
from callscribe.domain.call import ENDED, Call, Gap, Missing, Operation, Recovery, Transcription
from callscribe.domain.call.evidence import added
from callscribe.domain.errors import Failure, problem_type
from callscribe.domain.participants import Participant, phone_number
from callscribe.domain.results import Result, explain
from callscribe.domain.timeline import position, rfc3339, ticks_to_ms
from callscribe.domain.transcript import Line, Segment, Stream, Word


def failure_view(failure: Failure) -> views.FailureView:
    return views.FailureView(
        code=failure.code,
        title=failure.title,
        detail=failure.detail,
        retryable=failure.retryable,
        fixer=failure.fixer,
        cause=failure.cause,
        remedy=failure.remedy,
        type=problem_type(failure.code),
        acs_code=failure.acs_code,
        sub_code=failure.sub_code,
        message=failure.message,
        transcription_status_details=failure.status_details,
    )


def operation_view(
    operation: Operation, state: str = "running", failure: Failure | None = None, note: str | None = None
) -> views.OperationView:
    return views.OperationView(
        operation_id=operation.id,
        kind=operation.kind,
        state=state,
        started_at=rfc3339(operation.at),
        locale=operation.locale,
        operation_context=operation.operation_context,
        failure=failure_view(failure) if failure else None,
        note=note,
    )


def transcription_view(transcription: Transcription) -> views.TranscriptionView:
    return views.TranscriptionView(
        state=transcription.state,
        locale=transcription.locale,
        start_mode=transcription.mode,
        attempts=transcription.attempts,
        event_seen=transcription.event_seen,
        packet_seen=transcription.packet_seen,
        speech_model_endpoint_id=transcription.model,
        operation=operation_view(transcription.operation) if transcription.operation else None,
        failure=failure_view(transcription.failure) if transcription.failure else None,
        recovery=recovery_view(transcription.recovery) if transcription.recovery else None,
    )


def recovery_view(recovery: Recovery) -> views.RecoveryView:
    return views.RecoveryView(
        since=rfc3339(recovery.since),
        attempts=recovery.attempts,
        next_attempt_at=_time(recovery.next_at),
        waits_for=recovery.waits_for,
        gave_up=recovery.gave_up,
    )


def completeness_view(call: Call, missing: Missing, gap: Gap | None) -> views.CompletenessView:
    """What a call lacks: what its gaps that ended come to, and the open one."""
    over = "complete" if call.state in ENDED else "complete-so-far"
    causes = missing.causes
    if gap is not None and gap.cause not in causes:
        causes = (*causes, gap.cause)
    gaps = missing.gaps + (gap is not None)
    return views.CompletenessView(
        state="incomplete" if gaps else over,
        gaps=gaps,
        missing_ms=missing.ms,
        causes=causes,
        missing_since=rfc3339(gap.started_at) if gap else None,
    )


def result_view(result: Result) -> views.ResultView:
    end = explain(result.code, result.sub_code)
    return views.ResultView(
        code=result.code, sub_code=result.sub_code, message=result.message, reason=end.reason, text=end.text
    )


def participant_view(participant: Participant) -> views.ParticipantView:
    return views.ParticipantView(
        raw_id=participant.raw_id,
        kind=participant.kind,
        display_name=participant.display_name,
        is_muted=participant.is_muted,
        is_on_hold=participant.is_on_hold,
    )


def call_view(call: Call) -> views.CallView:
    return views.CallView(
        id=call.id,
        direction=call.direction,
        state=call.state,
        created_at=rfc3339(call.created_at),
        transcription=transcription_view(call.transcription),
        call_connection_id=call.call_connection_id,
        server_call_id=call.server_call_id,
        correlation_id=call.correlation_id,
        from_=call.from_id,
        to=call.to,
        source_caller_id=call.source_caller_id,
        external_id=call.external_id,
        metadata=call.metadata,
        participants=tuple(participant_view(participant) for participant in call.participants),
        connected_at=_time(call.connected_at),
        ended_at=_time(call.ended_at),
        result=result_view(call.result) if call.result else None,
        failure=failure_view(call.failure) if call.failure else None,
        completeness=completeness_view(call, call.missing, call.gap),
    )


def gap_view(gap: Gap, zero: int | None) -> views.GapView:
    return views.GapView(
        id=gap.id,
        cause=gap.cause,
        started_at=rfc3339(gap.started_at),
        start_ms=gap.started_at - zero if zero is not None else None,
        ended_at=_time(gap.ended_at),
        ended_by=gap.ended_by,
    )


def speaker(raw_id: str, names: Mapping[str, str]) -> str | None:
    """What to call a participant: their display name, or else their phone number, or else nothing."""
    return names.get(raw_id) or phone_number(raw_id)


def names_of(call: Call) -> dict[str, str]:
    """Display names by raw id, as far as ACS told them."""
    return {one.raw_id: one.display_name for one in call.participants if one.display_name}


def segment_view(
    segment: Segment, stream: Stream, number: int, zero: int, names: Mapping[str, str]
) -> views.SegmentView:
    """A segment as readers get it; `zero` is unix ms at which the transcript counts 0."""
    start = stream.started_at + position(segment.offset, stream.origin)
    return views.SegmentView(
        id=segment.id,
        number=number,
        stream=segment.stream_id,
        participant_raw_id=segment.participant,
        text=segment.text,
        start_ms=start - zero,
        started_at=rfc3339(start),
        offset=str(segment.offset),
        duration=_ticks(segment.duration),
        duration_ms=_ticks_ms(segment.duration),
        confidence=segment.confidence,
        locale=segment.locale,
        speaker=speaker(segment.participant, names),
        sentiment=segment.sentiment,
        words=tuple(_word_view(word, stream, zero) for word in segment.words),
    )


def partial_view(line: Line, zero: int, names: Mapping[str, str]) -> views.PartialView:
    """An open line as readers get it; `zero` is unix ms at which the transcript counts 0."""
    return views.PartialView(
        stream=line.stream.id,
        participant_raw_id=line.participant,
        text=line.text,
        start_ms=line.stream.started_at + position(line.offset, line.stream.origin) - zero,
        offset=str(line.offset),
        locale=line.locale,
        speaker=speaker(line.participant, names),
    )


def _word_view(word: Word, stream: Stream, zero: int) -> views.WordView:
    return views.WordView(
        text=word.text,
        offset=str(word.offset),
        start_ms=stream.started_at + position(word.offset, stream.origin) - zero,
        duration=_ticks(word.duration),
        duration_ms=_ticks_ms(word.duration),
        confidence=word.confidence,
    )


def stream_shift_view(stream_id: str, origin: int, started_at: int, zero: int) -> views.StreamShiftView:
    return views.StreamShiftView(stream=stream_id, origin_offset=str(origin), start_ms=started_at - zero)


def transcript_view(
    call: Call,
    last_change: int,
    zero: int | None,
    streams: Iterable[Stream],
    segments: Iterable[tuple[Segment, int]],
    gaps: Iterable[Gap],
) -> views.TranscriptView:
    """The whole transcript; segments are ordered by start, stream, participant, raw offset and id."""
    by_id = {stream.id: stream for stream in streams}
    names = names_of(call)
    shown = [
        segment_view(segment, by_id[segment.stream_id], number, zero or 0, names)
        for segment, number in segments
    ]
    shown.sort(
        key=lambda view: (view.start_ms, view.stream, view.participant_raw_id, int(view.offset), view.id)
    )
    missed = (gap for gap in gaps if not gap.is_empty)
    listed = tuple(sorted(missed, key=lambda gap: (gap.started_at, gap.id)))
    open_gap = next((gap for gap in listed if gap.ended_at is None), None)
    completeness = completeness_view(call, reduce(added, listed, Missing()), open_gap)
    return views.TranscriptView(
        call_id=call.id,
        call_connection_id=call.call_connection_id,
        last_change=last_change,
        complete=completeness.state == "complete",
        started_at=_time(zero),
        segments=tuple(shown),
        gaps=tuple(gap_view(gap, zero) for gap in listed),
        completeness=completeness,
    )


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)


def _ticks(ticks: int | None) -> str | None:
    return None if ticks is None else str(ticks)


def _ticks_ms(ticks: int | None) -> int | None:
    return None if ticks is None else ticks_to_ms(ticks)
