"""One running emulator."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import uvicorn
from starlette.types import ASGIApp

from acs_emulator import tls
from acs_emulator.app import build_app
from acs_emulator.calls import Calls
from acs_emulator.clock import Clock
from acs_emulator.eventgrid import EventGrid, Subscription
from acs_emulator.exchange import Exchange, build
from acs_emulator.faults import Faults
from acs_emulator.journal import Journal
from acs_emulator.options import Options
from acs_emulator.tasks import Tasks

RECEIVER_TIMEOUT = 30.0
"""Real seconds in which a receiver of callbacks or events has to answer; Event Grid's response window."""
SHUTDOWN_PATIENCE = 2


class CannotStart(Exception):
    """The message says in one sentence why, and what to do."""


class PortBusy(CannotStart):
    """A port cannot be listened on; the message says which, why, and what to do."""


class _Server(uvicorn.Server):
    """Leaves signals to the program it runs in, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        """Until `stop`, at once; the tick keeps the Date header."""
        for tick in itertools.count():
            await self.on_tick(tick * 10)
            try:
                async with asyncio.timeout(1):
                    await self.stop.wait()
                return
            except TimeoutError:
                continue

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Emulator:
    """Azure Communication Services on this machine: `async with Emulator(Options()) as emulator:`.

    It listens on entry and is gone on exit, with its calls, sockets and tasks. Entering raises CannotStart.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._listening: dict[str, socket.socket] = {}
        self._tls: ssl.SSLContext | None = None
        self._main: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._exchange: Exchange | None = None

    async def __aenter__(self) -> Self:
        self._listen()
        self._main = asyncio.create_task(self._run())
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({self._main, ready}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._main.done():
            await self._main
        try:
            self._tell(self.options.ready_file, json.dumps(self.description()) + "\n")
        except CannotStart:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._main is not None:
            await self._main

    @property
    def exchange(self) -> Exchange:
        """The emulator's parts."""
        if self._exchange is None:
            raise RuntimeError("the emulator does not run")
        return self._exchange

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self._url("http")

    @property
    def https_url(self) -> str | None:
        return self._url("https") if "https" in self._listening else None

    @property
    def access_key(self) -> str:
        return self.options.access_key

    @property
    def resource_id(self) -> str:
        return self.options.resource_id

    @property
    def connection_string(self) -> str:
        """SDKs replace its scheme by https."""
        return f"endpoint={self.https_url or self.url}/;accesskey={self.access_key}"

    @property
    def journal(self) -> Journal:
        return self.exchange.journal

    @property
    def clock(self) -> Clock:
        return self.exchange.clock

    @property
    def faults(self) -> Faults:
        return self.exchange.faults

    @property
    def calls(self) -> Calls:
        return self.exchange.calls

    @property
    def event_grid(self) -> EventGrid:
        return self.exchange.event_grid

    def description(self) -> dict[str, object]:
        """What a client needs to know."""
        return {
            "httpUrl": self.url,
            "httpsUrl": self.https_url,
            "connectionString": self.connection_string,
            "accessKey": self.access_key,
            "resourceId": self.resource_id,
        }

    def _url(self, scheme: str) -> str:
        host = self.options.host
        port = self._listening[scheme].getsockname()[1]
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def _listen(self) -> None:
        host, https_port = self.options.host, self.options.https_port
        try:
            self._listening["http"] = _bind(host, self.options.http_port, "--http-port")
            if https_port is not None:
                self._listening["https"] = _bind(host, https_port, "--https-port")
                development = tls.make(host)
                self._tls = development.context
                self._tell(self.options.ca_file, development.ca_certificate.decode())
        except CannotStart:
            self._close_sockets()
            raise

    def _close_sockets(self) -> None:
        for listening in self._listening.values():
            listening.close()

    def _tell(self, path: Path | None, text: str) -> None:
        if path is None:
            return
        try:
            path.write_text(text)
        except OSError as error:
            raise CannotStart(f"The emulator cannot write {path}: {error.strerror}.") from error

    async def _run(self) -> None:
        journal = Journal()
        try:
            async with (
                httpx.AsyncClient(timeout=RECEIVER_TIMEOUT, trust_env=False) as client,
                asyncio.TaskGroup() as group,
            ):
                tasks = Tasks(group, journal)
                self._exchange = build(
                    self.options,
                    tasks=tasks,
                    journal=journal,
                    client=client,
                    connection_string=self.connection_string,
                )
                servers = self._servers(build_app(self._exchange))
                serving = [
                    group.create_task(server.serve(sockets=[listening]))
                    for server, listening in zip(servers, self._listening.values(), strict=True)
                ]
                await self._serve_until_stopped(servers)
                # In this order: nobody waits any more, nothing new comes in, what is under way ends.
                journal.close()
                for server in servers:
                    server.stop.set()
                await asyncio.wait(serving)
                tasks.cancel_all()
        finally:
            self._close_sockets()

    async def _serve_until_stopped(self, servers: list[_Server]) -> None:
        for server in servers:
            await server.listening.wait()
        for url in self.options.events:
            self.exchange.event_grid.subscribe_later(Subscription(url))
        self._ready.set()
        await self._stop.wait()

    def _servers(self, app: ASGIApp) -> list[_Server]:
        servers = [_Server(_config(app, None))]
        if self._tls is not None:
            servers.append(_Server(_config(app, self._tls)))
        return servers


def _config(app: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_PATIENCE,
        ssl_context_factory=None if context is None else lambda config, default: context,
    )


def _bind(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PortBusy(
            f"The emulator cannot listen on {host}:{port} ({reason}); choose another port with {option}."
        ) from error
    return listening
