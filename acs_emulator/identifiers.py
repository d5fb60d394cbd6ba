"""Communication identifiers: a raw id names somebody, the wire shows it with its kind."""

from __future__ import annotations

_TEAMS_CLOUDS = {"orgid": "public", "dod": "dod", "gcch": "gcch"}


def wire(raw_id: str) -> dict[str, object]:
    """The identifier as callbacks and REST responses show it, its kind read from the raw id."""
    kind, details = _kind_and_details(raw_id)
    shown: dict[str, object] = {"rawId": raw_id, "kind": kind}
    if details:
        shown[kind] = details
    return shown


def wire_in_event_grid(raw_id: str) -> dict[str, object]:
    """As `wire`, in Event Grid's order: the kind first."""
    shown = wire(raw_id)
    return {"kind": shown.pop("kind"), **shown}


def raw_id_of(name: str) -> str:
    """The raw id of a phone number (`+15551230000`) or of a raw id."""
    return f"4:{name}" if name.startswith("+") else name


def is_phone_number(raw_id: str) -> bool:
    return raw_id.startswith("4:")


def is_communication_user(raw_id: str) -> bool:
    return _kind_and_details(raw_id)[0] == "communicationUser"


def _kind_and_details(raw_id: str) -> tuple[str, dict[str, object]]:
    prefix, _, rest = raw_id.partition(":")
    scope, _, name = rest.partition(":")
    if prefix == "4":
        return "phoneNumber", _phone_number(rest)
    if prefix == "28" and scope in _TEAMS_CLOUDS:
        return "microsoftTeamsApp", {"appId": name, "cloud": _TEAMS_CLOUDS[scope]}
    if prefix != "8":
        return "unknown", {}
    if scope in _TEAMS_CLOUDS:
        return "microsoftTeamsUser", {"userId": name, "isAnonymous": False, "cloud": _TEAMS_CLOUDS[scope]}
    if scope == "teamsvisitor":
        return "microsoftTeamsUser", {"userId": name, "isAnonymous": True, "cloud": "public"}
    parts = name.split("_")
    if scope == "acs" and len(parts) == 3:
        resource, tenant, user = parts
        return "teamsExtensionUser", {
            "userId": user,
            "tenantId": tenant,
            "resourceId": resource,
            "cloud": "public",
        }
    return "communicationUser", {"id": raw_id}


def _phone_number(value: str) -> dict[str, object]:
    """A caller who withholds the number is `anonymous`; a number that several hold is asserted by an id behind `_`."""
    details: dict[str, object] = {"value": value}
    if value == "anonymous":
        details["isAnonymous"] = True
    _, separator, asserted = value.rpartition("_")
    if separator:
        details["assertedId"] = asserted
    return details
