"""What the control plane answers."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from acs_emulator.eventgrid import AdvancedFilter
from acs_emulator.wire import Body


class Answer(Body):
    """camelCase on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        serialize_by_alias=True,
    )


class Problem(Answer):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class FaultAdded(Answer):
    fault_id: str


class FaultsShown(Answer):
    faults: list[dict[str, Any]]


class FaultKind(Answer):
    """One kind of fault: what it does, and the JSON Schema of its members."""

    kind: str
    description: str
    members: dict[str, Any]


class TranscriptionFailure(Answer):
    """One documented way in which transcription fails."""

    name: str
    code: int
    sub_code: int
    message: str
    details: str


class Catalogue(Answer):
    kinds: list[FaultKind]
    transcription_failures: list[TranscriptionFailure]


class ClockShown(Answer):
    speed: float
    held: bool
    now: float
    """Emulated seconds since the emulator started."""


class Seeded(Answer):
    seed: int | None


class JournalPage(Answer):
    entries: list[dict[str, Any]]
    last: int
    """The highest number given so far; ask with `after` to go on from there."""


class Addresses(Answer):
    endpoint: str
    access_key: str
    resource_id: str
    connection_string: str


class SubscriptionShown(Answer):
    name: str
    url: str
    schema_: str
    event_types: list[str]
    subject_begins_with: str
    subject_ends_with: str
    advanced_filters: list[AdvancedFilter]
    time_to_live_seconds: float
    max_delivery_attempts: int
    dead_letter_path: str | None
    validated: bool
    provisioning_state: str

    model_config = ConfigDict(
        alias_generator=lambda name: "schema" if name == "schema_" else to_camel(name),
        validate_by_alias=True,
        frozen=True,
        serialize_by_alias=True,
    )


class SubscriptionsShown(Answer):
    subscriptions: list[SubscriptionShown]


class RecorderShown(Answer):
    on: bool
    lines: int
    truncated: bool
    """Whether the recording was full before it was stopped."""


class ReplayStarted(Answer):
    replay_id: str
    lines: int
