import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.communication.callautomation import TranscriptionOptions
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from acs_emulator import Emulator, Options
from acs_emulator.journal import Entry

GOLDEN = Path(__file__).parent.parent / "golden" / "acs"


@dataclass
class Received:
    """One HTTP request that reached the receiver."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    raw: bytes


@dataclass
class Receiver:
    """An application's webhooks: answers 200, or what `statuses` holds next; does the Event Grid handshakes."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    agrees: bool = True
    silent: bool = False
    """Answers handshakes 200 and nothing more."""

    @property
    def callbacks(self) -> list[dict[str, Any]]:
        return [event for one in self.requests if one.path.startswith("/callbacks") for event in one.body]

    @property
    def events(self) -> list[Received]:
        return [one for one in self.requests if one.path == "/events" and _notifies(one)]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.requests.append(request)
            head, content = self._response(request)
            writer.write(
                f"{head}Connection: close\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _response(self, request: Received) -> tuple[str, bytes]:
        if self.silent:
            return "HTTP/1.1 200 OK\r\n", b""
        if request.method == "OPTIONS":
            origin = request.headers["webhook-request-origin"] if self.agrees else "elsewhere.example"
            return f"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: {origin}\r\n", b""
        if request.headers.get("aeg-event-type") == "SubscriptionValidation":
            code = request.body[0]["data"]["validationCode"] if self.agrees else "wrong"
            return "HTTP/1.1 200 OK\r\n", json.dumps({"validationResponse": code}).encode()
        status = self.statuses.pop(0) if self.statuses else 200
        return f"HTTP/1.1 {status} -\r\n", b""


def _notifies(request: Received) -> bool:
    return request.headers.get("aeg-event-type") == "Notification"


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    pairs = (line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): value for name, value in pairs}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, path, headers, json.loads(raw) if raw else None, raw)


@dataclass
class Listener:
    """An application's transcription socket: keeps what it is sent."""

    url: str = ""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def packets(self) -> list[dict[str, Any]]:
        return [json.loads(frame) for frame in self.frames]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [one["transcriptionData"] for one in self.packets if one["kind"] == "TranscriptionData"]

    @property
    def finals(self) -> list[str]:
        return [one["text"] for one in self.results if one["resultStatus"] == "Final"]

    @property
    def metadata(self) -> list[dict[str, Any]]:
        return [
            one["transcriptionMetadata"] for one in self.packets if one["kind"] == "TranscriptionMetadata"
        ]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def listen(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.requests.append((socket.request.path, {k.lower(): v for k, v in socket.request.headers.items()}))
        self.sockets.append(socket)
        try:
            async for frame in socket:
                self.frames.append(str(frame))
                self.changed.set()
        except ConnectionClosed:
            return
        finally:
            self.changed.set()


@dataclass
class World:
    """An emulator, an application that receives, and the official asynchronous client."""

    emulator: Emulator
    receiver: Receiver
    listener: Listener
    client: CallAutomationClient
    http: httpx.AsyncClient

    @property
    def callback_url(self) -> str:
        return f"{self.receiver.url}/callbacks"

    def transcription(self, **changes: Any) -> TranscriptionOptions:
        options = {
            "transport_url": f"{self.listener.url}/transcripts/key?token=a%2Fb",
            "transport_type": "websocket",
            "locale": "en-US",
            "start_transcription": True,
            "enable_intermediate_results": True,
        }
        return TranscriptionOptions(**{**options, **changes})

    async def control(self, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
        response = await self.http.post(f"/_emulator{path}", json=body)
        assert response.status_code == status, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def dial_in(self, *turns: str | dict[str, Any], **body: Any) -> str:
        """Somebody dials in with a dialogue; the incomingCallContext of the event that told the application."""
        if turns:
            said = [{"text": turn} if isinstance(turn, str) else turn for turn in turns]
            options = {name: body.pop(name) for name in ("hangUp", "waitForTranscription") if name in body}
            body["dialogue"] = {"turns": said, **options}
        call = await self.control("/calls", body)
        offered = await self.journal("eventgrid", lambda e: _correlation(e) == call["correlationId"])
        event: Any = offered.data["event"]
        return str(event[0]["data"]["incomingCallContext"])

    async def offered(self, callee: str) -> dict[str, Any]:
        """The data of the IncomingCall event of a call to somebody."""
        entry = await self.journal("eventgrid", lambda e: _recipient(e) == callee)
        event: Any = entry.data["event"]
        data: dict[str, Any] = event[0]["data"]
        return data

    async def told(self, event_type: str) -> dict[str, Any]:
        """The first Event Grid event of that type."""
        entry = await self.journal(
            "eventgrid", lambda e: e.data["type"] == f"Microsoft.Communication.{event_type}"
        )
        event: Any = entry.data["event"]
        first: dict[str, Any] = event[0]
        return first

    async def answer(self, context: str, **options: Any) -> str:
        """The callConnectionId."""
        properties = await self.client.answer_call(
            context,
            self.callback_url,
            cognitive_services_endpoint="https://speech.cognitiveservices.azure.com/",
            **options,
        )
        assert properties.call_connection_id
        return properties.call_connection_id

    async def journal(self, kind: str, where: Callable[[Entry], bool]) -> Entry:
        found = await self.emulator.journal.wait(kind, where=where, within=10)
        assert found, f"nothing of kind {kind}"
        return found[0]

    async def event(self, name: str, connection_id: str | None = None) -> dict[str, Any]:
        """The data of the first callback of that name that was delivered."""
        entry = await self.journal(
            "callback",
            lambda e: (
                e.data["type"] == name
                and e.data["status"] == 200
                and connection_id in (None, e.data["callConnectionId"])
            ),
        )
        event: Any = entry.data["event"]
        data: dict[str, Any] = event["data"]
        return data


def _correlation(entry: Entry) -> object:
    event: Any = entry.data["event"]
    return event[0]["data"].get("correlationId") if isinstance(event, list) else None


def _recipient(entry: Entry) -> object:
    event: Any = entry.data["event"]
    return event[0]["subject"].partition("/recipient/")[2] if isinstance(event, list) else None


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module, so that its tests share an emulator."""
    return "asyncio"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    application = Receiver()
    server = await asyncio.start_server(application.answer, "127.0.0.1", 0)
    application.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield application


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    application = Listener()
    async with serve(application.listen, "127.0.0.1", 0) as server:
        application.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield application


@pytest.fixture(scope="module")
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(Options(ring_seconds=1000)) as running:
        yield running


@pytest.fixture
async def world(emulator: Emulator, receiver: Receiver, listener: Listener) -> AsyncIterator[World]:
    """The emulator at a hundred times the speed, as new, with an application that is subscribed to its events."""
    async with (
        httpx.AsyncClient(base_url=emulator.url) as http,
        CallAutomationClient(emulator.url, AzureKeyCredential(emulator.access_key)) as client,
    ):
        emulator.clock.set_speed(100)
        made = World(emulator, receiver, listener, client, http)
        await made.control("/event-subscriptions", {"url": f"{receiver.url}/events"})
        yield made
        await http.post("/_emulator/reset")
        emulator.event_grid.subscriptions.clear()


@pytest.fixture
def goldens() -> Callable[[str], list[Any]]:
    """The lines of a golden file."""

    def load(name: str) -> list[Any]:
        return [json.loads(line) for line in (GOLDEN / name).read_text().splitlines() if line]

    return load


@pytest.fixture
def shape() -> Callable[[Any], Any]:
    """Member names in their order, and types, without the values."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: of(one) for name, one in value.items()}
        if isinstance(value, list):
            return [of(one) for one in value[:1]]
        return type(value).__name__

    return of
