import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain.errors import Unauthorized
from callscribe.ports import IngestPorts
from callscribe.runtime.telemetry import Metrics
from tests.transcript_ws.world import TOKEN, World, sockets
from transcript_ws.server import serve
from transcript_ws.settings import SocketSettings

Start = Callable[[SocketSettings], AbstractAsyncContextManager[World]]


class OneToken:
    """Takes one token of ACS; the other kinds never come to this server."""

    async def acs(self, token: str) -> None:
        if token != TOKEN:
            raise Unauthorized("the token is not ACS's")

    async def event_grid(self, token: str) -> None:
        raise NotImplementedError

    async def api(self, token: str) -> tuple[str, frozenset[str]]:
        raise NotImplementedError


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "callscribe.db"
    await migrate(sqlite_url(path))
    return path


@pytest.fixture
def start(database: Path) -> Start:
    """Starts a server on the real store and bus; settings may differ from one start to the next."""

    @asynccontextmanager
    async def started(settings: SocketSettings) -> AsyncIterator[World]:
        clock, bus, metrics, stop = SystemClock(), LocalBus(), Metrics(), asyncio.Event()
        async with SqlStore(sqlite_url(database), clock) as store, SqliteArchive(database, clock) as archive:
            ports = IngestPorts(clock, RandomIds(clock), archive, bus, OneToken())
            listener = socket.create_server(("127.0.0.1", 0))
            async with serve(ports, settings, stop, metrics, metrics.scrape, listener) as server:
                yield World(server, store, archive, bus, metrics, stop)
        metrics.close()

    return started


@pytest.fixture
async def world(start: Start) -> AsyncIterator[World]:
    async with start(sockets()) as world:
        yield world
