"""How long and how large the values of an event may be; beyond these it is malformed."""

from typing import Annotated

from msgspec import Meta

# Neither NUL nor half a surrogate pair: no database and no UTF-8 text can hold them.
_STORABLE = r"^[^\x00\ud800-\udfff]*\Z"

Text = Annotated[str, Meta(max_length=8192, pattern=_STORABLE)]
Id = Annotated[str, Meta(min_length=1, max_length=8192, pattern=_STORABLE)]
LongText = Annotated[str, Meta(max_length=65_536, pattern=_STORABLE)]
CallContext = Annotated[str, Meta(min_length=1, max_length=262_144, pattern=_STORABLE)]

Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Confidence = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
UnixMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""From 1970 to the end of the year 9999, the last that RFC 3339 can write."""

Many = Meta(max_length=1024)
"""On an array or object: more members than any call, recording or header set has."""
