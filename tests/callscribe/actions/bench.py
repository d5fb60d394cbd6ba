"""The actions with the real things around them: store, bus, the official SDK, and the emulator as ACS."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from acs_emulator import Emulator, Options
from callscribe.actions.inbox import Inbox
from callscribe.actions.jobs import perform
from callscribe.adapters.acs import AcsCallControl, open_client
from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds
from callscribe.adapters.tokens import JwtTokens
from callscribe.domain.call import Call, CallState
from callscribe.domain.errors import AcsError
from callscribe.domain.events import Envelope
from callscribe.domain.policy import Policy, parse_policy
from callscribe.domain.timeline import parse_rfc3339
from callscribe.ports import CallFilter, Config, Ports
from callscribe.runtime.telemetry import Metrics
from tests.callscribe.http_receiver import Received, Receiver, Reply, receiver

EVERYBODY = '[{"to": "*"}]'


class ShiftedClock:
    """The real time, moved by as much as a test wants."""

    def __init__(self) -> None:
        self.shift = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.shift


@dataclass
class Bench:
    ports: Ports
    inbox: Inbox
    emulator: Emulator
    clock: ShiftedClock
    server: Receiver
    control: httpx.AsyncClient
    delivered: int = 0
    refused: list[AcsError] = field(default_factory=list)

    async def ring(self, **facts: Any) -> Envelope:
        """Somebody dials in; gives Event Grid's event."""
        begin = self.mark()
        answer = await self.control.post("/_emulator/calls", json={"to": "+14255550199", **facts})
        assert answer.status_code == 201, answer.text
        (entry, *_) = await self.emulator.journal.wait(
            "eventgrid",
            after=begin,
            where=lambda one: str(one.data["type"]).endswith("IncomingCall"),
            within=10,
        )
        (event,) = entry.data["event"]  # type: ignore[misc]
        return grid(event)

    def mark(self) -> int:
        entries = self.emulator.journal.entries()
        return entries[-1].number if entries else 0

    async def work(self) -> None:
        """Do everything that is due, as the worker would, once."""
        for job in await self.ports.store.claim_jobs("bench", 3000, 100):
            try:
                await perform(self.ports, job, again=True)
            except AcsError as error:
                self.refused.append(error)

    async def told(self, kind: str, call: Call) -> Call:
        """Hand in what ACS posts until an event of this kind has come; gives the call as it is then."""
        while True:
            await self.server.count(self.delivered + 1)
            received = self.server.requests[self.delivered]
            self.delivered += 1
            if not received.path.startswith("/azure/callbacks/"):
                continue
            key = received.path.rsplit("/", 1)[1]
            items = [cloud(event) for event in received.json]
            await self.inbox.callbacks(key, items)
            if key == call.key and any(item.type.endswith(kind) for item in items):
                return await self.call(call.id)

    async def call(self, call_id: str) -> Call:
        stored = await self.ports.store.call(call_id)
        assert stored is not None
        return stored.call

    async def only_call(self) -> Call:
        calls, _ = await self.ports.store.calls(CallFilter(), 10, None)
        (stored,) = calls
        return stored.call

    async def reaches(self, call: Call, state: CallState, kind: str) -> Call:
        call = await self.told(kind, call)
        assert call.state is state
        return call

    def asked(self, after: int = 0) -> list[str]:
        """The operations that ACS was asked for."""
        return [str(entry.data["operation"]) for entry in self.emulator.journal.entries(("request",), after)]


def cloud(event: dict[str, Any]) -> Envelope:
    return Envelope(
        event["id"],
        event["type"],
        event["source"],
        event["subject"],
        parse_rfc3339(event["time"]),
        event["data"],
    )


def grid(event: dict[str, Any]) -> Envelope:
    return Envelope(
        event["id"],
        event["eventType"],
        event["topic"],
        event["subject"],
        parse_rfc3339(event["eventTime"]),
        event["data"],
    )


@asynccontextmanager
async def open_bench(
    folder: Path, policy: str = EVERYBODY, sinks: tuple[str, ...] = ()
) -> AsyncIterator[Bench]:
    url = sqlite_url(folder / "callscribe.sqlite3")
    await migrate(url)
    clock = ShiftedClock()
    async with (
        receiver() as server,
        Emulator(Options(speed=20, ring_seconds=600)) as emulator,
        SqlStore(url, clock, sinks) as store,
        httpx.AsyncClient(base_url=emulator.url) as control,
        httpx.AsyncClient() as http,
        open_client(endpoint=emulator.url, credential=emulator.access_key) as client,
    ):
        config = _config(parse_policy(policy), server.url)
        acs = AcsCallControl(
            client,
            callback_uri=config.callback_uri,
            transport_url=config.transport_url,
            cognitive_services_endpoint="https://speech.cognitiveservices.azure.com",
        )
        bus = LocalBus()
        metrics = Metrics()
        ports = Ports(config, clock, RandomIds(clock), store, bus, acs, JwtTokens(http), (), metrics)
        server.answer = _handshake
        subscribed = await control.post("/_emulator/event-subscriptions", json={"url": f"{server.url}/grid"})
        assert subscribed.status_code == 201, subscribed.text
        yield Bench(ports, Inbox(ports, capacity=3), emulator, clock, server, control)


def _config(policy: Policy, url: str) -> Config:
    return Config(
        policy=policy,
        default_locale="en-US",
        intermediate_results=True,
        public_url=url,
        public_ws_url=url.replace("http", "ws"),
        worker="bench",
        our_numbers=frozenset({"4:+15557770000"}),
    )


def _handshake(received: Received) -> Reply:
    """Event Grid's handshake is answered as the service does; everything else is taken."""
    if received.headers.get("aeg-event-type") == "SubscriptionValidation":
        return Reply(body={"validationResponse": received.json[0]["data"]["validationCode"]})
    return Reply()
