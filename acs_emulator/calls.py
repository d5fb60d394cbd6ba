"""Calls and their legs: state only.

A call is one conversation. Its people are humans, played by the emulator; its legs are the connections that the
application holds through Call Automation. A call may have several legs: the one that placed it and the one that
answered it, or one that joined by `connect`.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from acs_emulator.audio.soundtrack import Soundtrack
from acs_emulator.clock import dotnet_ticks
from acs_emulator.identifiers import raw_id_of, wire
from acs_emulator.scene import Listener, Speech
from acs_emulator.transcription.state import Transcription

if TYPE_CHECKING:
    from acs_emulator.playing import Play


class CallState(StrEnum):
    RINGING = "ringing"
    ESTABLISHED = "established"
    ENDED = "ended"


class LegState(StrEnum):
    """`callConnectionState` on the wire."""

    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"


@dataclass(slots=True)
class Person:
    """A human in a call."""

    raw_id: str
    muted: bool = False
    on_hold: bool = False
    silent: bool = False
    """Says nothing that anybody could hear, although they are there."""

    @property
    def audible(self) -> bool:
        return not (self.muted or self.on_hold or self.silent)


@dataclass(slots=True, eq=False)
class Leg:
    """The application's end of a call: a call connection."""

    call: Call
    origin: Literal["answer", "create", "connect"]
    api_version: str
    app: str
    """The raw id the application is seen under."""
    callback_uri: str
    correlation_id: str
    operation_context: str | None = None
    source: str | None = None
    targets: tuple[str, ...] = ()
    source_caller_id: str | None = None
    source_display_name: str = ""
    answered_by: str | None = None
    answered_for: str | None = None
    cognitive_services_endpoint: str | None = None
    transcription: Transcription | None = None
    state: LegState = LegState.CONNECTING
    sequence: int = 0
    """Of ParticipantsUpdated."""
    plays: dict[asyncio.Task[None], Play] = field(default_factory=dict)
    """What plays, and what waits for its turn."""
    play_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    connection_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def properties(self) -> dict[str, object]:
        """`CallConnectionProperties` of the wire: there is no `serverCallId` while connecting, as captured."""
        shown: dict[str, object] = {"callConnectionId": self.connection_id}
        if self.state is not LegState.CONNECTING:
            shown["serverCallId"] = self.call.server_call_id
        shown["targets"] = [wire(target) for target in self.targets]
        shown["callConnectionState"] = str(self.state)
        shown["callbackUri"] = self.callback_uri
        if self.source_caller_id:
            shown["sourceCallerIdNumber"] = {"value": self.source_caller_id.removeprefix("4:")}
        shown["sourceDisplayName"] = self.source_display_name
        if self.source:
            shown["source"] = wire(self.source)
        shown["correlationId"] = self.correlation_id
        if self.answered_by:
            shown["answeredBy"] = {"id": self.answered_by}
        if self.answered_for:
            shown["answeredFor"] = {"value": self.answered_for.removeprefix("4:")}
        if self.transcription:
            shown["transcriptionSubscription"] = self.transcription.to_json()
        return shown


@dataclass(slots=True, eq=False)
class Call:
    """One conversation."""

    direction: Literal["incoming", "outgoing", "room", "group"]
    caller: str | None = None
    """Who the call was opened with, beside the application: who dialled in, or who was called first."""
    state: CallState = CallState.RINGING
    people: dict[str, Person] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)
    """Everybody who has ever been in the call, in the order they came."""
    legs: list[Leg] = field(default_factory=list)
    invitations: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    sound: Soundtrack = field(default_factory=Soundtrack)
    speech: Speech | None = None
    legacy_offsets: bool = False
    call_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    server_call_id: str = field(default_factory=lambda: _server_call_id())
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Rings, and is replaced, when somebody came or a transcription became active."""

    def participants(self) -> list[dict[str, object]]:
        """The call's participants as `CallParticipant`: the application's ends, then the people."""
        apps = {leg.app: Person(leg.app) for leg in self.legs if leg.state is LegState.CONNECTED}
        return [
            {"identifier": wire(person.raw_id), "isMuted": person.muted, "isOnHold": person.on_hold}
            for person in {**apps, **self.people}.values()
        ]

    def who(self, speaker: str) -> str | None:
        """The raw id behind a speaker's name, None while they have not yet come.

        `caller` (or `callee`) is who the call was opened with; `agent`, `agent2`, … are the other humans in the order
        they came; anything else is a phone number or a raw id.
        """
        if speaker in ("caller", "callee"):
            return self.caller if self.caller in self.people else None
        if speaker.startswith("agent") and (speaker == "agent" or speaker[5:].isdecimal()):
            number = int(speaker[5:] or 1)
            others = [raw_id for raw_id in self.joined if raw_id != self.caller]
            return others[number - 1] if 0 < number <= len(others) else None
        raw_id = raw_id_of(speaker)
        return raw_id if raw_id in self.people else None

    def ring_change(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def to_json(self) -> dict[str, object]:
        return {
            "callId": self.call_id,
            "serverCallId": self.server_call_id,
            "correlationId": self.correlation_id,
            "direction": self.direction,
            "state": str(self.state),
            "caller": self.caller,
            "people": list(self.people),
            "callConnections": [
                {
                    "callConnectionId": leg.connection_id,
                    "origin": leg.origin,
                    "state": str(leg.state),
                    "transcription": leg.transcription.to_json() if leg.transcription else None,
                }
                for leg in self.legs
            ],
        }


class Calls:
    """The calls that live, found by any of their ids. Ended calls are forgotten: ACS answers 404 for them."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._legs: dict[str, Leg] = {}

    def add(self, call: Call) -> Call:
        self._calls[call.call_id] = call
        return call

    def attach(self, leg: Leg) -> Leg:
        leg.call.legs.append(leg)
        self._legs[leg.connection_id] = leg
        return leg

    def leg(self, connection_id: str) -> Leg | None:
        return self._legs.get(connection_id)

    def find(self, any_id: str) -> Call | None:
        """By our call id, serverCallId, correlationId or callConnectionId."""
        if leg := self._legs.get(any_id):
            return leg.call
        return next(
            (c for c in self._calls.values() if any_id in (c.call_id, c.server_call_id, c.correlation_id)),
            None,
        )

    def all(self) -> list[Call]:
        return list(self._calls.values())

    def detach(self, leg: Leg) -> None:
        self._legs.pop(leg.connection_id, None)
        if leg in leg.call.legs:
            leg.call.legs.remove(leg)

    def remove(self, call: Call) -> None:
        self._calls.pop(call.call_id, None)


def _server_call_id() -> str:
    """Opaque to clients; base64 of a conversation URL in every capture, and never safe to put into a path as it is."""
    conversation = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    host = "https://api.flightproxy.skype.com/api/v2/cp/conv-local-01-emulator.conv.skype.com"
    url = f"{host}/conv/{conversation}?i=10-128-0-1&e={dotnet_ticks(time.time_ns())}"
    return base64.b64encode(url.encode()).decode()
