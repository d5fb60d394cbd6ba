"""What readers get: the public JSON of calls, transcription, segments, gaps and open lines.

One shape serves REST, the live stream and webhooks. Names are ACS's where ACS has one; times are RFC 3339 in
UTC; positions are ms from the transcript's zero (the start of its first stream). Raw offsets and durations are
ticks written as decimal strings, since they exceed what a double holds exactly.
"""

import msgspec


class View(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Parent of all public shapes."""


class ParticipantView(View, frozen=True):
    raw_id: str
    kind: str
    display_name: str | None = None
    is_muted: bool = False
    is_on_hold: bool = False


class FailureView(View, frozen=True):
    """A typed error as it is kept on a call: see GET /v1/errors/{code}."""

    code: str
    title: str
    detail: str
    retryable: bool
    fixer: str
    cause: str
    remedy: str
    type: str
    acs_code: int | None = None
    sub_code: int | None = None
    message: str | None = None
    transcription_status_details: str | None = None


class ResultView(View, frozen=True):
    """How a call ended: ACS's numbers, our stable reason and one plain sentence."""

    code: int
    sub_code: int
    message: str
    reason: str
    text: str


class OperationView(View, frozen=True):
    operation_id: str
    kind: str
    state: str
    """`running`, `succeeded` or `failed`."""
    started_at: str
    locale: str | None = None
    operation_context: str | None = None
    failure: FailureView | None = None
    note: str | None = None


class RecoveryView(View, frozen=True):
    """How transcription comes back by itself after a failure or an interruption that began at `since`."""

    since: str
    attempts: int
    """Starts by itself so far."""
    next_attempt_at: str | None = None
    waits_for: str | None = None
    """`back-off`, `retry-after` (as long as ACS said), `quota` (the AI resource bears no more for now), `stream` (ACS may
    restore it by itself) or `connection`."""
    gave_up: str | None = None
    """Why it is not started again by itself: `not-retryable`, `attempts-spent` or `time-spent`. The failure's remedy
    says what somebody must do."""


class CompletenessView(View, frozen=True):
    """Whether anything that was said is missing; open gaps count as gaps, and their length as soon as they end."""

    state: str
    """`complete`, `complete-so-far` (the call is live) or `incomplete`."""
    gaps: int = 0
    missing_ms: int = 0
    causes: tuple[str, ...] = ()
    missing_since: str | None = None
    """The start of the gap that is open."""


class TranscriptionView(View, frozen=True):
    state: str
    locale: str
    start_mode: str
    attempts: int
    event_seen: bool
    packet_seen: bool
    speech_model_endpoint_id: str | None = None
    operation: OperationView | None = None
    failure: FailureView | None = None
    recovery: RecoveryView | None = None
    """What is done by itself about the last trouble; None where there was none."""


class CallView(View, frozen=True):
    id: str
    direction: str
    state: str
    created_at: str
    transcription: TranscriptionView
    call_connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: tuple[str, ...] = ()
    source_caller_id: str | None = None
    external_id: str | None = None
    metadata: dict[str, str] = {}
    participants: tuple[ParticipantView, ...] = ()
    connected_at: str | None = None
    ended_at: str | None = None
    result: ResultView | None = None
    failure: FailureView | None = None
    completeness: CompletenessView = CompletenessView(state="complete-so-far")


class ExpectedCallView(View, frozen=True):
    """An announced call: what the system that sets it up must give to ACS. The two URLs are secrets."""

    call: CallView
    transport_url: str
    callback_uri: str


class StreamShiftView(View, frozen=True):
    """The body of a `transcription` change that shifts a stream whose offsets count from nowhere (legacy).

    An earlier offset came late: for each segment and word of that stream, `startMs` is now this `startMs` plus
    the offset less `originOffset`, in whole ms.
    """

    stream: str
    origin_offset: str
    start_ms: int


class WordView(View, frozen=True):
    text: str
    offset: str
    start_ms: int
    duration: str | None = None
    duration_ms: int | None = None
    confidence: float | None = None


class SegmentView(View, frozen=True):
    """One Final, once, with the number of the change that committed it."""

    id: str
    number: int
    stream: str
    participant_raw_id: str = msgspec.field(name="participantRawID")
    text: str
    start_ms: int
    started_at: str
    offset: str
    result_status: str = "Final"
    duration: str | None = None
    duration_ms: int | None = None
    confidence: float | None = None
    locale: str | None = None
    speaker: str | None = None
    """The participant's display name, or else the phone number, or else None."""
    sentiment: str | None = None
    words: tuple[WordView, ...] = ()


class PartialView(View, frozen=True):
    """A speaker's open line as recognised so far."""

    stream: str
    participant_raw_id: str = msgspec.field(name="participantRawID")
    text: str
    start_ms: int
    offset: str
    result_status: str = "Intermediate"
    locale: str | None = None
    speaker: str | None = None


class GapView(View, frozen=True):
    """A stretch of which nothing is known; `endedAt` is null while it is open."""

    id: str
    cause: str
    started_at: str
    start_ms: int | None = None
    ended_at: str | None = None
    ended_by: str | None = None


class TranscriptView(View, frozen=True):
    """The whole transcript: segments ordered by time over all participants; `lastChange` is where to tail from."""

    call_id: str
    call_connection_id: str | None
    last_change: int
    complete: bool
    """False while a gap is on the record or the call is still live."""
    started_at: str | None
    """The time at which positions count 0 ms: the start of the first stream."""
    segments: tuple[SegmentView, ...]
    gaps: tuple[GapView, ...]
    completeness: CompletenessView = CompletenessView(state="complete-so-far")


class EventView(View, frozen=True):
    """One entry of a call's timeline; `data` is what ACS sent, unchanged."""

    id: str
    at: str
    received_at: str
    type: str
    source: str
    """`callback`, `event-grid`, `transcript-socket` or `callscribe`."""
    note: str | None = None
    data: msgspec.Raw | None = None
