"""A stranger's program: a webhook for callbacks and events, sockets for streams, and a file to play."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from aiohttp import web
from azure.communication.callautomation._generated import models
from azure.core.messaging import CloudEvent

PATIENCE = 30.0
"""Real seconds for which anything is waited for."""
BEYOND_THE_MODELS = {"version", "publicEventType", "eventSource"}
"""Members of an event's data that the service sends and no SDK model has; the last is of RecordingStateChanged."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback event: as `CloudEvent` parses it, and as the SDK's own model of its type reads it."""

    name: str
    path: str
    data: dict[str, Any]
    model: Any


@dataclass(eq=False)
class Stream:
    """One socket that the emulator opened."""

    name: str
    headers: dict[str, str]
    socket: web.WebSocketResponse
    packets: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The packets of that kind without their envelope."""
        member = kind[0].lower() + kind[1:]
        return [packet[member] for packet in self.packets if packet["kind"] == kind]


class Application:
    """`async with Application() as application:` listens on a free port of the loopback address."""

    def __init__(self) -> None:
        self.url = ""
        self.callbacks: list[Callback] = []
        self.events: list[dict[str, Any]] = []
        self.streams: list[Stream] = []
        self.wrong: list[str] = []
        """What arrived and should not have arrived like that."""
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4_000_000)
        app.add_routes(
            [
                web.post("/callbacks{more:.*}", self._callbacks),
                web.post("/events", self._events),
                web.get("/prompt.wav", _prompt),
                web.get("/streams/{name}", self._stream),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def find(self, what: str, look: Callable[[], Found | None]) -> Found:
        """What `look` finds as soon as it finds something; raises AssertionError that names `what`."""
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := look()) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise AssertionError(f"{what} did not come; came: {self._summary()}") from None

    def _summary(self) -> str:
        last = [f"{one.name} {one.data.get('operationContext', '')}".strip() for one in self.callbacks]
        return ", ".join(last[-30:]) or "nothing"

    async def _callbacks(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if not isinstance(body, list) or len(body) != 1:
            self.wrong.append(f"a callback that is no array of one: {str(body)[:200]}")
        for one in body:
            self._take(request.path, one)
        self._changed.set()
        return web.Response()

    def _take(self, path: str, body: dict[str, Any]) -> None:
        event: CloudEvent[Any] = CloudEvent.from_dict(body)
        data: Any = event.data
        name = event.type.removeprefix("Microsoft.Communication.")
        if event.source != _source(name, data) or event.subject != event.source or event.time is None:
            self.wrong.append(f"{name} has the source {event.source} and the time {event.time}")
        kind = getattr(models, name, None)
        if kind is not None:
            known = {entry["key"] for entry in kind._attribute_map.values()} | BEYOND_THE_MODELS
            self.wrong += [f"{name} has an unknown member {one}" for one in set(data) - known]
        model = None if kind is None else kind.deserialize(data)
        self.callbacks.append(Callback(name, path, data, model))

    async def _events(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if request.headers.get("aeg-event-type") == "SubscriptionValidation":
            return web.json_response({"validationResponse": body[0]["data"]["validationCode"]})
        self.events += body
        self._changed.set()
        return web.Response()

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        stream = Stream(request.match_info["name"], headers, socket)
        self.streams.append(stream)
        async for message in socket:
            stream.packets.append(json.loads(message.data))
            self._changed.set()
        return socket


def _source(name: str, data: dict[str, Any]) -> str:
    """What the event of that name is about."""
    if name == "RecordingStateChanged":
        return f"calling/recordings/{data['serverCallId']}/{data['recordingId']}/{name}"
    return f"calling/callConnections/{data['callConnectionId']}"


async def _prompt(request: web.Request) -> web.Response:
    """A second of silence as ACS plays it: WAV, mono, 16 bit, 16 kHz."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000))
    return web.Response(body=content.getvalue(), content_type="audio/wav")
