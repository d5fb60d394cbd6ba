"""How the HTTP server ends."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl

from callscribe.actions import calls
from callscribe.domain.access import Scope
from service.program import HttpServer
from tests.service.situations import Service, assert_problem

pytestmark = pytest.mark.anyio
EXPECT = {"expect": {}}


@pytest.fixture
async def server(service: Service) -> AsyncIterator[HttpServer]:
    """The application on a real port."""
    server = HttpServer(uvicorn.Config(service.app(), log_config=None, access_log=False, port=0))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    serving = asyncio.create_task(server.serve([listener]))
    server.config.port = listener.getsockname()[1]
    yield server
    await server.close()
    await serving


@pytest.fixture
async def client(server: HttpServer, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": (await service.client(Scope.CONTROL)).headers["Authorization"]}
    url = f"http://127.0.0.1:{server.config.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as client:
        yield client


class Placing:
    """Places calls when it is told to."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self._place = calls.place

    async def place(self, *about: Any) -> Any:
        self.begun.set()
        await self.go_on.wait()
        return await self._place(*about)


@pytest.fixture
def placing(monkeypatch: pytest.MonkeyPatch) -> Placing:
    placing = Placing()
    monkeypatch.setattr("callscribe.actions.calls.place", placing.place)
    return placing


async def cut_off(server: HttpServer) -> None:
    """Ends the server without patience."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await server.close()


async def test_a_request_that_was_begun(
    server: HttpServer, client: httpx.AsyncClient, service: Service, placing: Placing
) -> None:
    """is answered, and then the server has closed."""
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/v1/calls", json=EXPECT))
        await placing.begun.wait()
        service.stop.set()
        closing = group.create_task(server.close())
        placing.go_on.set()
    assert asked.result().status_code == 201
    assert closing.done()
    with pytest.raises(httpx.ConnectError):
        await client.get("/healthz")


async def test_a_request_that_takes_too_long(
    server: HttpServer,
    client: httpx.AsyncClient,
    service: Service,
    placing: Placing,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """is told that the service stops and when to come again, and nothing is logged as a defect."""
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/v1/calls", json=EXPECT))
        await placing.begun.wait()
        service.stop.set()
        await cut_off(server)
    assert_problem(asked.result(), 503, "shutting-down")
    assert asked.result().headers["retry-after"] == "2"
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


async def test_a_reader_that_does_not_read(
    server: HttpServer, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """does not keep the server from closing."""
    full, pause = asyncio.Event(), FlowControl.pause_writing

    def paused(flow: FlowControl) -> None:
        full.set()
        pause(flow)

    monkeypatch.setattr(FlowControl, "pause_writing", paused)
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", server.config.port))
        reader.sendall(b"GET /docs/files/swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: service\r\n\r\n")
        await asyncio.wait_for(full.wait(), 10)
        service.stop.set()
        await cut_off(server)
        await asyncio.wait_for(server.close(), 5)
    assert server.server_state.connections == set()
