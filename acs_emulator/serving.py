"""Listening sockets, and the servers that answer on them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
from collections.abc import Iterator
from typing import TypeGuard

import uvicorn
from starlette.types import ASGIApp

SHUTDOWN_PATIENCE = 2


class CannotStart(Exception):
    """The message says in one sentence why, and what to do."""


class PortBusy(CannotStart):
    """A port cannot be listened on; the message says which, why, and what to do."""


class Server(uvicorn.Server):
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on TLS clients that are idle: to close politely is to wait for their answer, and an idle client does
        not listen. Whoever is still there at the end is hung up on as well."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            transport = getattr(connection, "transport", None)
            if _is_idle_tls(transport) and (cycle is None or cycle.response_complete):
                transport.abort()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _is_idle_tls(transport: asyncio.Transport | None) -> TypeGuard[asyncio.Transport]:
    """Whether nothing waits to be sent over TLS."""
    if transport is None or transport.get_extra_info("ssl_object") is None:
        return False
    return transport.get_write_buffer_size() == 0


def configuration(app: ASGIApp, context: ssl.SSLContext | None) -> uvicorn.Config:
    """Over TLS where there is a context."""
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_PATIENCE,
        ssl_context_factory=None if context is None else lambda config, default: context,
    )


def bind(host: str, port: int, option: str) -> socket.socket:
    """A listening socket. Raises PortBusy."""
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
