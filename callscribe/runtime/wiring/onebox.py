"""What both servers in one process reach the world through: one file, and a bus that needs no server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.migrate import migrate
from callscribe.ports import IngestPorts, Ports
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics
from callscribe.runtime.wiring.service import service_ports
from callscribe.runtime.wiring.transcripts import transcript_ports


@asynccontextmanager
async def all_ports(settings: Settings, metrics: Metrics) -> AsyncIterator[tuple[Ports, IngestPorts]]:
    """The database is made, or brought to the newest schema, first: nobody else works on it."""
    await migrate(settings.database_url)
    bus = LocalBus()
    async with (
        service_ports(settings, metrics, bus) as service,
        transcript_ports(settings, metrics, bus) as transcripts,
    ):
        yield service, transcripts
