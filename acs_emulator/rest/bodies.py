"""Request bodies of the data plane, as wide as ACS takes them: no `kind` needed, enumerations in any case, nulls."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from acs_emulator.establishing import Setup
from acs_emulator.identifiers import raw_id_of
from acs_emulator.transcription.state import Transcription
from acs_emulator.wire import Body


def _web_address(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme.lower() not in schemes or not parts.hostname or parts.port == 0:
            raise ValueError(f"must be an absolute URL with {' or '.join(schemes)}")
        return url

    return AfterValidator(check)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(_lower)
CallbackUri = Annotated[str, _web_address("https", "http")]
Context = Annotated[str, Field(max_length=5000)]


class _Id(Body):
    id: str


class _PhoneNumber(Body):
    value: Annotated[str, Field(min_length=1)]


class _TeamsUser(Body):
    user_id: str
    is_anonymous: bool | None = None
    cloud: Annotated[str, AnyCase] | None = None


class _TeamsApp(Body):
    app_id: str
    cloud: Annotated[str, AnyCase] | None = None


class _TeamsExtensionUser(Body):
    user_id: str
    tenant_id: str
    resource_id: str


_CLOUDS = {"dod": "dod", "gcch": "gcch"}


class Identifier(Body):
    """A communication identifier; its raw id is inferred from the member that is present where it is missing."""

    raw_id: str | None = None
    communication_user: _Id | None = None
    phone_number: _PhoneNumber | None = None
    microsoft_teams_user: _TeamsUser | None = None
    microsoft_teams_app: _TeamsApp | None = None
    teams_extension_user: _TeamsExtensionUser | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.name:
            raise ValueError("needs a rawId, or one of communicationUser, phoneNumber, microsoftTeamsUser, …")
        return self

    @property
    def name(self) -> str:
        """The raw id."""
        if self.raw_id:
            return self.raw_id
        if self.phone_number:
            return raw_id_of(self.phone_number.value)
        if self.communication_user:
            return self.communication_user.id
        if user := self.microsoft_teams_user:
            scope = "teamsvisitor" if user.is_anonymous else _CLOUDS.get(user.cloud or "", "orgid")
            return f"8:{scope}:{user.user_id}"
        if app := self.microsoft_teams_app:
            return f"28:{_CLOUDS.get(app.cloud or '', 'orgid')}:{app.app_id}"
        if extension := self.teams_extension_user:
            return f"8:acs:{extension.resource_id}_{extension.tenant_id}_{extension.user_id}"
        return ""


class CallIntelligenceOptions(Body):
    cognitive_services_endpoint: str | None = None


class TranscriptionOptions(Body):
    """`WebSocketTranscriptionOptions`, with the preview's `locales`."""

    transport_type: Annotated[Literal["websocket"], AnyCase] = "websocket"
    transport_url: Annotated[str, _web_address("wss", "ws")] | None = None
    locale: str | None = None
    locales: tuple[str, ...] | None = None
    speech_model_endpoint_id: str | None = None
    start_transcription: bool | None = None
    enable_intermediate_results: bool | None = None

    def to_transcription(self) -> Transcription:
        return Transcription(
            transport_url=self.transport_url,
            locale=self.locale,
            locales=self.locales or (),
            model_endpoint_id=self.speech_model_endpoint_id,
            start_at_setup=bool(self.start_transcription),
            intermediate=bool(self.enable_intermediate_results),
        )


class _SetupBody(Body):
    callback_uri: CallbackUri
    operation_context: Context | None = None
    call_intelligence_options: CallIntelligenceOptions | None = None
    transcription_options: TranscriptionOptions | None = None

    def to_setup(self, api_version: str) -> Setup:
        intelligence, transcription = self.call_intelligence_options, self.transcription_options
        return Setup(
            api_version=api_version,
            callback_uri=self.callback_uri,
            operation_context=self.operation_context,
            cognitive_services_endpoint=intelligence.cognitive_services_endpoint if intelligence else None,
            transcription=transcription.to_transcription() if transcription else None,
        )


class CreateCall(_SetupBody):
    targets: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=350)]
    source: _Id | None = None
    source_caller_id_number: _PhoneNumber | None = None
    source_display_name: str | None = None
    custom_calling_context: dict[str, object] | None = None


class AnswerCall(_SetupBody):
    incoming_call_context: str
    answered_by: _Id | None = None


class CallLocator(Body):
    kind: Annotated[Literal["groupcalllocator", "servercalllocator", "roomcalllocator"] | None, AnyCase] = (
        None
    )
    group_call_id: str | None = None
    server_call_id: str | None = None
    room_id: str | None = None

    @model_validator(mode="after")
    def _names_one_call(self) -> Self:
        if sum(bool(one) for one in (self.group_call_id, self.server_call_id, self.room_id)) != 1:
            raise ValueError("needs exactly one of groupCallId, serverCallId and roomId")
        return self


class Connect(_SetupBody):
    call_locator: CallLocator


class RejectCall(Body):
    incoming_call_context: str
    call_reject_reason: Annotated[Literal["none", "busy", "forbidden"] | None, AnyCase] = None


class RedirectCall(Body):
    incoming_call_context: str
    target: Identifier


class _Operation(Body):
    operation_context: Context | None = None
    operation_callback_uri: CallbackUri | None = None


class AddParticipant(_Operation):
    participant_to_add: Identifier
    source_caller_id_number: _PhoneNumber | None = None
    source_display_name: str | None = None
    invitation_timeout_in_seconds: Annotated[int, Field(ge=0, le=180)] | None = None
    custom_calling_context: dict[str, object] | None = None


class RemoveParticipant(_Operation):
    participant_to_remove: Identifier


class CancelAddParticipant(_Operation):
    invitation_id: str


class _Text(Body):
    text: str


class _Ssml(Body):
    ssml_text: str


class _File(Body):
    uri: Annotated[str, _web_address("https", "http")]


class PlaySource(Body):
    """Exactly the member that `kind` names."""

    kind: Annotated[Literal["text", "file", "ssml"], AnyCase]
    text: _Text | None = None
    ssml: _Ssml | None = None
    file: _File | None = None

    @model_validator(mode="after")
    def _has_what_it_names(self) -> Self:
        if getattr(self, self.kind) is None:
            raise ValueError(f"a {self.kind} source needs the member {self.kind}")
        return self

    @property
    def value(self) -> str:
        if self.text:
            return self.text.text
        if self.ssml:
            return self.ssml.ssml_text
        return self.file.uri if self.file else ""


class PlayOptions(Body):
    loop: bool = False


class Play(_Operation):
    play_sources: Annotated[tuple[PlaySource, ...], Field(min_length=1, max_length=100)]
    play_to: tuple[Identifier, ...] | None = None
    interrupt_call_media_operation: bool | None = None
    play_options: PlayOptions | None = None


class StartTranscription(_Operation):
    locale: str | None = None
    locales: tuple[str, ...] | None = None
    speech_model_endpoint_id: str | None = None


class UpdateTranscription(_Operation):
    locale: str | None = None
    speech_model_endpoint_id: str | None = None


class StopTranscription(_Operation):
    pass
