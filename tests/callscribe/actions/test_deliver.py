"""A real store, a real endpoint, and a clock that is moved by hand over the days of retries."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from callscribe.actions import deliver
from callscribe.actions.deliver import CALLS_AT_ONCE, LEASE_MS, Deliverer
from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.eventgrid import EventGridSink, open_publisher
from callscribe.adapters.outbound import WebhookSink
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.changes import RINGS_TOPIC, Change, ChangeKind, Ring
from callscribe.domain.errors import StoreUnavailable
from callscribe.domain.hooks import SCHEDULE_S
from callscribe.domain.policy import Policy
from callscribe.ports import Config, Ports, Push, Sink
from tests.callscribe.http_receiver import Received, Receiver, Reply, receiver

pytestmark = pytest.mark.anyio

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


class MovedClock(SystemClock):
    """The wall clock, moved on by hand."""

    def __init__(self) -> None:
        self.moved = 0

    def now(self) -> int:
        return super().now() + self.moved


class Told:
    """What the deliverer counted, to be waited for."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self._changed = asyncio.Event()

    def __call__(self, sink: str, outcome: str) -> None:
        self.outcomes.append((sink, outcome))
        self._changed.set()

    async def until(self, outcome: str, times: int = 1, sink: str = "webhook") -> None:
        while self.outcomes.count((sink, outcome)) < times:
            self._changed.clear()
            await self._changed.wait()


class World:
    """One store, one bus and one endpoint; deliverers come and go."""

    def __init__(
        self, store: SqlStore, clock: MovedClock, endpoint: Receiver, sinks: tuple[Sink, ...]
    ) -> None:
        self.store, self.clock, self.endpoint, self.sinks = store, clock, endpoint, sinks
        self.bus = LocalBus()
        self.told = Told()

    async def call(self, call_id: str, changes: int) -> None:
        transcription = Transcription(locale="en-US")
        call = Call(call_id, f"key-{call_id}", Direction.INCOMING, CallState.CONNECTED, 0, transcription)
        async with self.store.transaction() as transaction:
            await transaction.insert_call(call)
        await self.change(call_id, changes)

    async def change(self, call_id: str, times: int = 1) -> None:
        async with self.store.transaction() as transaction:
            for _ in range(times):
                await transaction.change(call_id, ChangeKind.CALL, self.clock.now(), b"{}")

    def ports(self, worker: str = "one") -> Ports:
        unused: Any = None
        return Ports(
            config=Config(Policy(), "en-US", True, "https://us.test", "wss://us.test", worker),
            clock=self.clock,
            ids=RandomIds(),
            store=self.store,
            bus=self.bus,
            acs=unused,
            tokens=unused,
            sinks=self.sinks,
        )

    @asynccontextmanager
    async def delivering(self, worker: str = "one") -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(Deliverer(self.ports(worker), jitter=lambda: 0.0, count=self.told).run)
            yield
            group.cancel_scope.cancel()

    async def pass_time(self, seconds: float) -> None:
        self.clock.moved += int(seconds * 1000) + 1
        self.bus.publish(RINGS_TOPIC, Ring("any", 1))

    def ids(self, call_id: str = "") -> list[str]:
        sent = [request.headers["webhook-id"] for request in self.endpoint.requests]
        return [message for message in sent if message.startswith(call_id)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    url, clock = sqlite_url(tmp_path / "callscribe.db"), MovedClock()
    await migrate(url)
    async with receiver() as endpoint, SqlStore(url, clock, ("webhook",)) as store:
        sink = WebhookSink("webhook", endpoint.url, SECRET, clock, development=True)
        yield World(store, clock, endpoint, (sink,))
        await sink.aclose()


async def test_everything_in_order(world: World) -> None:
    """Every change of every call goes out once, in order within the call, and nothing is left."""
    await world.call("call_a", 3)
    await world.call("call_b", 2)
    async with world.delivering():
        await world.told.until("accepted", 2)
    assert world.ids("call_a") == ["call_a_1", "call_a_2", "call_a_3"]
    assert world.ids("call_b") == ["call_b_1", "call_b_2"]
    assert await world.store.claim_pushes("webhook", "other", LEASE_MS, 10) == ()


async def test_woken_by_a_ring(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that is committed while nothing is due goes out at its ring, not at the next look."""
    monkeypatch.setattr(deliver, "POLL_S", 3600.0)
    await world.call("call_a", 1)
    async with world.delivering():
        await world.told.until("accepted")
        await world.change("call_a")
        world.bus.publish(RINGS_TOPIC, Ring("call_a", 2))
        await world.told.until("accepted", 2)
    assert world.ids() == ["call_a_1", "call_a_2"]


async def test_a_lost_ring(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is looked into from time to time all the same."""
    monkeypatch.setattr(deliver, "POLL_S", 0.01)
    async with world.delivering():
        await world.call("call_a", 1)
        await world.told.until("accepted")
    assert world.ids() == ["call_a_1"]


async def test_refused_and_tried_again(world: World) -> None:
    """A refused change is sent again with the same id when its time has come; none overtakes it."""
    await world.call("call_a", 3)
    world.endpoint.replies = [Reply(200), Reply(500), Reply(500), Reply(500)]
    async with world.delivering():
        await world.told.until("refused", 2)
        assert world.ids() == ["call_a_1", "call_a_2", "call_a_2"]
        await world.pass_time(SCHEDULE_S[1])
        await world.told.until("refused", 3)
        await world.pass_time(SCHEDULE_S[1])
        await world.change("call_a")
        assert len(world.ids()) == 4
        await world.pass_time(SCHEDULE_S[2])
        await world.told.until("accepted")
    assert world.ids()[4:] == ["call_a_2", "call_a_3", "call_a_4"]


async def test_asked_to_wait(world: World) -> None:
    """Retry-After lengthens the wait."""
    await world.call("call_a", 1)
    world.endpoint.replies = [Reply(429, headers={"Retry-After": "600"})]
    async with world.delivering():
        await world.told.until("refused")
        await world.pass_time(590)
        assert await world.store.claim_pushes("webhook", "other", LEASE_MS, 10) == ()
        await world.pass_time(10)
        await world.told.until("accepted")


async def test_one_call_is_refused(world: World) -> None:
    """The other calls go on."""

    def answer(request: Received) -> Reply:
        return Reply(500 if request.headers["webhook-id"].startswith("call_a") else 200)

    world.endpoint.answer = answer
    await world.call("call_a", 2)
    await world.call("call_b", 3)
    async with world.delivering():
        await world.told.until("accepted")
        await world.told.until("refused")
    assert world.ids("call_a") == ["call_a_1"]
    assert world.ids("call_b") == ["call_b_1", "call_b_2", "call_b_3"]


async def test_an_endpoint_that_wants_no_more(world: World) -> None:
    """A change that is answered 410 is passed over."""
    await world.call("call_a", 2)
    world.endpoint.replies = [Reply(410)]
    async with world.delivering():
        await world.told.until("accepted")
    assert world.ids() == ["call_a_1", "call_a_2"]
    assert ("webhook", "given-up") in world.told.outcomes


async def test_refused_for_days(world: World) -> None:
    """After the last try of the schedule the change is passed over and the next has tries of its own."""
    await world.call("call_a", 2)
    world.endpoint.default = Reply(500)
    async with world.delivering():
        for tries in range(1, len(SCHEDULE_S)):
            await world.told.until("refused", tries)
            await world.pass_time(SCHEDULE_S[tries])
        await world.told.until("given-up")
        await world.told.until("refused", len(SCHEDULE_S))
    assert world.ids() == ["call_a_1"] * len(SCHEDULE_S) + ["call_a_2"]


async def test_the_process_dies_on_the_way(world: World) -> None:
    """Whatever was not known to be accepted is sent again by the next process, once the lease has run out."""
    await world.call("call_a", 2)
    late = anyio.Event()
    world.endpoint.replies = [Reply(200), Reply(200, held=late)]
    async with world.delivering():
        await world.endpoint.count(2)
    late.set()
    async with world.delivering(worker="two"):
        await world.pass_time(LEASE_MS / 1000)
        await world.told.until("accepted")
    assert world.ids() == ["call_a_1", "call_a_2", "call_a_1", "call_a_2"]


async def test_two_processes(world: World) -> None:
    """A call that one process is pushing is not pushed by another."""
    await world.call("call_a", 2)
    late = anyio.Event()
    world.endpoint.default = Reply(200, held=late)
    async with world.delivering(worker="one"), world.delivering(worker="two"):
        await world.endpoint.count(1)
        await world.call("call_b", 1)
        world.bus.publish(RINGS_TOPIC, Ring("call_b", 1))
        await world.endpoint.count(2)
        late.set()
        await world.told.until("accepted", 2)
    assert sorted(world.ids()) == ["call_a_1", "call_a_2", "call_b_1"]


async def test_many_calls(world: World) -> None:
    """No more calls than allowed are pushed at once, and all get their turn."""
    for number in range(CALLS_AT_ONCE * 2):
        await world.call(f"call_{number:02d}", 1)
    late = anyio.Event()
    world.endpoint.default = Reply(200, held=late)
    async with world.delivering():
        await world.endpoint.count(CALLS_AT_ONCE)
        await world.pass_time(1)
        left = await world.store.claim_pushes("webhook", "other", 1, 100)
        assert len(left) == CALLS_AT_ONCE
        assert len(world.endpoint.requests) == CALLS_AT_ONCE
        late.set()
        await world.pass_time(1)
        await world.told.until("accepted", CALLS_AT_ONCE * 2)
    assert len(set(world.ids())) == CALLS_AT_ONCE * 2


async def test_two_sinks(tmp_path: Path) -> None:
    """A dead endpoint holds up no other sink; each keeps its own place."""
    url, clock = sqlite_url(tmp_path / "callscribe.db"), MovedClock()
    await migrate(url)
    async with (
        receiver() as dead,
        receiver() as topic,
        open_publisher(endpoint=topic.url, credential="key") as publisher,
        SqlStore(url, clock, ("webhook", "eventgrid")) as store,
    ):
        dead.default = Reply(503)
        webhook = WebhookSink("webhook", dead.url, SECRET, clock, development=True)
        world = World(store, clock, dead, (webhook, EventGridSink("eventgrid", publisher, "us")))
        await world.call("call_a", 3)
        async with world.delivering():
            await world.told.until("refused")
            await world.told.until("accepted", sink="eventgrid")
            dead.default = Reply(200)
            await world.pass_time(SCHEDULE_S[1])
            await world.told.until("accepted")
        await webhook.aclose()
        assert [event["id"] for event in topic.requests[0].json] == ["call_a_1", "call_a_2", "call_a_3"]
        assert world.ids() == ["call_a_1", "call_a_1", "call_a_2", "call_a_3"]


class Faulty:
    """A sink with a defect that shows in one call."""

    name = "webhook"

    def __init__(self, inner: Sink) -> None:
        self._inner = inner

    async def send(self, changes: Sequence[Change]) -> int:
        if changes[0].call_id == "call_a":
            raise ZeroDivisionError
        return await self._inner.send(changes)


async def test_a_defect(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """One call's defect is logged and stops no other call; the call is tried again when its lease has run out."""
    await world.call("call_a", 1)
    await world.call("call_b", 1)
    sound = world.sinks
    world.sinks = (Faulty(world.sinks[0]),)
    async with world.delivering():
        await world.told.until("accepted")
    assert "unforeseen" in caplog.text
    world.sinks = sound
    async with world.delivering(worker="two"):
        await world.pass_time(LEASE_MS / 1000)
        await world.told.until("accepted", 2)
    assert world.ids() == ["call_b_1", "call_a_1"]


class Failing(SqlStore):
    """A store that fails as often as it is told to, by the name of what is asked."""

    def fail(self, *asked: str) -> anyio.Event:
        """The event tells that every fault has been met."""
        self._faults, self._met = list(asked), anyio.Event()
        return self._met

    async def claim_pushes(self, sink: str, worker: str, lease_ms: int, limit: int) -> tuple[Push, ...]:
        if self._fails("claim"):
            raise StoreUnavailable
        return await super().claim_pushes(sink, worker, lease_ms, limit)

    async def tail(self, call_id: str, after: int, limit: int) -> tuple[Change, ...]:
        return () if self._fails("tail") else await super().tail(call_id, after, limit)

    async def pushed(self, sink: str, call_id: str, number: int) -> None:
        if self._fails("pushed"):
            raise StoreUnavailable
        await super().pushed(sink, call_id, number)

    def _fails(self, asked: str) -> bool:
        if asked not in self._faults:
            return False
        self._faults.remove(asked)
        if not self._faults:
            self._met.set()
        return True


@pytest.mark.parametrize(
    ("faults", "sent"),
    [(["claim", "claim"], 1), (["pushed"], 2), (["tail"], 1)],
    ids=lambda value: str(value),
)
async def test_the_store_fails(
    faults: list[str], sent: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked again; what was sent but could not be noted is sent once more."""
    monkeypatch.setattr(deliver, "POLL_S", 0.01)
    url, clock = sqlite_url(tmp_path / "callscribe.db"), MovedClock()
    await migrate(url)
    async with receiver() as endpoint, Failing(url, clock, ("webhook",)) as store:
        sink = WebhookSink("webhook", endpoint.url, SECRET, clock, development=True)
        world = World(store, clock, endpoint, (sink,))
        met = store.fail(*faults)
        await world.call("call_a", 1)
        async with world.delivering():
            await met.wait()
            await world.pass_time(LEASE_MS / 1000)
            await world.told.until("accepted")
        await sink.aclose()
    assert world.ids() == ["call_a_1"] * sent


async def test_no_sink(world: World) -> None:
    """Where there is nowhere to push to the deliverer ends by itself, and listens to nobody."""
    world.sinks = ()
    await Deliverer(world.ports()).run()
    assert world.bus.topics == frozenset()
