import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from acs_emulator.outgoing.posting import MAX_ANSWER_BYTES, Letter

pytestmark = pytest.mark.anyio


@pytest.fixture
async def endless() -> AsyncIterator[str]:
    """A receiver whose answer does not end by itself."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_an_answer_that_does_not_end(world: Any, endless: str) -> None:
    """Its beginning is enough."""
    answer = await world.emulator.exchange.post.send(
        Letter(what="callbacks", name="CallConnected", url=endless, headers={})
    )
    assert answer.status == 200
    assert MAX_ANSWER_BYTES < len(answer.content) < 10 * MAX_ANSWER_BYTES


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://[", "nowhere", "http://xn--/", "http://h/\ud800"], ids=ascii
)
async def test_a_receiver_that_cannot_be_reached(world: Any, url: str) -> None:
    """No status, and why."""
    answer = await world.emulator.exchange.post.send(
        Letter(what="eventgrid", name="IncomingCall", url=url, headers={})
    )
    assert answer.status is None
    assert answer.error


async def test_a_handshake_is_not_struck(world: Any) -> None:
    """`webhook` faults wait for a delivery."""
    world.emulator.faults.add({"kind": "webhook", "what": "eventgrid"})
    made = await world.control("/event-subscriptions", {"url": f"{world.receiver.url}/events"})
    assert made["validated"]
    assert len(world.emulator.faults.to_json()) == 1
