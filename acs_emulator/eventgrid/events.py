"""Events before and after they take the shape of a schema."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from acs_emulator.clock import timestamp

Schema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]
TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/emulator"
    "/providers/microsoft.communication/communicationservices/{resource_id}"
)


def utc_now() -> str:
    """Now as Event Grid writes it."""
    return timestamp(time.time_ns()).replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    event_type: str
    subject: str
    data: Mapping[str, object]
    topic: str
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    time: str = field(default_factory=utc_now)

    @property
    def name(self) -> str:
        """The type without `Microsoft.Communication.`."""
        return self.event_type.removeprefix("Microsoft.Communication.")

    def members(self, schema: Schema) -> dict[str, object]:
        """The event's members in a schema."""
        if schema == "CloudEventSchemaV1_0":
            return {
                "id": self.event_id,
                "source": self.topic,
                "subject": self.subject,
                "data": self.data,
                "type": self.event_type,
                "specversion": "1.0",
                "time": self.time,
            }
        return {
            "id": self.event_id,
            "topic": self.topic,
            "subject": self.subject,
            "data": self.data,
            "eventType": self.event_type,
            "dataVersion": "1.0",
            "metadataVersion": "1",
            "eventTime": self.time,
        }

    def shaped(self, schema: Schema) -> object:
        """The wire body: an array of one in Event Grid's own schema, a single object as a CloudEvent."""
        members = self.members(schema)
        return members if schema == "CloudEventSchemaV1_0" else [members]
