"""What clients send, checked at the door: unknown fields, wrong types and values out of bounds are refused."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from callscribe.actions.calls import CallOrder
from callscribe.domain import participants
from callscribe.domain.call import Announce, AnnounceFailure, CallState, Direction, StartMode
from callscribe.domain.errors import LocaleError, ParticipantInvalid
from callscribe.domain.locale import checked_locale
from callscribe.domain.timeline import parse_rfc3339


def _locale(text: str) -> str:
    try:
        return checked_locale(text)
    except LocaleError as fault:
        raise PydanticCustomError(fault.code, fault.detail) from fault


def _party(text: str) -> str:
    try:
        return participants.raw_id(text)
    except participants.InvalidIdentifier as fault:
        raise PydanticCustomError(ParticipantInvalid.code, str(fault)) from fault


def _phone_number(text: str) -> str:
    raw_id = _party(text)
    if participants.phone_number(raw_id) is None:
        raise PydanticCustomError(ParticipantInvalid.code, "expected a phone number such as +4930123456")
    return raw_id


def _moment(text: str) -> str:
    try:
        parse_rfc3339(text)
    except ValueError as fault:
        raise PydanticCustomError(
            "time", "expected an RFC 3339 time such as 2026-01-31T09:00:00Z; in a query write + as %2B"
        ) from fault
    return text


_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_PROSE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Name = Annotated[str, Field(min_length=1, max_length=256, pattern=_PRINTABLE)]
Locale = Annotated[
    str,
    Field(max_length=100, description="BCP-47 with a region.", examples=["en-US"]),
    AfterValidator(_locale),
]
Party = Annotated[
    str,
    Field(
        max_length=600,
        description="A phone number in E.164 form, or the raw id of an ACS or Teams user.",
        examples=["+4930123456", "8:orgid:00000000-0000-0000-0000-000000000001"],
    ),
    AfterValidator(_party),
]
PhoneNumber = Annotated[
    str,
    Field(max_length=600, description="A phone number in E.164 form.", examples=["+4930123450"]),
    AfterValidator(_phone_number),
]
OperationContext = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        pattern=_PRINTABLE,
        description="Comes back with ACS's events.",
        examples=["transfer-3"],
    ),
]
Model = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=_PRINTABLE,
        description="The endpoint id of a custom speech model.",
    ),
]
Guid = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
        description="A GUID.",
        examples=["8d0e4a2c-7b1f-4f6e-9a3d-2c5b8e7f1a60"],
    ),
]
Moment = Annotated[str, Field(max_length=40, examples=["2026-01-31T09:00:00Z"]), AfterValidator(_moment)]


class Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )


class AnnounceBody(Body):
    """What is played before transcription starts; exactly one of `text` and `file`."""

    text: Annotated[str, Field(min_length=1, max_length=5000, pattern=_PROSE)] | None = None
    file: Annotated[str, Field(max_length=2048, pattern=r"^https?://[^\s\x00-\x1f]+$")] | None = None
    """The URL of a sound file that ACS can read."""
    voice: Annotated[str, Field(min_length=1, max_length=100, pattern=_PRINTABLE)] | None = Field(
        default=None, examples=["en-US-NancyNeural"]
    )
    on_announce_failed: AnnounceFailure = AnnounceFailure.START

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, ("text", "file"))
        return self

    def value(self) -> Announce:
        return Announce(
            text=self.text, file_url=self.file, voice=self.voice, on_failed=self.on_announce_failed
        )


class ConnectBody(Body):
    """The call to join; exactly one of the three."""

    room_id: Name | None = None
    group_call_id: Guid | None = None
    server_call_id: Annotated[str, Field(min_length=1, max_length=4096, pattern=_PRINTABLE)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, ("room_id", "group_call_id", "server_call_id"))
        return self


class ExpectBody(Body):
    """What is known of the call that another system will set up; may be empty."""

    call_connection_id: Name | None = None
    correlation_id: Name | None = None


class PlaceCall(Body):
    """A call to place (`targets`), to join (`connect`) or to expect (`expect`): exactly one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "targets": ["+4930123456"],
                    "sourceCallerId": "+4930123450",
                    "locale": "de-DE",
                    "announce": {"text": "Dieses Gespräch wird verschriftet.", "voice": "de-DE-KatjaNeural"},
                    "externalId": "ticket-4711",
                },
                {"connect": {"roomId": "99445276259151407"}, "transcription": "manual"},
                {"expect": {}, "locale": "en-GB"},
            ]
        }
    )

    targets: Annotated[list[Party], Field(min_length=1, max_length=50)] | None = None
    connect: ConnectBody | None = None
    expect: ExpectBody | None = None
    locale: Locale | None = None
    transcription: StartMode | None = None
    announce: AnnounceBody | None = None
    agents: Annotated[list[Party], Field(max_length=50)] = []
    """Added to the call as soon as it is connected."""
    source_caller_id: PhoneNumber | None = None
    source_display_name: Name | None = None
    external_id: Name | None = None
    metadata: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=64, pattern=_PRINTABLE)],
            Annotated[str, Field(max_length=1024, pattern=_PROSE)],
        ],
        Field(max_length=50),
    ] = {}
    speech_model_endpoint_id: Model | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, ("targets", "connect", "expect"))
        return self

    def order(self) -> CallOrder:
        """The same as the actions take it."""
        connect, expect = self.connect or _nothing, self.expect or ExpectBody()
        return CallOrder(
            targets=tuple(self.targets or ()),
            room_id=connect.room_id,
            group_call_id=connect.group_call_id,
            server_call_id=connect.server_call_id,
            expect=self.expect is not None,
            call_connection_id=expect.call_connection_id,
            correlation_id=expect.correlation_id,
            locale=self.locale,
            model=self.speech_model_endpoint_id,
            mode=self.transcription,
            announce=self.announce.value() if self.announce else None,
            agents=tuple(self.agents),
            source_caller_id=self.source_caller_id,
            source_display_name=self.source_display_name,
            external_id=self.external_id,
            metadata=self.metadata,
        )


class AddParticipantBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"target": "+4930123457"}]})

    target: Party
    source_caller_id: PhoneNumber | None = None
    operation_context: OperationContext | None = None


class HangUpBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"forEveryone": True}]})

    for_everyone: bool = True
    """False: only callscribe leaves the call, and with it the transcription."""


class StartTranscriptionBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"locale": "en-US"}, {}]})

    locale: Locale | None = None
    speech_model_endpoint_id: Model | None = None
    operation_context: OperationContext | None = None


class UpdateLocaleBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"locale": "fr-CA"}]})

    locale: Locale
    speech_model_endpoint_id: Model | None = None
    operation_context: OperationContext | None = None


class StopTranscriptionBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    operation_context: OperationContext | None = None


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        description="`nextCursor` of the page before.",
        examples=["MTc3MjQ0MjkwMDEyMA"],
    ),
]


class CallQuery(_Query):
    """Which calls to list; every parameter that is given narrows."""

    state: CallState | None = None
    direction: Direction | None = None
    participant: Annotated[Party | None, Field(description="Somebody who takes or took part.")] = None
    external_id: Annotated[Name | None, Field(examples=["ticket-4711"])] = None
    since: Annotated[
        Moment | None, Field(description="Calls that were created at or after this RFC 3339 time.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, examples=[50])] = 50
    cursor: Cursor | None = None


class EventQuery(_Query):
    limit: Annotated[int, Field(ge=1, le=500, examples=[100])] = 100
    cursor: Cursor | None = None


MODELS: tuple[type[Body], ...] = (
    PlaceCall,
    AddParticipantBody,
    HangUpBody,
    StartTranscriptionBody,
    UpdateLocaleBody,
    StopTranscriptionBody,
)
"""Every body that a route takes."""

_nothing = ConnectBody.model_construct()


def _exactly_one(body: Body, names: tuple[str, ...]) -> None:
    if sum(getattr(body, name) is not None for name in names) != 1:
        listed = ", ".join(to_camel(name) for name in names)
        raise PydanticCustomError("exactly_one", f"exactly one of {listed} is needed")
