"""Times: unix milliseconds inside, RFC 3339 outside, 100-nanosecond ticks on ACS's wire.

ACS speaks of the position of a word in ticks. Two generations exist: the current one counts from the start of
the recognition stream; the legacy one (previews before May 2024) is a huge number of which only differences
mean anything. The raw integer is kept exactly; here the one normalised time is derived from it.
"""

import re
from datetime import UTC, datetime, timedelta

TICKS_PER_MS = 10_000
LEGACY_FROM = 10**17
"""Offsets above this are the legacy encoding: as elapsed ticks it would be 317 years."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def is_legacy(offset: int) -> bool:
    """Whether an offset (ticks) is of the generation in which only differences mean anything."""
    return offset > LEGACY_FROM


def position(offset: int, origin: int | None) -> int:
    """Milliseconds from the start of the stream to an offset (ticks).

    A legacy offset counts from the origin, the stream's least one; where none is known it is the origin itself.
    """
    if offset <= LEGACY_FROM:
        return offset // TICKS_PER_MS
    return 0 if origin is None else (offset - origin) // TICKS_PER_MS


def ticks_to_ms(ticks: int) -> int:
    return ticks // TICKS_PER_MS


def parse_rfc3339(text: str) -> int:
    """Unix milliseconds of an RFC 3339 time with up to nine fractional digits; finer parts are cut off.

    Raises ValueError where the text is no such time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 time")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    seconds = (whole - _EPOCH) // timedelta(seconds=1) + (second - min(second, 59))
    return (seconds - _utc_offset(match[8])) * 1000 + int((match[7] or "0").ljust(3, "0")[:3])


def _utc_offset(zone: str) -> int:
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("not an RFC 3339 time")
    return (-1 if zone[0] == "-" else 1) * (hours * 3600 + minutes * 60)


def rfc3339(ms: int) -> str:
    """A time in UTC with milliseconds and `Z`, as RFC 3339 section 5.6 writes it.

    It can write the years 1 to 9999: earlier and later times are written as the first and the last moment of them.
    """
    ms = max(_FIRST_MS, min(ms, _LAST_MS))
    return (_EPOCH + timedelta(milliseconds=ms)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def clock_text(ms: int) -> str:
    """A position in a call for people: `00:07`, or `1:02:03` from an hour on; before the start `-00:01`."""
    sign, seconds = ("-", -ms // 1000) if ms < 0 else ("", ms // 1000)
    hours, rest = divmod(seconds, 3600)
    return (
        f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}"
        if hours
        else f"{sign}{rest // 60:02d}:{rest % 60:02d}"
    )
