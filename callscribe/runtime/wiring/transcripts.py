"""What the transcript server reaches the world through: no SQL toolkit, no Azure SDK, no web framework."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.adapters.tokens import JwtTokens
from callscribe.ports import Bus, IngestPorts
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics
from callscribe.runtime.wiring.shared import acs_trust, open_bus, sink_names


@asynccontextmanager
async def transcript_ports(
    settings: Settings, metrics: Metrics, bus: Bus | None = None
) -> AsyncIterator[IngestPorts]:
    """Opens everything in order, and closes it in reverse; without a bus given, the one of the settings."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        archive = SqliteArchive(settings.database_path, clock, sink_names(settings))
        yield IngestPorts(
            clock=clock,
            ids=RandomIds(clock),
            archive=await stack.enter_async_context(archive),
            bus=bus or await open_bus(settings, metrics, stack),
            tokens=JwtTokens(http, acs=acs_trust(settings)),
            server=f"{socket.gethostname()}:{settings.ws_host}:{settings.ws_port}",
        )
