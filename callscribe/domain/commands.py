"""What callscribe wants done in the world; `adapters/acs` turns most of these into requests to ACS.

A command is a value that is stored before it is carried out and may be carried out twice, so each has an id of
its own (the job's), which travels to ACS as `Repeatability-Request-ID` where ACS honours one.
"""

import msgspec


class Command(msgspec.Struct, frozen=True, tag_field="kind"):
    """Parent of all commands."""


class TranscriptionSetup(msgspec.Struct, frozen=True):
    """Transcription options that every answer, create and connect carries (else ACS answers 8522 later)."""

    locale: str
    start: bool
    model: str | None = None
    intermediate: bool = True
    ai_endpoint: str | None = None
    """The AI resource that recognises; None where there is one for all calls."""


class Answer(Command, frozen=True, tag="answer"):
    incoming_call_context: str
    setup: TranscriptionSetup


class Reject(Command, frozen=True, tag="reject"):
    incoming_call_context: str
    reason: str
    """`none`, `busy` or `forbidden` (CallRejectReason)."""


class Redirect(Command, frozen=True, tag="redirect"):
    incoming_call_context: str
    target: str


class CreateCall(Command, frozen=True, tag="create-call"):
    targets: tuple[str, ...]
    setup: TranscriptionSetup
    source_caller_id: str | None = None
    source_display_name: str | None = None


class Connect(Command, frozen=True, tag="connect"):
    """Join an existing call; exactly one of the three locators is set."""

    setup: TranscriptionSetup
    room_id: str | None = None
    group_call_id: str | None = None
    server_call_id: str | None = None


class Play(Command, frozen=True, tag="play"):
    """Play a text or a file to everybody."""

    text: str | None = None
    file_url: str | None = None
    locale: str | None = None
    voice: str | None = None


class StartTranscription(Command, frozen=True, tag="start-transcription"):
    operation_id: str
    locale: str | None = None
    model: str | None = None
    operation_context: str | None = None


class UpdateTranscription(Command, frozen=True, tag="update-transcription"):
    operation_id: str
    locale: str
    model: str | None = None
    operation_context: str | None = None


class StopTranscription(Command, frozen=True, tag="stop-transcription"):
    operation_id: str
    operation_context: str | None = None


class AddParticipant(Command, frozen=True, tag="add-participant"):
    target: str
    source_caller_id: str | None = None
    operation_context: str | None = None


class RemoveParticipant(Command, frozen=True, tag="remove-participant"):
    target: str
    operation_context: str | None = None


class LookUp(Command, frozen=True, tag="look-up"):
    """Ask ACS how the call is: the event that would tell may have been lost."""


class HangUp(Command, frozen=True, tag="hang-up"):
    for_everyone: bool = True


AnyCommand = (
    Answer
    | Reject
    | Redirect
    | CreateCall
    | Connect
    | Play
    | StartTranscription
    | UpdateTranscription
    | StopTranscription
    | AddParticipant
    | RemoveParticipant
    | LookUp
    | HangUp
)
