"""What surrounds an event, whichever of Azure's schemas carried it."""

from typing import Any

import msgspec


class Envelope(msgspec.Struct, frozen=True):
    """An event as the edge hands it in, taken out of a CloudEvent or an Event Grid event."""

    id: str
    type: str
    source: str
    subject: str
    time: int
    """Unix ms."""
    data: Any
    """JSON as Python values; an object in every event that is known."""


class UnknownEvent(msgspec.Struct, frozen=True, tag=True, tag_field="event"):
    """An event of a type that this version does not know: kept, and nothing else."""

    id: str
    time: int
    type: str
