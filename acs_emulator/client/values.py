"""What the control plane tells, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Json = Mapping[str, Any]


class ControlError(Exception):
    """The emulator refused; the message is the problem's detail."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail


class NothingHappened(AssertionError):
    """What was waited for did not come in time; an assertion, because tests wait for what they assert."""


@dataclass(frozen=True, slots=True)
class CallConnection:
    """The application's end of a call."""

    call_connection_id: str
    origin: str
    state: str
    transcription: Json | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call that lives, or lived a moment ago."""

    call_id: str
    server_call_id: str
    correlation_id: str
    direction: str
    state: str
    caller: str | None
    """Who the call was opened with; None while nobody is in it but the application."""
    people: tuple[str, ...]
    call_connections: tuple[CallConnection, ...]
    subscriptions: int | None = None
    """For a call just dialled: how many Event Grid subscriptions there are."""

    @classmethod
    def read(cls, shown: Json) -> Self:
        return cls(
            call_id=shown["callId"],
            server_call_id=shown["serverCallId"],
            correlation_id=shown["correlationId"],
            direction=shown["direction"],
            state=shown["state"],
            caller=shown["caller"],
            people=tuple(shown["people"]),
            call_connections=tuple(
                CallConnection(one["callConnectionId"], one["origin"], one["state"], one["transcription"])
                for one in shown["callConnections"]
            ),
            subscriptions=shown.get("subscriptions"),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `data` holds what its kind has."""

    number: int
    time: str
    kind: str
    data: Json

    @classmethod
    def read(cls, shown: Json) -> Self:
        own = {"number", "time", "kind"}
        data = {name: value for name, value in shown.items() if name not in own}
        return cls(shown["number"], shown["time"], shown["kind"], data)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of the journal, and the highest number given so far."""

    entries: tuple[Entry, ...]
    last: int


@dataclass(frozen=True, slots=True)
class Clock:
    """How the emulator's time passes."""

    speed: float
    held: bool
    now: float
    """Emulated seconds since the emulator started."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that waits to strike."""

    fault_id: str
    kind: str
    times: int | None
    """How often it will still strike; None: until it is removed."""
    members: Json


@dataclass(frozen=True, slots=True)
class TranscriptionFailure:
    """A documented way in which transcription fails."""

    name: str
    code: int
    sub_code: int
    message: str
    details: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can go wrong: the JSON Schema of each kind's members, and the rows of TranscriptionFailed."""

    kinds: Mapping[str, Json]
    transcription_failures: tuple[TranscriptionFailure, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """An Event Grid subscription."""

    name: str
    url: str
    schema: str
    validated: bool
    provisioning_state: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """How a client reaches the emulator."""

    endpoint: str
    access_key: str
    resource_id: str
    connection_string: str


@dataclass(frozen=True, slots=True)
class Recorder:
    """Whether the recorder runs, and how many lines it holds."""

    on: bool
    lines: int
    truncated: bool
