"""The `data` of events as ACS sends it, and the fields of the event that it becomes.

A field with the same name in shape and event is taken over; `facts` translates the others. Source: api-version
2026-03-12 for callbacks, Microsoft's schema of voice and video calling events for Event Grid.
"""

from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict, replace

from callscribe.domain.errors import MalformedEvent
from callscribe.domain.events.bounds import (
    CallContext,
    Count,
    Id,
    Integer,
    LongText,
    Many,
    Seconds,
    Text,
    UnixMs,
)
from callscribe.domain.events.callbacks import Choice, Speech
from callscribe.domain.events.eventgrid import CustomContext, RecordingChunk
from callscribe.domain.events.identifiers import CallingUser, CallParticipant, Identifier, Wire
from callscribe.domain.results import Diagnostic, Result
from callscribe.domain.timeline import parse_rfc3339


class Head(Wire, frozen=True, rename=None):
    """What the envelope of any event tells."""

    id: Id
    type: Id
    subject: Text
    time: UnixMs


class Data(Wire, frozen=True, kw_only=True):
    """Parent of the shapes of `data`."""

    def facts(self) -> dict[str, Any]:
        """Fields of the event by the event's names. Raises MalformedEvent."""
        return {
            name: value.participant() if isinstance(value, Identifier) else value
            for name, value in asdict(self).items()
        }


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as fault:
        raise MalformedEvent("a time is not in RFC 3339 form") from fault


class DiagnosticInfo(Wire, frozen=True):
    code: Integer
    message: LongText | None = None


def _diagnostic(info: DiagnosticInfo | None) -> Diagnostic | None:
    return Diagnostic(info.code, info.message or "") if info else None


class ResultInformation(Wire, frozen=True):
    code: Integer | None = None
    sub_code: Integer | None = None
    message: LongText | None = None
    sip_details: DiagnosticInfo | None = None
    q850_details: DiagnosticInfo | None = None

    def result(self) -> Result | None:
        """None where there is no code: then nothing is said."""
        if self.code is None:
            return None
        sip, q850 = _diagnostic(self.sip_details), _diagnostic(self.q850_details)
        return Result(self.code, self.sub_code or 0, self.message or "", sip, q850)


class CallbackData(Data, frozen=True):
    call_connection_id: Id
    server_call_id: Text | None = None
    correlation_id: Text | None = None
    operation_context: Text | None = None
    result_information: ResultInformation | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        information: ResultInformation | None = facts.pop("result_information")
        return facts | {"result": information and information.result()}


class ParticipantsData(CallbackData, frozen=True):
    participants: Annotated[tuple[CallParticipant, ...], Many] | None = None
    sequence_number: Count | None = None

    def facts(self) -> dict[str, Any]:
        return super().facts() | {
            "participants": tuple(one.participant() for one in self.participants or ()),
            "sequence_number": self.sequence_number or 0,
        }


class ParticipantData(CallbackData, frozen=True):
    participant: Identifier | None = None


class MoveData(ParticipantData, frozen=True):
    from_call: Text | None = None


class InvitationData(CallbackData, frozen=True):
    invitation_id: Text | None = None


class TransferData(CallbackData, frozen=True):
    transfer_target: Identifier | None = None
    transferee: Identifier | None = None


class FailedSourceData(CallbackData, frozen=True):
    failed_play_source_index: Integer | None = None


class DtmfResult(Wire, frozen=True):
    tones: Annotated[tuple[Text, ...], Many] | None = None


class RecognizedData(CallbackData, frozen=True):
    recognition_type: Text | None = None
    dtmf_result: DtmfResult | None = None
    choice_result: Choice | None = None
    speech_result: Speech | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        dtmf: DtmfResult | None = facts.pop("dtmf_result")
        return facts | {
            "tones": (dtmf and dtmf.tones) or (),
            "choice": facts.pop("choice_result"),
            "speech": facts.pop("speech_result"),
        }


class ToneData(CallbackData, frozen=True):
    tone: Text | None = None
    sequence_id: Integer | None = None


class RecordingData(CallbackData, frozen=True):
    recording_id: Text | None = None


class RecordingStateData(RecordingData, frozen=True):
    state: Text | None = None
    start_date_time: Text | None = None
    recording_kind: Text | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"started_at": _time(facts.pop("start_date_time"))}


class TranscriptionUpdate(Wire, frozen=True):
    transcription_status: Text | None = None
    transcription_status_details: Text | None = None
    transcription_message: LongText | None = None


class TranscriptionData(CallbackData, frozen=True):
    transcription_update: TranscriptionUpdate | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        update: TranscriptionUpdate = facts.pop("transcription_update") or TranscriptionUpdate()
        return facts | {
            "status": update.transcription_status,
            "status_details": update.transcription_status_details,
        }


class SummaryData(TranscriptionData, frozen=True):
    def facts(self) -> dict[str, Any]:
        update = self.transcription_update
        return super().facts() | {"message": update and update.transcription_message}


class MediaStreamingUpdate(Wire, frozen=True):
    content_type: Text | None = None
    media_streaming_status: Text | None = None
    media_streaming_status_details: Text | None = None


class MediaStreamingData(CallbackData, frozen=True):
    media_streaming_update: MediaStreamingUpdate | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        update: MediaStreamingUpdate = facts.pop("media_streaming_update") or MediaStreamingUpdate()
        return facts | {
            "content_type": update.content_type,
            "status": update.media_streaming_status,
            "status_details": update.media_streaming_status_details,
        }


class ValidationData(Data, frozen=True):
    validation_code: Id
    validation_url: Text | None = None


class Headers(Wire, frozen=True):
    sip_headers: Annotated[dict[Text, Text], Many] | None = None
    voip_headers: Annotated[dict[Text, Text], Many] | None = None


class IncomingCallData(Data, frozen=True):
    to: Identifier
    from_: Identifier = msgspec.field(name="from")
    incoming_call_context: CallContext
    correlation_id: Id
    server_call_id: Text | None = None
    caller_display_name: Text | None = None
    custom_context: Headers | None = None
    on_behalf_of_callee: Identifier | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        headers: Headers = facts.pop("custom_context") or Headers()
        return facts | {
            "custom_context": CustomContext(headers.sip_headers or {}, headers.voip_headers or {}),
            "on_behalf_of": facts.pop("on_behalf_of_callee"),
        }


class Named(Wire, frozen=True):
    id: Text | None = None


class CallingData(Data, frozen=True):
    server_call_id: Text | None = None
    correlation_id: Text | None = None
    started_by: CallingUser | None = None
    group: Named | None = None
    room: Named | None = None
    is_two_party: bool | None = None
    is_rooms_call: bool | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        group, room = facts.pop("group"), facts.pop("room")
        return facts | {"group_id": group and group.id, "room_id": room and room.id}


class CallEndedData(CallingData, frozen=True):
    duration_of_call: Seconds | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"duration": facts.pop("duration_of_call")}


class CallParticipantData(CallingData, frozen=True):
    user: CallingUser | None = None
    display_name: Text | None = None
    participant_id: Text | None = None
    user_agent: Text | None = None
    endpoint_type: Text | None = None

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        user, name, endpoint = (facts.pop(key) for key in ("user", "display_name", "endpoint_type"))
        return facts | {
            "participant": user and replace(user, display_name=name),
            "user_agent": self.user_agent or endpoint,
        }


class RecordingStorageInfo(Wire, frozen=True):
    recording_chunks: Annotated[tuple[RecordingChunk, ...], Many] | None = None


class RecordingFileData(Data, frozen=True):
    recording_storage_info: RecordingStorageInfo | None = None
    recording_start_time: Text | None = None
    recording_duration_ms: Count | None = None
    session_end_reason: Text | None = None
    recording_content_type: Text | None = None
    recording_channel_type: Text | None = None
    recording_format_type: Text | None = None

    def facts(self) -> dict[str, Any]:
        storage = self.recording_storage_info
        return {
            "chunks": (storage and storage.recording_chunks) or (),
            "started_at": _time(self.recording_start_time),
            "duration_ms": self.recording_duration_ms,
            "session_end_reason": self.session_end_reason,
            "content_type": self.recording_content_type,
            "channel_type": self.recording_channel_type,
            "format_type": self.recording_format_type,
        }
