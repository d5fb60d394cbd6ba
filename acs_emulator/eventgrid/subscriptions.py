"""Who wants which events, and how they are delivered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from acs_emulator.eventgrid.events import Event, Schema
from acs_emulator.eventgrid.filters import AdvancedFilter

Provisioning = Literal["Creating", "AwaitingManualAction", "Succeeded", "Failed"]


@dataclass(slots=True, eq=False)
class Subscription:
    """One webhook that wants events."""

    url: str
    schema: Schema = "EventGridSchema"
    headers: Mapping[str, str] = field(default_factory=dict)
    event_types: tuple[str, ...] = ()
    subject_begins_with: str = ""
    subject_ends_with: str = ""
    advanced_filters: tuple[AdvancedFilter, ...] = ()
    time_to_live: float = 1440 * 60.0
    """Emulated seconds."""
    max_attempts: int = 30
    dead_letter_path: Path | None = None
    """Where events that cannot be delivered are appended, one JSON object per line; nowhere by default."""
    name: str = field(default_factory=lambda: f"emulator-{uuid.uuid4().hex[:8]}")
    validated: bool = False
    state: Provisioning = "Creating"
    validation_code: str = field(default_factory=lambda: str(uuid.uuid4()))
    validate_before: float = 0.0
    """Until when, in emulated seconds, the validation URL can be asked for."""

    def wants(self, event: Event) -> bool:
        """Whether the event passes every filter. Subjects are compared without regard to case."""
        subject = event.subject.lower()
        return (
            self.validated
            and (not self.event_types or event.event_type in self.event_types)
            and subject.startswith(self.subject_begins_with.lower())
            and subject.endswith(self.subject_ends_with.lower())
            and all(one.matches(event.members(self.schema)) for one in self.advanced_filters)
        )

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "url": self.url,
            "schema": self.schema,
            "eventTypes": list(self.event_types),
            "subjectBeginsWith": self.subject_begins_with,
            "subjectEndsWith": self.subject_ends_with,
            "advancedFilters": [one.model_dump(by_alias=True, mode="json") for one in self.advanced_filters],
            "timeToLiveSeconds": self.time_to_live,
            "maxDeliveryAttempts": self.max_attempts,
            "deadLetterPath": None if self.dead_letter_path is None else str(self.dead_letter_path),
            "validated": self.validated,
            "provisioningState": self.state,
        }
