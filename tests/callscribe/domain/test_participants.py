import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.participants import (
    InvalidIdentifier,
    ParticipantKind,
    classify,
    phone_number,
    raw_id,
)

GUID = "37691ec4-57fb-4c0f-ae31-32791610cb14"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4:+14255550123", ParticipantKind.PHONE_NUMBER),
        (f"8:acs:{GUID}_{GUID[:-1]}", ParticipantKind.COMMUNICATION_USER),
        (f"8:dod-acs:{GUID}_u", ParticipantKind.COMMUNICATION_USER),
        (f"8:gcch-acs:{GUID}_u", ParticipantKind.COMMUNICATION_USER),
        ("8:spool:user", ParticipantKind.COMMUNICATION_USER),
        (f"8:acs:{GUID}_{GUID}_{GUID}", ParticipantKind.TEAMS_EXTENSION_USER),
        (f"8:gcch-acs:{GUID}_{GUID}_{GUID}", ParticipantKind.TEAMS_EXTENSION_USER),
        (f"8:orgid:{GUID}", ParticipantKind.MICROSOFT_TEAMS_USER),
        (f"8:dod:{GUID}", ParticipantKind.MICROSOFT_TEAMS_USER),
        (f"8:gcch:{GUID}", ParticipantKind.MICROSOFT_TEAMS_USER),
        ("8:teamsvisitor:v", ParticipantKind.MICROSOFT_TEAMS_USER),
        (f"28:orgid:{GUID}", ParticipantKind.MICROSOFT_TEAMS_APP),
        (f"28:dod:{GUID}", ParticipantKind.MICROSOFT_TEAMS_APP),
        (f"28:gcch:{GUID}", ParticipantKind.MICROSOFT_TEAMS_APP),
        (f"28:{GUID}", ParticipantKind.UNKNOWN),
        ("48:meeting", ParticipantKind.UNKNOWN),
        ("", ParticipantKind.UNKNOWN),
    ],
)
def test_kinds(text: str, kind: ParticipantKind) -> None:
    """The prefix tells the kind, spelled as ACS spells it."""
    assert classify(text) is kind


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("+4930123456", "4:+4930123456"),
        ("  +49 (30) 123-456 ", "4:+4930123456"),
        ("+1 425.555.0123", "4:+14255550123"),
        ("4:+4930123456", "4:+4930123456"),
        ("4:+49-30-123456", "4:+4930123456"),
        (f"8:acs:{GUID}_u", f"8:acs:{GUID}_u"),
        (f" 8:orgid:{GUID}\n", f"8:orgid:{GUID}"),
    ],
)
def test_written_by_people(text: str, raw: str) -> None:
    """Phone numbers become E.164 whatever their punctuation; raw ids stay."""
    assert raw_id(text) == raw


@pytest.mark.parametrize(
    "text",
    [
        "",
        "030 123456",
        "+",
        "+4",
        "+49301234567890123",
        "+999123456789",
        "+49 30 CALLME",
        "+4930123456;ext=7",
        "4:",
        "4:4930123456",
        "4:anonymous",
        "8:acs: x",
        "8:acs:",
        "99:someone",
        "sip:agent@example.com",
        "8:acs:" + "x" * 600,
        "+٤٩٣٠١٢٣٤٥٦",
    ],
)
def test_nobody_whom_acs_could_reach(text: str) -> None:
    """Whatever is neither a possible phone number nor a raw id of a known kind is refused, with what was expected."""
    with pytest.raises(InvalidIdentifier, match=r"expected|country"):
        raw_id(text)


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """A text is refused or gives a raw id of a known kind that stays itself when read again."""
    try:
        raw = raw_id(text)
    except InvalidIdentifier:
        return
    assert raw_id(raw) == raw
    assert classify(raw) is not ParticipantKind.UNKNOWN


def test_phone_numbers() -> None:
    """Only a phone's raw id has a number behind it."""
    assert phone_number("4:+4930123456") == "+4930123456"
    assert phone_number(f"8:acs:{GUID}_u") is None
