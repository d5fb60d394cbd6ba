import pytest
from azure.communication.callautomation._shared.models import identifier_from_raw_id

from acs_emulator.identifiers import is_communication_user, raw_id_of, wire, wire_in_event_grid

RAW_IDS = {
    "4:+15551230001": "phoneNumber",
    "8:acs:resource_user": "communicationUser",
    "8:spool:resource_user": "communicationUser",
    "8:orgid:45ab2481-1c1c-4005-be24-0ffb879b1130": "microsoftTeamsUser",
    "8:gcch:45ab2481-1c1c-4005-be24-0ffb879b1130": "microsoftTeamsUser",
    "8:teamsvisitor:45ab2481": "microsoftTeamsUser",
    "8:acs:resource_tenant_user": "teamsExtensionUser",
    "28:orgid:01234567-89ab-cdef-0123-456789abcdef": "microsoftTeamsApp",
    "28:6b45c5b6": "unknown",
    "48:call": "unknown",
}


@pytest.mark.parametrize(("raw_id", "kind"), RAW_IDS.items())
def test_a_raw_id_tells_its_kind(raw_id: str, kind: str) -> None:
    """The same kind that the official SDK reads from it, with the member that goes with it."""
    shown = wire(raw_id)
    assert shown["kind"] == kind
    assert (kind in shown) == (kind != "unknown")
    theirs = identifier_from_raw_id(raw_id).kind
    assert str(theirs.value).replace("_", "") == kind.lower()
    assert next(iter(wire_in_event_grid(raw_id))) == "kind"


def test_names() -> None:
    """A number becomes a raw id; a raw id stays one."""
    assert raw_id_of("+15551230001") == "4:+15551230001"
    assert raw_id_of("8:acs:a_b") == "8:acs:a_b"


def test_phone_numbers_that_say_less_or_more() -> None:
    """A withheld number is anonymous; a number that several hold has an asserted id. The SDK reads the same."""
    assert wire("4:anonymous")["phoneNumber"] == {"value": "anonymous", "isAnonymous": True}
    assert wire("4:+15551230001_2")["phoneNumber"] == {"value": "+15551230001_2", "assertedId": "2"}
    theirs = identifier_from_raw_id("4:+15551230001_2").properties
    assert theirs["asserted_id"] == "2"


def test_who_is_a_user() -> None:
    """Of Azure Communication Services, not of a phone or of Teams."""
    assert is_communication_user("8:acs:resource_user")
    assert not is_communication_user("4:+15551230001")
    assert not is_communication_user("8:orgid:45ab2481")
