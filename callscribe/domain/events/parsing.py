"""From an envelope to a typed event."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from callscribe.domain.errors import MalformedEvent
from callscribe.domain.events import callbacks, eventgrid, wire
from callscribe.domain.events.callbacks import CallbackEvent
from callscribe.domain.events.envelope import Envelope, UnknownEvent
from callscribe.domain.events.eventgrid import EventGridEvent

_CALLBACK_SHAPES: dict[type[CallbackEvent], type[wire.CallbackData]] = {
    callbacks.CallConnected: wire.CallbackData,
    callbacks.CallDisconnected: wire.CallbackData,
    callbacks.CreateCallFailed: wire.CallbackData,
    callbacks.AnswerFailed: wire.CallbackData,
    callbacks.ConnectFailed: wire.CallbackData,
    callbacks.ParticipantsUpdated: wire.ParticipantsData,
    callbacks.AddParticipantSucceeded: wire.ParticipantData,
    callbacks.AddParticipantFailed: wire.ParticipantData,
    callbacks.RemoveParticipantSucceeded: wire.ParticipantData,
    callbacks.RemoveParticipantFailed: wire.ParticipantData,
    callbacks.MoveParticipantSucceeded: wire.MoveData,
    callbacks.MoveParticipantFailed: wire.MoveData,
    callbacks.CancelAddParticipantSucceeded: wire.InvitationData,
    callbacks.CancelAddParticipantFailed: wire.InvitationData,
    callbacks.CallTransferAccepted: wire.TransferData,
    callbacks.CallTransferFailed: wire.CallbackData,
    callbacks.PlayStarted: wire.CallbackData,
    callbacks.PlayCompleted: wire.CallbackData,
    callbacks.PlayFailed: wire.FailedSourceData,
    callbacks.PlayCanceled: wire.CallbackData,
    callbacks.RecognizeCompleted: wire.RecognizedData,
    callbacks.RecognizeFailed: wire.FailedSourceData,
    callbacks.RecognizeCanceled: wire.CallbackData,
    callbacks.ContinuousDtmfRecognitionToneReceived: wire.ToneData,
    callbacks.ContinuousDtmfRecognitionToneFailed: wire.CallbackData,
    callbacks.ContinuousDtmfRecognitionStopped: wire.CallbackData,
    callbacks.SendDtmfTonesCompleted: wire.CallbackData,
    callbacks.SendDtmfTonesFailed: wire.CallbackData,
    callbacks.HoldFailed: wire.CallbackData,
    callbacks.RecordingStateChanged: wire.RecordingStateData,
    callbacks.StartRecordingFailed: wire.RecordingData,
    callbacks.TranscriptionStarted: wire.TranscriptionData,
    callbacks.TranscriptionStopped: wire.TranscriptionData,
    callbacks.TranscriptionUpdated: wire.TranscriptionData,
    callbacks.TranscriptionFailed: wire.TranscriptionData,
    callbacks.TranscriptionCallSummaryUpdated: wire.SummaryData,
    callbacks.MediaStreamingStarted: wire.MediaStreamingData,
    callbacks.MediaStreamingStopped: wire.MediaStreamingData,
    callbacks.MediaStreamingFailed: wire.MediaStreamingData,
}
_CALLBACKS: dict[str, tuple[type[CallbackEvent], type[wire.Data]]] = {
    f"Microsoft.Communication.{event.__name__}": (event, shape) for event, shape in _CALLBACK_SHAPES.items()
}
_EVENT_GRID: dict[str, tuple[type[EventGridEvent], type[wire.Data]]] = {
    "Microsoft.EventGrid.SubscriptionValidationEvent": (
        eventgrid.SubscriptionValidation,
        wire.ValidationData,
    ),
    "Microsoft.Communication.IncomingCall": (eventgrid.IncomingCall, wire.IncomingCallData),
    "Microsoft.Communication.CallStarted": (eventgrid.CallStarted, wire.CallingData),
    "Microsoft.Communication.CallEnded": (eventgrid.CallEnded, wire.CallEndedData),
    "Microsoft.Communication.CallParticipantAdded": (
        eventgrid.CallParticipantAdded,
        wire.CallParticipantData,
    ),
    "Microsoft.Communication.CallParticipantRemoved": (
        eventgrid.CallParticipantRemoved,
        wire.CallParticipantData,
    ),
    "Microsoft.Communication.RecordingFileStatusUpdated": (
        eventgrid.RecordingFileStatusUpdated,
        wire.RecordingFileData,
    ),
}

_Event = TypeVar("_Event")


def parse_callback(envelope: Envelope) -> CallbackEvent:
    """The event that Call Automation tells of a call; UnknownEvent for a type that is not known.

    Raises MalformedEvent, whose reason holds no value from the event.
    """
    return _parse(envelope, _CALLBACKS)


def parse_event_grid(envelope: Envelope) -> EventGridEvent:
    """The event that Event Grid brings from an ACS resource; UnknownEvent for a type that is not known.

    Raises MalformedEvent, whose reason holds no value from the event.
    """
    event: EventGridEvent = _parse(envelope, _EVENT_GRID)
    if not isinstance(event, eventgrid.RecordingFileStatusUpdated):
        return event
    # /recording/call/{call}/serverCallId/{server call}/recordingId/{recording}: only the subject names them,
    # and a server call id may itself hold slashes.
    call, _, recording_id = envelope.subject.partition("/recordingId/")
    server_call_id = call.partition("/serverCallId/")[2]
    return replace(event, recording_id=recording_id or None, server_call_id=server_call_id or None)


def _parse(
    envelope: Envelope, known: Mapping[str, tuple[Callable[..., _Event], type[wire.Data]]]
) -> _Event | UnknownEvent:
    try:
        head = msgspec.convert(envelope, wire.Head, from_attributes=True)
        if head.type not in known:
            return UnknownEvent(head.id, head.time, head.type)
        event, shape = known[head.type]
        facts = msgspec.convert(envelope.data, shape).facts()
    except msgspec.ValidationError as fault:
        raise MalformedEvent(f"the event has another shape: {fault}") from fault
    return event(id=head.id, time=head.time, **facts)
