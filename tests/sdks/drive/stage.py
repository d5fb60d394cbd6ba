"""What every scene needs: the SDK, the application it drives for, and the world outside through the control plane."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier
from azure.core.exceptions import HttpResponseError

from tests.sdks.drive.application import Application, Callback, Stream
from tests.sdks.drive.sdk import Driven, Sdk

COGNITIVE = "https://speech.cognitiveservices.azure.com/"
OURS = "+15559870000"


async def refused(what: str, asked: Awaitable[Any]) -> HttpResponseError:
    """The error with which a request is refused; raises AssertionError, naming `what`, where it is not."""
    try:
        await asked
    except HttpResponseError as error:
        return error
    raise AssertionError(f"{what} was not refused")


@dataclass(frozen=True)
class OnCall:
    """One connection of the application to a call."""

    stage: Stage
    connection: Driven
    id: str
    properties: Any
    caller: Any
    """The identifier of the human at the other end."""

    async def event(self, name: str, context: str | None = None, **data: Any) -> Callback:
        """The first callback of that name with that operation context and those members."""

        def look() -> Callback | None:
            for one in self.stage.application.callbacks:
                if (one.name, one.data["callConnectionId"]) != (name, self.id):
                    continue
                if context is not None and one.data.get("operationContext") != context:
                    continue
                if all(one.data.get(member) == value for member, value in data.items()):
                    return one
            return None

        return await self.stage.application.find(f"{name} {context or ''} {data or ''}", look)

    async def outside(self, what: str, **body: Any) -> dict[str, Any]:
        """Somebody in the call does something: say, press, join, hang-up."""
        return await self.stage.control(f"/calls/{self.id}/{what}", body)


@dataclass
class Stage:
    """Where scenes are played; they may be played at the same time."""

    sdk: Sdk
    client: Driven
    application: Application
    http: aiohttp.ClientSession
    control_url: str
    _run: int = field(default_factory=lambda: 1000 + secrets.randbelow(9000))
    """Keeps the people of this run apart from those of another beside the same emulator."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def callback_url(self) -> str:
        return f"{self.application.url}/callbacks"

    @property
    def ours(self) -> PhoneNumberIdentifier:
        """The application's own number."""
        return PhoneNumberIdentifier(OURS)

    def number(self) -> PhoneNumberIdentifier:
        """A phone number that nobody else has."""
        return PhoneNumberIdentifier(f"+1555{self._run}{next(self._numbers):03}")

    def user(self) -> CommunicationUserIdentifier:
        """A user that nobody else is."""
        return CommunicationUserIdentifier(f"8:acs:stranger{self._run}_{next(self._numbers):03}")

    def stream_url(self, name: str) -> str:
        return f"{self.application.url.replace('http', 'ws')}/streams/{name}"

    async def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The control plane's answer; raises AssertionError where it refuses."""
        async with self.http.post(f"{self.control_url}/_emulator{path}", json=body) as response:
            text = await response.text()
            assert response.status < 300, f"the control plane refused {path}: {text}"
            answer: dict[str, Any] = await response.json() if text else {}
            return answer

    async def dial_in(self, caller: Any, **body: Any) -> str:
        """Somebody dials in; the incomingCallContext of the event that told the application."""
        raw_id = getattr(caller, "raw_id", caller)
        call = await self.control("/calls", {"from": raw_id, **body})
        event = await self.event(
            "IncomingCall", lambda data: bool(data["correlationId"] == call["correlationId"])
        )
        return str(event["incomingCallContext"])

    async def event(self, name: str, where: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The data of the first Event Grid event of that name that fits."""

        def look() -> dict[str, Any] | None:
            for one in self.application.events:
                if one["eventType"] == f"Microsoft.Communication.{name}" and where(one["data"]):
                    data: dict[str, Any] = one["data"]
                    return data
            return None

        return await self.application.find(f"the event {name}", look)

    async def stream(self, name: str, kind: str, where: Callable[[dict[str, Any]], bool]) -> Stream:
        """The stream of that name, as soon as it has a packet of that kind that fits."""

        def look() -> Stream | None:
            for one in self.application.streams:
                if one.name == name and any(where(packet) for packet in one.of(kind)):
                    return one
            return None

        return await self.application.find(f"a packet {kind} of {name}", look)

    async def on_call(self, properties: Any, caller: Any) -> OnCall:
        """The connection that an operation began."""
        connection = await self.client.get_call_connection(properties.call_connection_id)
        return OnCall(self, connection, properties.call_connection_id, properties, caller)

    async def answered(self, caller: Any = None, **options: Any) -> OnCall:
        """A call that somebody dialled, answered and connected."""
        caller = caller or self.number()
        context = await self.dial_in(caller)
        properties = await self.client.answer_call(
            context, self.callback_url, cognitive_services_endpoint=COGNITIVE, **options
        )
        call = await self.on_call(properties, caller)
        await call.event("CallConnected")
        return call
