"""The HTTP service as a part of a process: its port, its background work, and its end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn

from callscribe.actions.inbox import Inbox
from callscribe.ports import Ports
from callscribe.runtime.lifecycle import Step
from callscribe.runtime.listening import open_port
from callscribe.runtime.parts import Part
from callscribe.runtime.readiness import answering
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics
from service.app import create_app
from service.edge import EdgeSettings
from service.worker import background

_log = structlog.stdlib.get_logger(__name__)
_CUT_OFF_S = 1.0
"""How long requests that are cut off may take to say so, and then connections to close."""


@asynccontextmanager
async def service_part(
    settings: Settings, ports: Ports, metrics: Metrics, stop: asyncio.Event
) -> AsyncIterator[Part]:
    """Listens from the start; serves while the part's loops run. Raises PortUnusable."""
    with open_port(settings.host, settings.port, "CALLSCRIBE_PORT") as listener:
        inbox = Inbox(ports, settings.limits.held_events)
        metrics.watch("held_events", "Events held in memory while the database is away.", lambda: inbox.held)
        app = create_app(
            ports=ports,
            inbox=inbox,
            settings=edge_settings(settings),
            stop=stop,
            metrics=metrics.scrape,
            ready=lambda: answering({"store": ports.store.ping, "bus": ports.bus.ping}),
            telemetry={"tracing": False, "logs": False, "meter_provider": metrics.provider},
        )
        streams = app.state.edge.streams
        metrics.watch("readers", "Open live streams.", lambda: streams.open)
        server = HttpServer(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
            )
        )

        async def serve() -> None:
            await server.serve(sockets=[listener])

        yield Part(
            loops={"http": serve, **background(ports, inbox, metrics)},
            ending=[Step("The HTTP server answers what it has begun, and closes.", server.close)],
        )


def edge_settings(settings: Settings) -> EdgeSettings:
    return EdgeSettings(
        limits=settings.limits,
        development=settings.development,
        event_grid_secret=settings.event_grid_secret or None,
        event_grid_entra=bool(settings.event_grid_tenant_id),
    )


class HttpServer(uvicorn.Server):
    """uvicorn without signal handlers and a deadline of its own: the process has them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._closed = asyncio.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().serve(sockets)
        finally:
            self._closed.set()

    async def close(self) -> None:
        """Returns when what was begun is answered; where it is cancelled, the rest is cut off first."""
        self.should_exit = True
        try:
            await self._closed.wait()
        except asyncio.CancelledError:
            await self._cut_off()
            raise

    async def _cut_off(self) -> None:
        """Cancel the requests that are left, which then say that the service stops, and wait for no reader."""
        _log.warning("Requests are cut off by the shutdown.", requests=len(self.server_state.tasks))
        for task in self.server_state.tasks:
            task.cancel()
        if not await self._closes():
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await self._closes()

    async def _closes(self) -> bool:
        try:
            async with asyncio.timeout(_CUT_OFF_S):
                await self._closed.wait()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
