"""What a client prefers: the `Accept` header (RFC 9110 section 12.5.1) and `Prefer: wait` (RFC 7240)."""

import re
from collections.abc import Iterator, Sequence

from callscribe.domain.errors import FieldError, InvalidRequest

LONGEST_WAIT = 60
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The media type among those offered that `Accept` likes best, or None where it likes none.

    The first offered wins a tie, and without a header. A more specific range overrules a wider one.
    """
    ranges = list(_ranges(accept)) if accept and accept.strip() else [("*/*", 1.0)]
    rated = [(_rating(media_type, ranges), -place) for place, media_type in enumerate(offered)]
    quality, place = max(rated)
    return offered[-place] if quality > 0 else None


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in item.split(";"))
        given = [value for name, _, value in (part.partition("=") for part in parameters) if name == "q"]
        quality = given[0] if given else "1"
        if media_range:
            yield media_range, float(quality) if _QUALITY.fullmatch(quality) else 0.0


def _rating(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    plain = media_type.partition(";")[0]
    for wanted in (plain, plain.partition("/")[0] + "/*", "*/*"):
        matching = [quality for media_range, quality in ranges if media_range == wanted]
        if matching:
            return max(matching)
    return 0.0


def wait_of(prefer: Sequence[str]) -> int | None:
    """The seconds of `wait` in the `Prefer` header lines, or None; other preferences are not ours to honour.

    Where `wait` is given more than once, the first counts. Raises InvalidRequest for anything but 0 to 60.
    """
    for preference in ",".join(prefer).split(","):
        name, separator, rest = preference.partition(";")[0].partition("=")
        if name.strip().lower() != "wait":
            continue
        value = rest.strip().strip('"')
        if not separator or not re.fullmatch(r"\d{1,4}", value, re.ASCII) or int(value) > LONGEST_WAIT:
            what = f"wait takes whole seconds from 0 to {LONGEST_WAIT}"
            raise InvalidRequest(what, errors=(FieldError("header.Prefer", what),))
        return int(value)
    return None
