import pytest
from websockets.exceptions import ConnectionClosed

from callscribe.actions.ingest import Limits
from tests.transcript_ws.conftest import Start
from tests.transcript_ws.world import World, metadata, said, sockets
from transcript_ws.connection import PacketConnection

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def unknown_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server reads by what the library documents, as it would with another release of it."""
    monkeypatch.setattr("transcript_ws.server.connection_class", lambda: PacketConnection)


async def test_packets_by_the_documented_way(world: World) -> None:
    """Whole or in fragments, each is taken."""
    await world.has_call()
    text = said("two", 3)
    async with world.dial() as socket:
        await socket.send(metadata())
        await socket.send(said("one", 1))
        await socket.send([text[:10], text[10:]])
    await world.recorded(socket)
    assert await world.texts() == ["one", "two"]


async def test_pauses_by_the_documented_way(start: Start) -> None:
    """Nothing is lost by them."""
    async with start(sockets(limits=Limits(queue_high=0, queue_low=0))) as world:
        await world.has_call()
        await world.say(metadata(), *(said(f"{second}", second) for second in range(20)))
        assert await world.texts() == [f"{second}" for second in range(20)]


async def test_flood_by_the_documented_way(start: Start) -> None:
    """It is closed with 1008; binary messages count as packets that cannot be read."""
    async with start(sockets(limits=Limits(malformed_per_minute=5))) as world:
        await world.has_call()
        async with world.dial() as socket:
            for _ in range(6):
                await socket.send(b"{")
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008
