"""Cursors: where the next page of a list begins, written so that nobody is tempted to build one."""

import base64
import binascii
from typing import Annotated

import msgspec

from callscribe.domain.errors import InvalidRequest

_Place = tuple[
    str, Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)], Annotated[str, msgspec.Meta(max_length=64)]
]
_decode = msgspec.msgpack.Decoder(_Place).decode
_LONGEST = 200


def write_cursor(kind: str, at: int, row_id: str) -> str:
    """The cursor behind a row of the list `kind`, which is ordered by a time (unix ms) and id."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode((kind, at, row_id))).decode().rstrip("=")


def read_cursor(kind: str, cursor: str) -> tuple[int, str]:
    """Time and id of the last row before. Raises InvalidRequest for a text that is no cursor of that list."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        of, at, row_id = _decode(base64.b64decode(padded, altchars=b"-_", validate=True))
        if of != kind:
            raise ValueError
    except (ValueError, binascii.Error) as fault:
        raise InvalidRequest(
            "the cursor is none that this list gave: take `nextCursor` of a page as it is"
        ) from fault
    return at, row_id
