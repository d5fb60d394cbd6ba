"""Every setting: its name, its default, and what it is for; one class for each group of them.

The environment's name of a setting is its name here in capitals after `CALLSCRIBE_`. An empty text means that
nothing was given.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from callscribe.adapters.sql.sqlite import sqlite_path
from callscribe.domain.policy import Policy, parse_policy
from callscribe.runtime.settings import values
from callscribe.runtime.settings.values import LogFormat, LogLevel, SocketToken

PREFIX = "CALLSCRIBE_"
_ACS = "https://acscallautomation.communication.azure.com"


def _setting(default: Any, says: str) -> Any:
    return Field(default=default, description=says)


def _secret(says: str) -> Any:
    """A setting that is never printed: not by `repr`, not in a fault, not in an example."""
    return Field(default="", description=says, repr=False, json_schema_extra={"secret": True})


Url = Annotated[str, AfterValidator(values.http_url)]
Host = Annotated[str, AfterValidator(values.host)]
Guid = Annotated[str, AfterValidator(values.guid)]
Port = Annotated[int, Field(ge=1, le=65535)]
Amount = Annotated[int, Field(ge=1, le=100_000_000)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Mode(BaseModel):
    """Mode"""

    development: bool = _setting(
        False,
        "For your own machine only: every call is answered, plain http is taken, and callbacks and events are believed "
        "without a signature.",
    )


class Addresses(BaseModel):
    """Addresses"""

    public_url: Url = _setting(
        "",
        "Where ACS and Event Grid reach the service, as https://calls.example.com. In development its own port.",
    )
    public_ws_url: Annotated[str, AfterValidator(values.ws_url)] = _setting(
        "",
        "Where ACS reaches the transcript sockets, as wss://calls.example.com. In development its own port.",
    )
    host: Host = _setting("127.0.0.1", "Address on which the service listens; 0.0.0.0 in a container.")
    port: Port = _setting(8080, "Port of the service.")
    ws_host: Host = _setting(
        "127.0.0.1", "Address on which the transcript server listens; 0.0.0.0 in a container."
    )
    ws_port: Port = _setting(8081, "Port of the transcript server.")


class Storage(BaseModel):
    """Database and bus"""

    database_url: Annotated[str, AfterValidator(values.database_url)] = _setting(
        "sqlite:///callscribe.sqlite3",
        "The SQLite file, as sqlite:///relative/path or sqlite:////absolute/path; its folder must exist.",
    )
    redis_url: Annotated[str, AfterValidator(values.redis_url)] = _secret(
        "Redis or Valkey, as redis://127.0.0.1:6379/0. Needed where service and transcript_ws are two processes."
    )

    @property
    def database_path(self) -> Path:
        return sqlite_path(self.database_url) or Path()


@dataclass(frozen=True, slots=True)
class AcsResource:
    """The ACS resource that is called; without a key, `azure-identity` signs in."""

    endpoint: str
    access_key: str | None


class Acs(BaseModel):
    """Azure Communication Services"""

    acs_connection_string: Annotated[str, AfterValidator(values.connection_string)] = _secret(
        "The resource's connection string; or else its endpoint, with or without a key."
    )
    acs_endpoint: Url = _setting("", "The resource's endpoint, as https://name.communication.azure.com.")
    acs_access_key: Annotated[str, AfterValidator(values.access_key)] = _secret(
        "A key of that endpoint. Without one, azure-identity signs in."
    )
    acs_resource_id: Guid = _setting(
        "", "The resource's immutable id (a GUID): the audience of the tokens that ACS sends."
    )
    acs_issuer: str = _setting(_ACS, "Issuer of the tokens that ACS sends.")
    acs_keys_url: Url = _setting(
        f"{_ACS}/calling/keys", "Where the keys are that sign the tokens that ACS sends."
    )
    cognitive_services_endpoint: Annotated[str, AfterValidator(values.http_urls)] = _setting(
        "",
        "The Azure AI services resource that recognises speech, as https://name.cognitiveservices.azure.com; several "
        "between commas, of which a call takes the first that bears one more transcription.",
    )
    socket_token: SocketToken = _setting(
        SocketToken.IF_PRESENT,
        "Whether a transcript socket must bring ACS's token. A wrong token is refused either way; off, in development "
        "only, does not look.",
    )

    @property
    def ai_endpoints(self) -> tuple[str, ...]:
        return tuple(part for part in self.cognitive_services_endpoint.split(",") if part)

    @property
    def acs(self) -> AcsResource:
        if self.acs_connection_string:
            return AcsResource(*values.parts_of_connection_string(self.acs_connection_string))
        return AcsResource(self.acs_endpoint, self.acs_access_key or None)


class Calls(BaseModel):
    """Calls"""

    incoming_policy: Annotated[str, AfterValidator(values.policy)] = _setting(
        "",
        "What happens to incoming calls: a JSON array of rules, of which the first that concerns the called party "
        "decides. Unlisted parties are ignored; in development everybody is answered by default.",
    )
    our_numbers: Annotated[str, AfterValidator(values.raw_ids)] = _setting(
        "",
        "Numbers or raw ids that we call from, between commas: their legs are never taken for incoming calls.",
    )
    locale: Annotated[str, AfterValidator(values.locale)] = _setting(
        "en-US", "What is spoken where nobody says otherwise: BCP-47 with a region."
    )
    intermediate_results: bool = _setting(True, "Whether ACS sends lines while they are being spoken.")
    operation_timeout_seconds: Seconds = _setting(
        60.0, "How long ACS may take to report how a start, update-locale or stop ended."
    )
    look_up_seconds: Seconds = _setting(
        60.0,
        "After how long without an event, a word or a socket ACS is asked whether a call still goes on, and how often "
        "from then on.",
    )
    longest_call_seconds: Annotated[float, Field(ge=0, le=2_592_000)] = _setting(
        0.0, "After how long a call is hung up, whatever is said on it; 0 is never."
    )

    @property
    def policy(self) -> Policy:
        return parse_policy(self.incoming_policy) if self.incoming_policy else Policy()

    @property
    def our_raw_ids(self) -> frozenset[str]:
        return frozenset(self.our_numbers.split(",")) if self.our_numbers else frozenset()


class Recovering(BaseModel):
    """Transcription that comes back by itself"""

    retry_first_seconds: Seconds = _setting(
        1.0,
        "How long at most to wait before transcription that failed for a passing reason is started again; doubled each "
        "time, and half of it by chance.",
    )
    retry_longest_seconds: Seconds = _setting(
        30.0, "The longest such wait, unless ACS asks for a longer one."
    )
    retry_attempts: Annotated[int, Field(ge=0, le=1000)] = _setting(
        20, "Starts by itself in one trouble; 0 leaves all of them to people."
    )
    retry_within_seconds: Annotated[float, Field(gt=0, le=86_400)] = _setting(
        600.0, "How long after a trouble began transcription is still started by itself."
    )
    reconnect_seconds: Seconds = _setting(
        20.0, "How long ACS may take to restore an interrupted stream before transcription is started again."
    )
    restart_seconds: Seconds = _setting(
        60.0,
        "How long the transcript server may take to restart: for so long starts are repeated on a call whose socket ACS "
        "never could open (8581).",
    )


class EventGrid(BaseModel):
    """Event Grid, incoming"""

    event_grid_secret: str = _secret(
        "A secret that Event Grid sends with its events, in the header `x-callscribe-secret` or the query `secret`; "
        "at least 16 characters outside development."
    )
    event_grid_tenant_id: Guid = _setting(
        "", "The Entra tenant whose token Event Grid sends; instead of a secret."
    )
    event_grid_audience: str = _setting(
        "", "Audience of that token: the application id or URI of the subscription."
    )
    event_grid_app_id: Guid = _setting(
        "4962773b-9cdb-44cf-a8bf-237846a00ab7",
        "Who sends that token: Event Grid's application in the public cloud.",
    )


class Api(BaseModel):
    """The REST API"""

    api_tenant_id: Guid = _setting("", "An Entra tenant whose tokens open the API, beside API keys.")
    api_audience: str = _setting("", "Audience of those tokens: the API's application id or URI.")


class Push(BaseModel):
    """Pushing changes onwards"""

    webhook_url: Url = _setting("", "One HTTPS endpoint that gets every final segment and every call event.")
    webhook_secret: Annotated[str, AfterValidator(values.webhook_secret)] = _secret(
        "What signs those webhooks (Standard Webhooks): whsec_ and the base64 of 24 to 64 random bytes."
    )
    event_grid_topic_endpoint: Url = _setting("", "An Event Grid topic that gets the same as CloudEvents.")
    event_grid_topic_key: str = _secret("A key of that topic. Without one, azure-identity signs in.")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything; every field is the setting `limit_…` of the same name."""

    body_bytes: int
    message_bytes: int
    sockets: int
    sockets_per_call: int
    malformed_per_minute: int
    held_events: int
    queued_writes: int
    readers: int


class LimitSettings(BaseModel):
    """Limits"""

    limit_body_bytes: Amount = _setting(
        2_097_152, "Largest request body; Event Grid sends batches of up to 1 MB."
    )
    limit_message_bytes: Amount = _setting(
        262_144, "Largest message on a transcript socket; a larger one closes it."
    )
    limit_sockets: Amount = _setting(5_000, "Open transcript sockets of one process.")
    limit_sockets_per_call: Amount = _setting(16, "Open transcript sockets of one call.")
    limit_malformed_per_minute: Amount = _setting(
        6_000, "Messages of one socket that cannot be read, in a minute, before it is closed."
    )
    limit_held_events: Amount = _setting(1_000, "Events held in memory while the database cannot take them.")
    limit_queued_writes: Amount = _setting(
        2_000, "Segments waiting for their commit before sockets are read slower."
    )
    limit_readers: Amount = _setting(1_000, "Open live streams of one process.")

    @property
    def limits(self) -> Limits:
        return Limits(**{field.name: getattr(self, f"limit_{field.name}") for field in fields(Limits)})


class Running(BaseModel):
    """Running"""

    log_format: LogFormat = _setting(LogFormat.AUTO, "auto is console in a terminal and json elsewhere.")
    log_level: LogLevel = _setting(LogLevel.INFO, "The least level that is logged.")
    drain_seconds: Seconds = _setting(
        20.0, "How long open calls' sockets and requests may go on after SIGTERM."
    )


GROUPS: tuple[type[BaseModel], ...] = (
    Mode,
    Addresses,
    Storage,
    Acs,
    Calls,
    Recovering,
    EventGrid,
    Api,
    Push,
    LimitSettings,
    Running,
)


class Settings(
    BaseSettings,
    Running,
    LimitSettings,
    Push,
    Api,
    EventGrid,
    Recovering,
    Calls,
    Acs,
    Storage,
    Addresses,
    Mode,
):
    """All settings of one process, read once; made by `load`, which gives them only where they fit together."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given to the constructor and nothing else: `load` reads the environment that it is given."""
        return (init_settings,)
