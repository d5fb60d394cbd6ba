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
from acs_emulator.media.queue import MediaQueue
from acs_emulator.people.scene import Listener, Speech
from acs_emulator.streaming.state import MediaStreaming
from acs_emulator.transcription.state import Transcription

if TYPE_CHECKING:
    from acs_emulator.media.prompts import Source


class CallState(StrEnum):
    RINGING = "ringing"
    ESTABLISHED = "established"
    ENDED = "ended"


class LegState(StrEnum):
    """`callConnectionState` on the wire."""

    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    TRANSFERRING = "transferring"
    TRANSFER_ACCEPTED = "transferAccepted"
    DISCONNECTING = "disconnecting"
    DISCONNECTED = "disconnected"


@dataclass(slots=True)
class Person:
    """A human in a call, or the application's place among them."""

    raw_id: str
    muted: bool = False
    on_hold: bool = False
    silent: bool = False
    """Says nothing that anybody could hear, although they are there."""
    hold_music: Source | None = None
    """What they hear while they are on hold."""
    beside: Leg | None = field(default=None, repr=False, compare=False)
    """At whose end of a PSTN line they are; the other end does not see them."""

    @property
    def audible(self) -> bool:
        return not (self.muted or self.on_hold or self.silent)

    def to_json(self) -> dict[str, object]:
        """`CallParticipant` of the wire."""
        return {"identifier": wire(self.raw_id), "isMuted": self.muted, "isOnHold": self.on_hold}


@dataclass(frozen=True, slots=True)
class Line:
    """The PSTN line between a leg and the call that reached it: each end sees nothing but the other's number."""

    far: str
    """Whom the leg sees."""
    near: str
    """Whom the rest of the call sees in the leg's place."""


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
    media_streaming: MediaStreaming | None = None
    state: LegState = LegState.CONNECTING
    sequence: int = 0
    """Of ParticipantsUpdated."""
    listeners: list[Listener] = field(default_factory=list)
    """What listens in the call for it, beside its transcription."""
    media: MediaQueue = field(default_factory=MediaQueue)
    connection_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    line: Line | None = None
    own_server_call_id: str | None = None
    """Where it is not the call's: behind a PSTN line."""
    seat: Person = field(init=False)
    """Its place among the participants."""
    far: Person | None = None
    """Whom it sees at the other end of its line; what it does to them, such as a hold, is its own view only."""

    def __post_init__(self) -> None:
        self.seat = Person(self.shown_as)

    @property
    def shown_as(self) -> str:
        """The raw id under which the rest of the call sees it."""
        return self.line.near if self.line else self.app

    @property
    def server_call_id(self) -> str:
        return self.own_server_call_id or self.call.server_call_id

    @property
    def talks(self) -> bool:
        """Whether the application is in the conversation."""
        return self.state in (LegState.CONNECTED, LegState.TRANSFERRING)

    @property
    def gone(self) -> bool:
        """Whether the application has left the call, or is about to."""
        return self.state in (LegState.DISCONNECTING, LegState.DISCONNECTED)

    async def set_up(self) -> None:
        """Return when it is connected, or gone again before that."""
        while self.state in (LegState.UNKNOWN, LegState.CONNECTING):
            await self.call.changed.wait()

    def properties(self) -> dict[str, object]:
        """`CallConnectionProperties` of the wire: there is no `serverCallId` while connecting, as captured."""
        shown: dict[str, object] = {"callConnectionId": self.connection_id}
        if self.state is not LegState.CONNECTING:
            shown["serverCallId"] = self.server_call_id
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
        if self.media_streaming:
            shown["mediaStreamingSubscription"] = self.media_streaming.to_json()
        if self.transcription:
            shown["transcriptionSubscription"] = self.transcription.to_json()
        if self.answered_for:
            shown["answeredFor"] = {"value": self.answered_for.removeprefix("4:")}
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
    sound: Soundtrack = field(default_factory=Soundtrack)
    speech: Speech | None = None
    performances: dict[asyncio.Task[None], str] = field(default_factory=dict)
    """The speeches that are under way, each with whom it belongs to."""
    onward: dict[str, Call] = field(default_factory=dict)
    """Where those have gone whom the application moved to another call."""
    started_at: float | None = None
    """When Event Grid was told that the call started, on the emulator's clock; never for calls without ACS users."""
    started_by: str | None = None
    told_of: dict[str, str] = field(default_factory=dict)
    """The ids that Event Grid was given of those who are in the call, by raw id."""
    legacy_offsets: bool = False
    call_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    correlation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    server_call_id: str = field(default_factory=lambda: new_server_call_id())
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Rings, and is replaced, when somebody came or a transcription became active."""

    @property
    def listeners(self) -> list[Listener]:
        """Whoever listens, for any of its legs; a new list, so that they may come and go meanwhile."""
        return [listener for leg in self.legs for listener in leg.listeners]

    def participants(self, viewer: Leg | None = None) -> list[Person]:
        """The application's ends, then the people; as a leg behind a PSTN line sees them, the two ends of the line, then
        the people at its own end. Without a viewer, everybody."""
        people = {raw_id: one for raw_id, one in self.people.items() if viewer is None or not one.beside}
        if viewer is not None and viewer.line is not None:
            near = [one for one in self.people.values() if one.beside is viewer]
            return [Person(viewer.app), viewer.far or Person(viewer.line.far), *near]
        seats = {leg.shown_as: leg.seat for leg in self.legs if leg.talks}
        return list({**seats, **people}.values())

    def participant(self, raw_id: str, viewer: Leg | None = None) -> Person | None:
        """Somebody who is in the call, as `viewer` sees it."""
        return next((one for one in self.participants(viewer) if one.raw_id == raw_id), None)

    def leg_shown_as(self, raw_id: str, *, but: Leg | None = None) -> Leg | None:
        """The application's end of that name, other than `but`."""
        return next(
            (leg for leg in self.legs if leg.shown_as == raw_id and leg is not but and leg.talks), None
        )

    def home_of(self, raw_id: str) -> Call:
        """The call in which somebody is now who was once in this one; this one where nobody moved them."""
        call = self
        while raw_id not in call.people and (onward := call.onward.get(raw_id)) is not None:
            call = onward
        return call

    def who(self, speaker: str) -> str | None:
        """The raw id behind a speaker's name, None while they have not yet come.

        `caller` (or `callee`) is who the call was opened with; `agent`, `agent2`, … are the other humans in the order
        they came; anything else is a phone number or a raw id.
        """
        if speaker in ("caller", "callee"):
            return self.caller if self._has_met(self.caller) else None
        if speaker.startswith("agent") and (
            speaker == "agent" or (speaker[5:].isdecimal() and len(speaker) < 10)
        ):
            number = int(speaker[5:] or 1)
            others = [raw_id for raw_id in self.joined if raw_id != self.caller]
            return others[number - 1] if 0 < number <= len(others) else None
        raw_id = raw_id_of(speaker)
        return raw_id if self._has_met(raw_id) else None

    def _has_met(self, raw_id: str | None) -> bool:
        return raw_id in self.people or raw_id in self.onward

    def hush(self, moment: int) -> None:
        """From this moment (ticks) on those are not heard who are muted, on hold or silent; said whenever it changes."""
        for person in self.participants():
            self.sound.hush(person.raw_id, not person.audible, moment)

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
                    "mediaStreaming": leg.media_streaming.to_json() if leg.media_streaming else None,
                }
                for leg in self.legs
            ],
        }


def room_call_id(direction: Literal["room", "group"], any_id: str) -> str:
    """Our id of the call of a room or a group."""
    return f"{direction}:{any_id}"


def new_server_call_id() -> str:
    """Opaque to clients; base64 of a conversation URL in every capture, and never safe to put into a path as it is."""
    conversation = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    host = "https://api.flightproxy.skype.com/api/v2/cp/conv-local-01-emulator.conv.skype.com"
    url = f"{host}/conv/{conversation}?i=10-128-0-1&e={dotnet_ticks(time.time_ns())}"
    return base64.b64encode(url.encode()).decode()
