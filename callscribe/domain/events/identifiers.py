"""CommunicationIdentifierModel on the wire, and the Participant that it means.

Captures always hold `kind` and `rawId`; SDKs leave `kind` out, and documented samples too.
"""

from typing import ClassVar

import msgspec
from msgspec.structs import replace

from callscribe.domain.errors import MalformedEvent
from callscribe.domain.events.bounds import Text
from callscribe.domain.participants import Participant, ParticipantKind, classify


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Parent of shapes as ACS sends them; fields that are not named are ignored."""


class CommunicationUser(Wire, frozen=True):
    kind: ClassVar = ParticipantKind.COMMUNICATION_USER
    id: Text | None = None

    def made_raw_id(self) -> str | None:
        return self.id


class PhoneNumber(Wire, frozen=True):
    kind: ClassVar = ParticipantKind.PHONE_NUMBER
    value: Text | None = None

    def made_raw_id(self) -> str | None:
        return f"4:{self.value}" if self.value else None


class MicrosoftTeamsUser(Wire, frozen=True):
    kind: ClassVar = ParticipantKind.MICROSOFT_TEAMS_USER
    user_id: Text | None = None
    is_anonymous: bool | None = None
    cloud: Text | None = None

    def made_raw_id(self) -> str | None:
        cloud = "teamsvisitor" if self.is_anonymous else _TEAMS_CLOUDS.get(self.cloud or "", "orgid")
        return f"8:{cloud}:{self.user_id}" if self.user_id else None


class MicrosoftTeamsApp(Wire, frozen=True):
    kind: ClassVar = ParticipantKind.MICROSOFT_TEAMS_APP
    app_id: Text | None = None
    cloud: Text | None = None

    def made_raw_id(self) -> str | None:
        return f"28:{_TEAMS_CLOUDS.get(self.cloud or '', 'orgid')}:{self.app_id}" if self.app_id else None


class TeamsExtensionUser(Wire, frozen=True):
    kind: ClassVar = ParticipantKind.TEAMS_EXTENSION_USER
    user_id: Text | None = None
    tenant_id: Text | None = None
    resource_id: Text | None = None
    cloud: Text | None = None

    def made_raw_id(self) -> str | None:
        cloud = _ACS_CLOUDS.get(self.cloud or "", "acs")
        complete = self.resource_id and self.tenant_id and self.user_id
        return f"8:{cloud}:{self.resource_id}_{self.tenant_id}_{self.user_id}" if complete else None


_TEAMS_CLOUDS = {"dod": "dod", "gcch": "gcch"}
_ACS_CLOUDS = {"dod": "dod-acs", "gcch": "gcch-acs"}
_KINDS = {str(kind): kind for kind in ParticipantKind if kind is not ParticipantKind.UNKNOWN}


class Identifier(Wire, frozen=True):
    """Who somebody is: `kind` wins over which part is present, and that over the prefix of `rawId`."""

    kind: Text | None = None
    raw_id: Text | None = None
    communication_user: CommunicationUser | None = None
    phone_number: PhoneNumber | None = None
    microsoft_teams_user: MicrosoftTeamsUser | None = None
    microsoft_teams_app: MicrosoftTeamsApp | None = None
    teams_extension_user: TeamsExtensionUser | None = None

    def participant(self) -> Participant:
        """Raises MalformedEvent where nothing names anybody."""
        part = (
            self.phone_number
            or self.communication_user
            or self.microsoft_teams_user
            or self.microsoft_teams_app
            or self.teams_extension_user
        )
        raw_id = self.raw_id or (part and part.made_raw_id())
        if not raw_id:
            raise MalformedEvent("an identifier names nobody: it has no rawId and no id to make one of")
        return Participant(raw_id, _KINDS.get(self.kind or "") or (part.kind if part else classify(raw_id)))


class CallParticipant(Identifier, frozen=True):
    """One of a list: an identifier with its state or, in the shape of 2022, the bare identifier."""

    identifier: Identifier | None = None
    is_muted: bool | None = None
    is_on_hold: bool | None = None

    def participant(self) -> Participant:
        who = self.identifier.participant() if self.identifier else super().participant()
        return replace(who, is_muted=bool(self.is_muted), is_on_hold=bool(self.is_on_hold))


class CallingUser(Identifier, frozen=True):
    """Somebody in an Event Grid event: an identifier, bare or within a wrapper that also tells a role."""

    communication_identifier: Identifier | None = None

    def participant(self) -> Participant:
        inner = self.communication_identifier
        return inner.participant() if inner else super().participant()
