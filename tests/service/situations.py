"""What the tests of the HTTP edge stand on: the application with everything real around it, and calls to put on record."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI

from callscribe.actions.access import create_key
from callscribe.actions.inbox import Inbox
from callscribe.adapters.acs import AcsCallControl, open_client
from callscribe.adapters.sql.sqlite import sqlite_path
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain import reading
from callscribe.domain.access import Scope
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.changes import ChangeKind, Ring, call_topic
from callscribe.ports import Config, Ports
from callscribe.runtime.settings import Limits
from callscribe.runtime.settings.groups import LimitSettings
from service.app import create_app
from service.edge import EdgeSettings

RESOURCE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
TENANT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
AUDIENCE = "api://callscribe"
ENTRA_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
NOWHERE = "http://127.0.0.1:9"
"""Where no ACS answers: tests that need one bring the emulator."""


LIMITS = LimitSettings().limits
"""Those of an installation that sets none."""


def edge_settings(limits: Limits = LIMITS, **facts: Any) -> EdgeSettings:
    return EdgeSettings(limits, **facts)


@asynccontextmanager
async def call_control(config: Config, endpoint: str, key: str) -> AsyncIterator[AcsCallControl]:
    async with open_client(endpoint=endpoint, credential=key) as client:
        yield AcsCallControl(
            client,
            callback_uri=config.callback_uri,
            transport_url=config.transport_url,
            cognitive_services_endpoint="https://ai.example",
        )


@dataclass
class Service:
    """The application with everything around it, and clients of it."""

    ports: Ports
    settings: EdgeSettings = field(default_factory=lambda: edge_settings(development=True))
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    checks: dict[str, bool] = field(default_factory=lambda: {"store": True})
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def app(self) -> FastAPI:
        async def ready() -> dict[str, bool]:
            return self.checks

        inbox = Inbox(self.ports)
        return create_app(self.ports, inbox, self.settings, self.stop, lambda: b"calls 1\n", ready)

    async def client(self, *scopes: Scope) -> httpx.AsyncClient:
        """A client, with a new key of these scopes where any are given."""
        headers = {}
        if scopes:
            ports = self.ports
            _, key = await create_key(ports.store, ports.ids, ports.clock, "test", frozenset(scopes))
            headers["Authorization"] = f"Bearer {key}"
        transport = httpx.ASGITransport(self.app(), raise_app_exceptions=True)
        client = httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers)
        return await self.stack.enter_async_context(client)


def a_call(number: int = 1, **facts: Any) -> Call:
    usual: dict[str, Any] = {
        "id": f"call_{number:032x}",
        "key": f"key-{number}",
        "direction": Direction.INCOMING,
        "state": CallState.CONNECTED,
        "created_at": 1_700_000_000_000 + number,
        "transcription": Transcription(locale="en-US"),
        "call_connection_id": f"00000000-0000-0000-0000-{number:012x}",
    }
    return Call(**(usual | facts))


async def keep(ports: Ports, call: Call) -> Call:
    """Puts a call on the record, with its first change."""
    async with ports.store.transaction() as tx:
        await tx.insert_call(call)
        body = msgspec.json.encode(reading.call_view(call))
        await tx.change(call.id, ChangeKind.CALL, call.created_at, body)
    return call


async def save(ports: Ports, call: Call) -> int:
    """Changes a call that is on the record, and rings."""
    async with ports.store.transaction() as tx:
        await tx.save_call(call)
        body = msgspec.json.encode(reading.call_view(call))
        number = await tx.change(call.id, ChangeKind.CALL, ports.clock.now(), body)
    ports.bus.publish(call_topic(call.id), Ring(call.id, number))
    return number


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem of this code; gives it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/v1/errors/{code}")
    assert {"title", "detail", "cause", "remedy", "fixer", "retryable"} <= set(problem)
    assert problem["requestId"] == answer.headers["x-request-id"]
    return problem


@asynccontextmanager
async def transcript_server(database: str) -> AsyncIterator[SqliteArchive]:
    """The transcript server's way into the same database."""
    path = sqlite_path(database)
    assert path is not None
    async with SqliteArchive(path) as archive:
        yield archive


class LiveAnswer:
    """An answer that is read while it is written; httpx's transport hands it over only when it is complete."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._sent: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self.over = asyncio.Event()
        """Set when the application has ended."""
        self.stuck = 0
        """How many of the next writes the reader leaves unread."""

    async def chunk(self) -> str | None:
        """What is sent next; None at the end."""
        sent = await self._sent.get()
        return None if sent is None else sent.decode()

    async def events(self, count: int) -> list[tuple[str, str | None, dict[str, Any]]]:
        """The next so many events: name, id and data; comments and hints are passed over."""
        found: list[tuple[str, str | None, dict[str, Any]]] = []
        while len(found) < count:
            chunk = await self.chunk()
            assert chunk is not None, f"the stream ended after {found}"
            fields = dict(
                line.split(": ", 1) for line in chunk.splitlines() if not line.startswith(":") and line
            )
            if "event" in fields:
                found.append((fields["event"], fields.get("id"), msgspec.json.decode(fields["data"])))
        return found

    async def rest(self) -> list[str]:
        """Everything until the end."""
        found = []
        while (chunk := await self.chunk()) is not None:
            found.append(chunk)
        return found

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.stuck:
            self.stuck -= 1
            await asyncio.Future()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if message.get("body"):
            self._sent.put_nowait(message["body"])
        if not message.get("more_body"):
            self._sent.put_nowait(None)

    def hang_up(self) -> None:
        self._gone.set()


@asynccontextmanager
async def reading_live(app: FastAPI, path: str, headers: dict[str, str]) -> AsyncIterator[LiveAnswer]:
    """A live answer to GET; the reader goes away at the end, and the application notices."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "server": ("service", 80),
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    answer = LiveAnswer()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(app(scope, answer.receive, answer.send))  # type: ignore[arg-type]
        asked.add_done_callback(lambda _: answer.over.set())
        try:
            yield answer
        finally:
            answer.hang_up()
