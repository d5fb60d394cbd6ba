"""A real HTTP server on loopback that keeps what it is sent and answers as told."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; `held` delays the answer until it is set."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    held: anyio.Event | None = None


@dataclass(slots=True)
class Receiver:
    """Answers as `answer` says; without one with `replies` in order, then always with `default`."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    default: Reply = field(default_factory=Reply)
    answer: Callable[[Received], Reply] | None = None
    arrived: anyio.Condition = field(default_factory=anyio.Condition)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.method, request.path, dict(request.query), headers, body)
        async with self.arrived:
            self.requests.append(received)
            self.arrived.notify_all()
        reply = self._reply(received)
        if reply.held is not None:
            await reply.held.wait()
        if isinstance(reply.body, bytes):
            return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))
        text = "" if reply.body is None else json.dumps(reply.body)
        return web.Response(
            status=reply.status, text=text, headers=dict(reply.headers), content_type="application/json"
        )

    def _reply(self, received: Received) -> Reply:
        if self.answer is not None:
            return self.answer(received)
        return self.replies.pop(0) if self.replies else self.default

    async def count(self, number: int) -> list[Received]:
        """Waits until that many requests have come."""
        async with self.arrived:
            while len(self.requests) < number:
                await self.arrived.wait()
        return self.requests


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    told = Receiver()
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", told.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        told.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield told
    finally:
        await runner.cleanup()
