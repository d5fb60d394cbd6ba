"""The transcript server as a part of a process: its port, and its end."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callscribe.actions.ingest import Limits
from callscribe.ports import IngestPorts
from callscribe.runtime.lifecycle import Step
from callscribe.runtime.listening import open_port
from callscribe.runtime.parts import Part
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics
from transcript_ws.server import serve
from transcript_ws.settings import SocketSettings


@asynccontextmanager
async def transcript_part(
    settings: Settings, ports: IngestPorts, metrics: Metrics, stop: asyncio.Event
) -> AsyncIterator[Part]:
    """Listens and serves from the start. Raises PortUnusable."""
    listener = open_port(settings.ws_host, settings.ws_port, "CALLSCRIBE_WS_PORT")
    metrics.watch("queued_writes", "Writes waiting for their commit.", lambda: ports.archive.queued)
    ports.archive.on_commit(lambda committed: metrics.committed(committed.seconds))
    async with serve(ports, socket_settings(settings), stop, metrics, metrics.scrape, listener) as server:
        # What is loaded by now stays; to look through it at each collection would stop the reading.
        gc.collect()
        gc.freeze()
        yield Part(loops={}, ending=[Step("Open sockets go on until their calls end.", server.empty)])


def socket_settings(settings: Settings) -> SocketSettings:
    limits = settings.limits
    return SocketSettings(
        token=settings.socket_token,
        limits=Limits(
            sockets=limits.sockets,
            sockets_per_call=limits.sockets_per_call,
            queue_high=limits.queued_writes,
            queue_low=limits.queued_writes // 4,
            malformed_per_minute=limits.malformed_per_minute,
        ),
        message_bytes=limits.message_bytes,
    )
