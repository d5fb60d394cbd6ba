"""The HTTP application."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from callscribe.actions.inbox import Inbox
from callscribe.ports import Ports
from service.access_log import AccessLog
from service.edge import Edge, EdgeSettings, Streams
from service.openapi import describe_api
from service.problems import answer_problems
from service.request_body import BodyLimit
from service.routes import callbacks, calls, docs, errors, eventgrid, feed, health, transcription, transcripts

_ROUTERS = (
    calls.router,
    transcription.router,
    feed.router,
    transcripts.router,
    errors.router,
    eventgrid.router,
    callbacks.router,
    health.router,
    docs.router,
)


def create_app(
    ports: Ports,
    inbox: Inbox,
    settings: EdgeSettings,
    stop: asyncio.Event,
    metrics: Callable[[], bytes],
    ready: Callable[[], Awaitable[dict[str, bool]]],
    telemetry: TelemetryConfig | None = None,
) -> FastAPI:
    """An application around these; several in one process share nothing.

    `stop` ends live streams and readiness when it is set. Serve it without uvicorn's access log, which would tell
    the capabilities in paths.
    """
    app = FastAPI(
        title="callscribe",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=telemetry or {"tracing": False, "logs": False, "metrics": False},
    )
    app.state.edge = Edge(ports, inbox, settings, stop, metrics, ready, Streams(settings.limits.readers))
    for router in _ROUTERS:
        app.include_router(router)
    docs.serve_files(app)
    answer_problems(app, [*app.routes, *(route for router in _ROUTERS for route in router.routes)])
    describe_api(app)
    # The last added is the outermost.
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(AccessLog, stop=stop)
    return app
