import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.sql.cursor import read_cursor, write_cursor
from callscribe.domain.errors import InvalidRequest


@given(at=st.integers(0, 2**63 - 1), row_id=st.from_regex(r"[a-z0-9_]{1,64}", fullmatch=True))
def test_a_cursor_leads_back_to_its_row(at: int, row_id: str) -> None:
    """And needs no quoting in a URL."""
    cursor = write_cursor("calls", at, row_id)
    assert read_cursor("calls", cursor) == (at, row_id)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?#%")


@given(st.text())
def test_any_other_text_is_an_invalid_request(text: str) -> None:
    """Never an error of ours."""
    with pytest.raises(InvalidRequest):
        read_cursor("calls", text)


@pytest.mark.parametrize(
    "place",
    [
        ("events", 1, "event_1"),
        ("calls", 2**63, "call_1"),
        ("calls", -1, "call_1"),
        ("calls", "1", "call_1"),
        ("calls", 1, "c" * 65),
        ("calls", 1),
        {"calls": 1},
    ],
    ids=["of another list", "too late", "too early", "no time", "id too long", "no id", "no array"],
)
def test_a_well_written_cursor_with_other_content_is_an_invalid_request(place: object) -> None:
    """Nothing that a database could stumble over gets through."""
    with pytest.raises(InvalidRequest):
        read_cursor("calls", base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("="))
