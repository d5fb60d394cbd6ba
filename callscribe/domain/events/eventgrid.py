"""The events that Event Grid brings from an ACS resource. Times are unix ms; absent facts are None."""

import msgspec

from callscribe.domain.events.bounds import Count, Text
from callscribe.domain.events.envelope import UnknownEvent
from callscribe.domain.participants import Participant


class GridEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True, tag_field="event"):
    """What all Event Grid events carry. Each may be delivered several times, in no order."""

    id: str
    time: int


class SubscriptionValidation(GridEvent, frozen=True):
    """Event Grid asks whether we want the subscription; the answer repeats `validation_code`."""

    validation_code: str
    validation_url: str | None = None


class CustomContext(msgspec.Struct, frozen=True):
    """Headers that came with a call, their names as the caller's side wrote them."""

    sip_headers: dict[str, str] = {}
    voip_headers: dict[str, str] = {}


class IncomingCall(GridEvent, frozen=True):
    """Somebody calls; the call rings for 30 s from `time`."""

    to: Participant
    from_: Participant
    incoming_call_context: str
    """What answer, reject and redirect need; opaque, about 7 KB, at most 256 KiB."""
    correlation_id: str
    server_call_id: str | None = None
    caller_display_name: str | None = None
    custom_context: CustomContext = msgspec.field(default_factory=CustomContext)
    on_behalf_of: Participant | None = None


class CallingEvent(GridEvent, frozen=True):
    """Parent of what Event Grid tells of calls between ACS users."""

    server_call_id: str | None = None
    correlation_id: str | None = None
    started_by: Participant | None = None
    group_id: str | None = None
    room_id: str | None = None
    is_two_party: bool | None = None
    is_rooms_call: bool | None = None


class CallStarted(CallingEvent, frozen=True):
    """A call between ACS users began."""


class CallEnded(CallingEvent, frozen=True):
    """A call between ACS users ended."""

    duration: float | None = None
    """Seconds."""


class CallParticipantEvent(CallingEvent, frozen=True):
    """Parent of what Event Grid tells of one participant."""

    participant: Participant | None = None
    participant_id: str | None = None
    user_agent: str | None = None


class CallParticipantAdded(CallParticipantEvent, frozen=True):
    """An ACS user came in."""


class CallParticipantRemoved(CallParticipantEvent, frozen=True):
    """An ACS user went out."""


class RecordingChunk(msgspec.Struct, frozen=True, rename="camel"):
    """One file of a recording, with the addresses of its content, its metadata and its deletion."""

    document_id: Text
    index: Count
    content_location: Text
    end_reason: Text | None = None
    metadata_location: Text | None = None
    delete_location: Text | None = None


class RecordingFileStatusUpdated(GridEvent, frozen=True):
    """A recording's files are ready to be fetched."""

    chunks: tuple[RecordingChunk, ...] = ()
    recording_id: str | None = None
    server_call_id: str | None = None
    started_at: int | None = None
    duration_ms: int | None = None
    session_end_reason: str | None = None
    content_type: str | None = None
    channel_type: str | None = None
    format_type: str | None = None


EventGridEvent = (
    SubscriptionValidation
    | IncomingCall
    | CallStarted
    | CallEnded
    | CallParticipantAdded
    | CallParticipantRemoved
    | RecordingFileStatusUpdated
    | UnknownEvent
)
