from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.timeline import (
    LEGACY_FROM,
    clock_text,
    is_legacy,
    parse_rfc3339,
    position,
    rfc3339,
    ticks_to_ms,
)

LEGACY = 2_516_942_161_212_568_046


def test_two_generations_of_offsets() -> None:
    """Only offsets above 10^17 are legacy."""
    assert not is_legacy(212_483_227)
    assert not is_legacy(LEGACY_FROM)
    assert is_legacy(LEGACY_FROM + 1)


def test_position_of_a_current_offset() -> None:
    """Counts from the start of the stream, whatever legacy offsets the stream has."""
    assert position(212_483_227, None) == 21_248
    assert position(212_483_227, LEGACY) == 21_248


def test_position_of_a_legacy_offset() -> None:
    """Counts from the stream's least offset; where none is known yet, it is that one."""
    assert position(LEGACY + 4_400_000, LEGACY) == 440
    assert position(LEGACY, None) == 0


def test_ticks() -> None:
    """A millisecond has 10 000 ticks of 100 ns; finer parts are cut off."""
    assert ticks_to_ms(9_609_999) == 960


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01z", 1000),
        ("1970-01-01 00:00:00.5+00:00", 500),
        ("2025-08-12T18:09:53.6011782+00:00", 1_755_022_193_601),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T18:30:00-05:30", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
    ],
)
def test_time_as_written(text: str, ms: int) -> None:
    """Every form of RFC 3339 is read, with up to nine digits, offsets and leap seconds."""
    assert parse_rfc3339(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-08-12", "2025-08-12T18:09:53", "2025-13-12T18:09:53Z", "2025-02-30T00:00:00Z",
     "2025-08-12T25:00:00Z", "2025-08-12T18:09:53+24:00", "2025-08-12T18:09:53+00:60", "٢٠٢٥-08-12T18:09:53Z",
     "2025-08-12T18:09:53.1234567890Z"],
)  # fmt: skip
def test_text_that_is_no_time(text: str) -> None:
    """A ValueError."""
    with pytest.raises(ValueError, match=r"."):
        parse_rfc3339(text)


def test_time_as_we_write_it() -> None:
    """UTC, milliseconds, Z; four digits of year however early."""
    assert rfc3339(1_755_022_193_601) == "2025-08-12T18:09:53.601Z"
    assert rfc3339(-62_135_596_800_000) == "0001-01-01T00:00:00.000Z"


def test_time_that_cannot_be_written() -> None:
    """Beyond the years 1 to 9999 stands their first or last moment."""
    assert rfc3339(-(10**18)) == "0001-01-01T00:00:00.000Z"
    assert rfc3339(10**18) == "9999-12-31T23:59:59.999Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_written_and_read(moment: datetime) -> None:
    """What is written reads as the same millisecond."""
    ms = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert parse_rfc3339(rfc3339(ms)) == ms


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "00:00"),
        (7_999, "00:07"),
        (754_000, "12:34"),
        (3_723_000, "1:02:03"),
        (-1_500, "-00:01"),
        (-3_600_000, "-1:00:00"),
    ],
)
def test_position_for_people(ms: int, text: str) -> None:
    """Minutes and seconds, hours where there are any, a minus before the start."""
    assert clock_text(ms) == text
