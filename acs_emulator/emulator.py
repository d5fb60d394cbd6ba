"""One running emulator."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from starlette.types import ASGIApp

from acs_emulator import tls
from acs_emulator.app import build_app
from acs_emulator.calls.registry import Calls
from acs_emulator.clock import Clock
from acs_emulator.entra.routes import MANAGED_IDENTITY_PATH
from acs_emulator.eventgrid import EventGrid, Subscription
from acs_emulator.exchange import Exchange, build
from acs_emulator.faults import Faults
from acs_emulator.journal import Journal
from acs_emulator.options import Options
from acs_emulator.outgoing import trust
from acs_emulator.recorder.tape import Recorder
from acs_emulator.serving import CannotStart, Server, bind, configuration
from acs_emulator.tasks import Tasks

RECEIVER_TIMEOUT = 30.0
"""Real seconds in which a receiver of callbacks or events has to answer; Event Grid's response window."""


class Emulator:
    """Azure Communication Services on this machine: `async with Emulator(Options()) as emulator:`.

    It listens on entry and is gone on exit, with its calls, sockets and tasks. Entering raises CannotStart.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._listening: dict[str, socket.socket] = {}
        self._tls: tls.Development | None = None
        self._main: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._exchange: Exchange | None = None

    async def __aenter__(self) -> Self:
        outgoing = _trusted()
        self._listen()
        self._main = asyncio.create_task(self._run(outgoing))
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
    def ca_certificate(self) -> bytes | None:
        """Of the authority that clients have to trust, in PEM; None without TLS."""
        return None if self._tls is None else self._tls.ca_certificate

    @property
    def identity_endpoint(self) -> str:
        """What the environment of a managed identity calls IDENTITY_ENDPOINT."""
        return f"{self.url}{MANAGED_IDENTITY_PATH}"

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
    def recorder(self) -> Recorder:
        return self.exchange.recorder

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
            "caFile": None if self.options.ca_file is None else str(self.options.ca_file),
            "caUrl": None if self.https_url is None else f"{self.url}/_emulator/ca.pem",
            "authorityHost": self.https_url,
            "tenantId": self.options.tenant_id,
            "clientId": self.options.client_id,
            "clientSecret": self.options.client_secret,
            "identityEndpoint": self.identity_endpoint,
            "identityHeader": self.options.identity_header,
        }

    def _url(self, scheme: str) -> str:
        host = self.options.host
        port = self._listening[scheme].getsockname()[1]
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def _listen(self) -> None:
        host, https_port = self.options.host, self.options.https_port
        try:
            self._listening["http"] = bind(host, self.options.http_port, "--http-port")
            if https_port is not None:
                self._listening["https"] = bind(host, https_port, "--https-port")
                self._tls = self._authority(host)
        except CannotStart:
            self._close_sockets()
            raise

    def _authority(self, host: str) -> tls.Development:
        ca_file = self.options.ca_file
        try:
            return tls.make(host, *self.options.names, ca_file=ca_file)
        except tls.BadAuthority as error:
            raise CannotStart(str(error)) from error
        except OSError as error:
            raise CannotStart(f"The emulator cannot write {ca_file}: {error.strerror}.") from error
        except ValueError as error:
            raise CannotStart(
                f"No certificate can be for {', '.join((host, *self.options.names))} ({error}); "
                "choose other names with --host and --name."
            ) from error

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

    async def _run(self, outgoing: ssl.SSLContext) -> None:
        journal = Journal()
        try:
            async with (
                httpx.AsyncClient(timeout=RECEIVER_TIMEOUT, trust_env=False, verify=outgoing) as client,
                asyncio.TaskGroup() as group,
            ):
                tasks = Tasks(group, journal)
                self._exchange = build(
                    self.options,
                    tasks=tasks,
                    journal=journal,
                    client=client,
                    trust=outgoing,
                    ca_certificate=self.ca_certificate,
                    connection_string=self.connection_string,
                    url=self.url,
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

    async def _serve_until_stopped(self, servers: list[Server]) -> None:
        for server in servers:
            await server.listening.wait()
        for url in self.options.events:
            self.exchange.event_grid.subscribe_later(Subscription(url))
        self._ready.set()
        await self._stop.wait()

    def _servers(self, app: ASGIApp) -> list[Server]:
        servers = [Server(configuration(app, None))]
        if self._tls is not None:
            servers.append(Server(configuration(app, self._tls.context)))
        return servers


def _trusted() -> ssl.SSLContext:
    try:
        return trust.outgoing()
    except trust.BadTrust as error:
        raise CannotStart(str(error)) from error
