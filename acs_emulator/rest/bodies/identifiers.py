"""Communication identifiers, and what every body has in common."""

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from acs_emulator.identifiers import is_phone_number
from acs_emulator.outgoing.events import Told
from acs_emulator.wire import Body

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SPACE = re.compile(r"\s")


def web_address(*schemes: str) -> AfterValidator:
    """An absolute URL with one of these schemes and a host that can be asked for."""

    def check(url: str) -> str:
        parts = urlsplit(url)
        known = parts.scheme.lower() in schemes and parts.hostname and parts.port != 0
        if not known or _CONTROL.search(url) or _SPACE.search(parts.netloc) or not _has_host(url):
            raise ValueError(f"must be an absolute URL with {' or '.join(schemes)}")
        return url

    return AfterValidator(check)


def _has_host(url: str) -> bool:
    """Whether the host is a name that DNS could know."""
    try:
        labels = httpx.URL(url).raw_host.split(b".")
    except (httpx.InvalidURL, UnicodeError):
        return False
    return all(len(label) < 64 for label in labels)


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(lower)
CallbackUri = Annotated[str, web_address("https", "http")]
Context = Annotated[str, Field(max_length=5000)]


_CLOUDS = {"dod": "dod", "gcch": "gcch"}


class Id(Body):
    id: str


class PhoneNumber(Body):
    value: Annotated[str, Field(min_length=1)]

    @property
    def raw_id(self) -> str:
        return self.value if is_phone_number(self.value) else f"4:{self.value}"


class _TeamsUser(Body):
    user_id: str
    is_anonymous: bool | None = None
    cloud: Annotated[str, AnyCase] | None = None


class TeamsApp(Body):
    app_id: str
    cloud: Annotated[str, AnyCase] | None = None

    @property
    def raw_id(self) -> str:
        return f"28:{_CLOUDS.get(self.cloud or '', 'orgid')}:{self.app_id}"


class _TeamsExtensionUser(Body):
    user_id: str
    tenant_id: str
    resource_id: str


class Identifier(Body):
    """A communication identifier; its raw id is inferred from the member that is present where it is missing."""

    raw_id: str | None = None
    communication_user: Id | None = None
    phone_number: PhoneNumber | None = None
    microsoft_teams_user: _TeamsUser | None = None
    microsoft_teams_app: TeamsApp | None = None
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
            return self.phone_number.raw_id
        if self.communication_user:
            return self.communication_user.id
        if user := self.microsoft_teams_user:
            scope = "teamsvisitor" if user.is_anonymous else _CLOUDS.get(user.cloud or "", "orgid")
            return f"8:{scope}:{user.user_id}"
        if app := self.microsoft_teams_app:
            return app.raw_id
        if extension := self.teams_extension_user:
            return f"8:acs:{extension.resource_id}_{extension.tenant_id}_{extension.user_id}"
        return ""


class _CustomCallingContext(Body):
    voip_headers: dict[str, str | None] | None = None
    sip_headers: dict[str, str | None] | None = None
    teams_phone_call_details: dict[str, object] | None = None


def _custom_calling_context(given: dict[str, object]) -> dict[str, object]:
    _CustomCallingContext.model_validate(given)
    return given


CustomCallingContext = Annotated[dict[str, object], AfterValidator(_custom_calling_context)]
"""As it was given: whoever is called is told all of it."""


class Operation(Body):
    operation_context: Context | None = None
    operation_callback_uri: CallbackUri | None = None

    @property
    def told(self) -> Told:
        return Told(self.operation_context, self.operation_callback_uri)
