"""What the HTTP edge works with: handed in once, reached by routes through a dependency."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from callscribe.actions.inbox import Inbox
from callscribe.domain.errors import Overloaded, ShuttingDown
from callscribe.ports import Ports
from callscribe.runtime.settings import Limits


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """What the HTTP edge needs to know of the settings."""

    limits: Limits
    development: bool = False
    """Lets callbacks in without a token and, where no way of Event Grid's is set up, its events without a secret."""
    event_grid_secret: str | None = None
    event_grid_entra: bool = False
    body_seconds: float = 30.0
    """How long a body may take to arrive."""
    heartbeat_seconds: float = 15.0
    """How long a live stream may be silent before a comment is sent."""
    slow_seconds: float = 30.0
    """How long a reader of a live stream may leave what was sent unread before it is dropped."""


class Streams:
    """Counts the open live streams."""

    def __init__(self, most: int) -> None:
        self.open = 0
        self._most = most

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Counts a stream while it is open."""
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def check(self) -> None:
        """Raises Overloaded where no more streams are to be opened."""
        if self.open >= self._most:
            raise Overloaded("no more live streams can be opened now", retry_after=5)


@dataclass(frozen=True, slots=True)
class Edge:
    ports: Ports
    inbox: Inbox
    settings: EdgeSettings
    stop: asyncio.Event
    """Set when the process is to end: live streams close, readiness fails."""
    metrics: Callable[[], bytes]
    ready: Callable[[], Awaitable[dict[str, bool]]]
    streams: Streams

    def check_running(self) -> None:
        """Raises ShuttingDown where nothing new is taken."""
        if self.stop.is_set():
            raise ShuttingDown(retry_after=2)


def _edge(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


AtEdge = Annotated[Edge, Depends(_edge)]
