"""Who takes part in a call: raw ids as ACS writes them, and their kinds."""

import re
from enum import StrEnum

import msgspec
import phonenumbers


class ParticipantKind(StrEnum):
    """Kinds of identifier, spelled as ACS spells them (CommunicationIdentifierModelKind)."""

    PHONE_NUMBER = "phoneNumber"
    COMMUNICATION_USER = "communicationUser"
    MICROSOFT_TEAMS_USER = "microsoftTeamsUser"
    MICROSOFT_TEAMS_APP = "microsoftTeamsApp"
    TEAMS_EXTENSION_USER = "teamsExtensionUser"
    UNKNOWN = "unknown"


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """One party of a call; `raw_id` is ACS's id of it and identifies it within the call."""

    raw_id: str
    kind: ParticipantKind = ParticipantKind.UNKNOWN
    display_name: str | None = None
    is_muted: bool = False
    is_on_hold: bool = False


class InvalidIdentifier(ValueError):
    """A text that names no party which ACS could reach; the message says what was expected."""


# The longest matching prefix wins; `8:` ids of the sovereign clouds carry the cloud in the prefix.
_PREFIXES = {
    "4:": ParticipantKind.PHONE_NUMBER,
    "8:acs:": ParticipantKind.COMMUNICATION_USER,
    "8:spool:": ParticipantKind.COMMUNICATION_USER,
    "8:dod-acs:": ParticipantKind.COMMUNICATION_USER,
    "8:gcch-acs:": ParticipantKind.COMMUNICATION_USER,
    "8:orgid:": ParticipantKind.MICROSOFT_TEAMS_USER,
    "8:teamsvisitor:": ParticipantKind.MICROSOFT_TEAMS_USER,
    "8:dod:": ParticipantKind.MICROSOFT_TEAMS_USER,
    "8:gcch:": ParticipantKind.MICROSOFT_TEAMS_USER,
    "28:orgid:": ParticipantKind.MICROSOFT_TEAMS_APP,
    "28:dod:": ParticipantKind.MICROSOFT_TEAMS_APP,
    "28:gcch:": ParticipantKind.MICROSOFT_TEAMS_APP,
}
# `8:acs:{resource}_{tenant}_{user}`: an ACS id of three GUIDs is a Teams user on a Teams Phone extension.
_TEAMS_EXTENSION = re.compile(
    r"8:(?:acs|dod-acs|gcch-acs):[0-9a-fA-F-]{36}_[0-9a-fA-F-]{36}_[0-9a-fA-F-]{36}"
)
_RAW_ID = re.compile(r"\d{1,2}:[\x21-\x7e]{1,512}", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{1,14}", re.ASCII)
_SEPARATORS = re.compile(r"[\s().-]")


def classify(raw_id: str) -> ParticipantKind:
    """The kind that a raw id's prefix tells; UNKNOWN for every other text."""
    if _TEAMS_EXTENSION.fullmatch(raw_id):
        return ParticipantKind.TEAMS_EXTENSION_USER
    matches = [prefix for prefix in _PREFIXES if raw_id.startswith(prefix)]
    return _PREFIXES[max(matches, key=len)] if matches else ParticipantKind.UNKNOWN


def raw_id(text: str) -> str:
    """The raw id that a person's writing names: a phone number (`+49 30 1234567`) or a raw id itself.

    Raises InvalidIdentifier for anything else, numbers that cannot exist included (E.164).
    """
    text = text.strip()
    if text.startswith("+"):
        return "4:" + _e164(text)
    if not _RAW_ID.fullmatch(text) or text in _PREFIXES or classify(text) is ParticipantKind.UNKNOWN:
        raise InvalidIdentifier("expected a phone number such as +4930123456 or a raw id such as 8:acs:…")
    return "4:" + _e164(text[2:]) if text.startswith("4:") else text


def phone_number(raw: str) -> str | None:
    """The E.164 number behind a raw id, or None where it is no phone number."""
    return raw[2:] if raw.startswith("4:") else None


def _e164(text: str) -> str:
    number = _SEPARATORS.sub("", text)
    try:
        if _E164.fullmatch(number) and phonenumbers.is_possible_number(phonenumbers.parse(number, None)):
            return number
    except phonenumbers.NumberParseException as fault:
        raise InvalidIdentifier("no country has this calling code") from fault
    raise InvalidIdentifier("expected a phone number in international form, such as +4930123456")
