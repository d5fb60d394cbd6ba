"""How calls begin: create, answer, reject, redirect, connect."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acs_emulator.calls.call import room_call_id
from acs_emulator.calls.establishing import Setup
from acs_emulator.rest.bodies.identifiers import (
    AnyCase,
    CallbackUri,
    Context,
    CustomCallingContext,
    Id,
    Identifier,
    PhoneNumber,
    TeamsApp,
    web_address,
)
from acs_emulator.rest.bodies.streaming import MediaStreamingOptions
from acs_emulator.rest.bodies.transcription import WithInsights
from acs_emulator.rest.versions import is_preview
from acs_emulator.transcription.insights import NOTHING
from acs_emulator.transcription.state import Transcription
from acs_emulator.wire import Body


class CallIntelligenceOptions(Body):
    cognitive_services_endpoint: str | None = None


class TranscriptionOptions(WithInsights):
    """`WebSocketTranscriptionOptions`, with the members of the preview, which releases ignore."""

    transport_type: Annotated[Literal["websocket"], AnyCase] = "websocket"
    transport_url: Annotated[str, web_address("wss", "ws")] | None = None
    locale: str | None = None
    locales: tuple[str, ...] | None = None
    speech_model_endpoint_id: str | None = None
    start_transcription: bool | None = None
    enable_intermediate_results: bool | None = None

    def to_transcription(self, api_version: str) -> Transcription:
        preview = is_preview(api_version)
        return Transcription(
            transport_url=self.transport_url,
            locale=self.locale,
            locales=(self.locales or ()) if preview else (),
            model_endpoint_id=self.speech_model_endpoint_id,
            start_at_setup=bool(self.start_transcription),
            intermediate=bool(self.enable_intermediate_results),
            insights=self.insights if preview else NOTHING,
        )


class _SetupBody(Body):
    callback_uri: CallbackUri
    operation_context: Context | None = None
    call_intelligence_options: CallIntelligenceOptions | None = None
    media_streaming_options: MediaStreamingOptions | None = None
    transcription_options: TranscriptionOptions | None = None
    enable_loopback_audio: bool | None = None
    """Of the preview."""

    def to_setup(self, api_version: str) -> Setup:
        intelligence, transcription = self.call_intelligence_options, self.transcription_options
        streaming = self.media_streaming_options
        loopback = bool(self.enable_loopback_audio) and is_preview(api_version)
        return Setup(
            api_version=api_version,
            callback_uri=self.callback_uri,
            operation_context=self.operation_context,
            cognitive_services_endpoint=intelligence.cognitive_services_endpoint if intelligence else None,
            transcription=transcription.to_transcription(api_version) if transcription else None,
            media_streaming=streaming.to_streaming(loopback=loopback) if streaming else None,
        )


class CreateCall(_SetupBody):
    targets: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=350)]
    source: Id | None = None
    source_caller_id_number: PhoneNumber | None = None
    source_display_name: str | None = None
    custom_calling_context: CustomCallingContext | None = None
    teams_app_source: TeamsApp | None = None

    @property
    def source_name(self) -> str | None:
        """The raw id that the application calls under: a user's, or a Teams app's."""
        if self.source:
            return self.source.id
        return self.teams_app_source.raw_id if self.teams_app_source else None


class AnswerCall(_SetupBody):
    incoming_call_context: str
    answered_by: Id | None = None


class CallLocator(Body):
    """One call, by one of its ids. That a `kind` which names another member is refused is a guess."""

    kind: Annotated[Literal["groupcalllocator", "servercalllocator", "roomcalllocator"] | None, AnyCase] = (
        None
    )
    group_call_id: str | None = None
    server_call_id: str | None = None
    room_id: str | None = None

    @model_validator(mode="after")
    def _names_one_call(self) -> Self:
        named = {
            kind
            for kind, one in (
                ("groupcalllocator", self.group_call_id),
                ("servercalllocator", self.server_call_id),
                ("roomcalllocator", self.room_id),
            )
            if one
        }
        if len(named) != 1:
            raise ValueError("needs exactly one of groupCallId, serverCallId and roomId")
        if self.kind is not None and self.kind not in named:
            raise ValueError("kind names another member than the one that is given")
        return self

    @property
    def call(self) -> str:
        """One of the ids by which the emulator finds the call."""
        if self.room_id:
            return room_call_id("room", self.room_id)
        return room_call_id("group", self.group_call_id) if self.group_call_id else self.server_call_id or ""


class Connect(_SetupBody):
    call_locator: CallLocator


class RejectCall(Body):
    incoming_call_context: str
    call_reject_reason: Annotated[Literal["none", "busy", "forbidden"] | None, AnyCase] = None


class RedirectCall(Body):
    incoming_call_context: str
    target: Identifier
