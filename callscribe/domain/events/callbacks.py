"""The mid-call events of Call Automation, named as ACS names them (api-version 2026-03-12).

Times are unix ms. Absent facts are None: ACS leaves out what does not apply, and api-version 2024-04-15 sends no
`result` at all. Delivery is at least once and in no order.
"""

import msgspec

from callscribe.domain.events.bounds import Confidence, LongText, Text
from callscribe.domain.events.envelope import UnknownEvent
from callscribe.domain.participants import Participant
from callscribe.domain.results import Result


class Callback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True, tag_field="event"):
    """What all callbacks carry."""

    id: str
    time: int
    call_connection_id: str
    """The leg of the call that the event is about."""
    server_call_id: str | None = None
    correlation_id: str | None = None
    operation_context: str | None = None
    """What the request gave that the event answers; never proof of which operation is meant."""
    result: Result | None = None


class CallConnected(Callback, frozen=True):
    """The call is established."""


class CallDisconnected(Callback, frozen=True):
    """The call is over; it may come without any CallConnected."""


class CreateCallFailed(Callback, frozen=True):
    """An outbound call was not established; it may come after CallDisconnected."""


class AnswerFailed(Callback, frozen=True):
    """An incoming call could not be answered."""


class ConnectFailed(Callback, frozen=True):
    """A room, group or server call could not be joined."""


class ParticipantsUpdated(Callback, frozen=True):
    """The whole list of participants, whenever it may have changed; it may come before CallConnected."""

    participants: tuple[Participant, ...] = ()
    sequence_number: int = 0
    """Rises within a call, with holes; a lower number is older news."""


class ParticipantEvent(Callback, frozen=True):
    """Parent of what happens to one participant."""

    participant: Participant | None = None


class AddParticipantSucceeded(ParticipantEvent, frozen=True):
    """The invitation was delivered; ACS sends this for a declined one too."""


class AddParticipantFailed(ParticipantEvent, frozen=True):
    """The participant could not be added."""


class RemoveParticipantSucceeded(ParticipantEvent, frozen=True):
    """The participant is out of the call."""


class RemoveParticipantFailed(ParticipantEvent, frozen=True):
    """The participant could not be removed."""


class MoveParticipantSucceeded(ParticipantEvent, frozen=True):
    """The participant was moved here from another call."""

    from_call: str | None = None
    """The `callConnectionId` it came from."""


class MoveParticipantFailed(ParticipantEvent, frozen=True):
    """The participant stays in the other call."""

    from_call: str | None = None


class CancelAddParticipantSucceeded(Callback, frozen=True):
    """The invitation was withdrawn."""

    invitation_id: str | None = None


class CancelAddParticipantFailed(Callback, frozen=True):
    """The invitation could not be withdrawn: it was accepted or over."""

    invitation_id: str | None = None


class CallTransferAccepted(Callback, frozen=True):
    """The transfer was accepted."""

    transfer_target: Participant | None = None
    transferee: Participant | None = None


class CallTransferFailed(Callback, frozen=True):
    """The transfer failed."""


class PlayStarted(Callback, frozen=True):
    """Playing has begun."""


class PlayCompleted(Callback, frozen=True):
    """Everything was played."""


class PlayFailed(Callback, frozen=True):
    """A source could not be played."""

    failed_play_source_index: int | None = None
    """Which source failed, counted from 0."""


class PlayCanceled(Callback, frozen=True):
    """Playing was broken off by request."""


class Choice(msgspec.Struct, frozen=True, rename="camel"):
    """The choice that a caller spoke or pressed."""

    label: Text | None = None
    recognized_phrase: Text | None = None
    confidence: Confidence | None = None


class Speech(msgspec.Struct, frozen=True, rename="camel"):
    """What a caller said to a prompt."""

    speech: LongText | None = None
    confidence: Confidence | None = None


class RecognizeCompleted(Callback, frozen=True):
    """A caller answered a prompt by tones, choice or speech."""

    recognition_type: str | None = None
    tones: tuple[str, ...] = ()
    choice: Choice | None = None
    speech: Speech | None = None


class RecognizeFailed(Callback, frozen=True):
    """A prompt got no answer; sub code 8510 is silence."""

    failed_play_source_index: int | None = None


class RecognizeCanceled(Callback, frozen=True):
    """A prompt was broken off by request."""


class ContinuousDtmfRecognitionToneReceived(Callback, frozen=True):
    """A caller pressed a key."""

    tone: str | None = None
    sequence_id: int | None = None


class ContinuousDtmfRecognitionToneFailed(Callback, frozen=True):
    """A key could not be recognised."""


class ContinuousDtmfRecognitionStopped(Callback, frozen=True):
    """Keys are no longer listened for."""


class SendDtmfTonesCompleted(Callback, frozen=True):
    """The tones were sent."""


class SendDtmfTonesFailed(Callback, frozen=True):
    """The tones could not be sent."""


class HoldFailed(Callback, frozen=True):
    """A participant could not be put on hold."""


class RecordingStateChanged(Callback, frozen=True):
    """A recording began, paused or ended; its `call_connection_id` is the recorder's, not the call's."""

    recording_id: str | None = None
    state: str | None = None
    """`active` or `inactive`; a paused recording is inactive."""
    started_at: int | None = None
    recording_kind: str | None = None


class StartRecordingFailed(Callback, frozen=True):
    """Recording could not be started."""

    recording_id: str | None = None


class TranscriptionEvent(Callback, frozen=True):
    """Parent of what happens to transcription; the words are ACS's TranscriptionStatus and …StatusDetails."""

    status: str | None = None
    status_details: str | None = None


class TranscriptionStarted(TranscriptionEvent, frozen=True):
    """ACS has begun to transcribe."""


class TranscriptionStopped(TranscriptionEvent, frozen=True):
    """ACS has ended transcription; never sent for some calls that are hung up while transcribing."""


class TranscriptionUpdated(TranscriptionEvent, frozen=True):
    """The locale was changed; `operation_context` may be the one given at start."""


class TranscriptionFailed(TranscriptionEvent, frozen=True):
    """ACS could not start, go on with, update or stop transcription."""


class TranscriptionCallSummaryUpdated(TranscriptionEvent, frozen=True):
    """A summary of the call, or why there is none (preview)."""

    message: str | None = None


class MediaStreamingEvent(Callback, frozen=True):
    """Parent of what happens to audio streaming."""

    content_type: str | None = None
    status: str | None = None
    status_details: str | None = None


class MediaStreamingStarted(MediaStreamingEvent, frozen=True):
    """ACS streams audio."""


class MediaStreamingStopped(MediaStreamingEvent, frozen=True):
    """ACS streams audio no longer."""


class MediaStreamingFailed(MediaStreamingEvent, frozen=True):
    """ACS could not stream audio."""


CallbackEvent = (
    CallConnected
    | CallDisconnected
    | CreateCallFailed
    | AnswerFailed
    | ConnectFailed
    | ParticipantsUpdated
    | AddParticipantSucceeded
    | AddParticipantFailed
    | RemoveParticipantSucceeded
    | RemoveParticipantFailed
    | MoveParticipantSucceeded
    | MoveParticipantFailed
    | CancelAddParticipantSucceeded
    | CancelAddParticipantFailed
    | CallTransferAccepted
    | CallTransferFailed
    | PlayStarted
    | PlayCompleted
    | PlayFailed
    | PlayCanceled
    | RecognizeCompleted
    | RecognizeFailed
    | RecognizeCanceled
    | ContinuousDtmfRecognitionToneReceived
    | ContinuousDtmfRecognitionToneFailed
    | ContinuousDtmfRecognitionStopped
    | SendDtmfTonesCompleted
    | SendDtmfTonesFailed
    | HoldFailed
    | RecordingStateChanged
    | StartRecordingFailed
    | TranscriptionStarted
    | TranscriptionStopped
    | TranscriptionUpdated
    | TranscriptionFailed
    | TranscriptionCallSummaryUpdated
    | MediaStreamingStarted
    | MediaStreamingStopped
    | MediaStreamingFailed
    | UnknownEvent
)
