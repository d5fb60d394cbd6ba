import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest

from acs_emulator.outgoing import callbacks
from tests.acs_emulator.conftest import Received, Receiver, _read

pytestmark = pytest.mark.anyio


def _names(world: Any) -> list[str]:
    return [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]


async def _call(world: Any, *faults: dict[str, Any]) -> str:
    for fault in faults:
        world.emulator.faults.add(fault)
    return str(await world.answer(await world.dial_in()))


async def test_a_receiver_that_fails_is_tried_again(world: Any) -> None:
    """After 5xx and 429, with a new token; the next event does not wait for it."""
    context = await world.dial_in()
    world.receiver.statuses = [500, 200, 429, 200]
    await world.answer(context)
    await world.event("CallConnected")
    assert _names(world) == ["CallConnected", "ParticipantsUpdated", "CallConnected", "CallConnected"]


async def test_a_receiver_that_refuses_is_left_alone(world: Any) -> None:
    """401 is final."""
    context = await world.dial_in()
    world.receiver.statuses = [401]
    connection_id = await world.answer(context)
    await world.event("ParticipantsUpdated")
    await world.emulator.clock.sleep(30)
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected")
    assert _names(world) == ["CallConnected", "ParticipantsUpdated", "CallDisconnected"]


async def test_duplicated_lost_and_reordered(world: Any) -> None:
    """As the faults say; the duplicate has the same id."""
    await _call(world, {"kind": "duplicate", "what": "callbacks"})
    await world.event("ParticipantsUpdated")
    assert _names(world) == ["CallConnected", "CallConnected", "ParticipantsUpdated"]
    assert len({event["id"] for event in world.receiver.callbacks}) == 2
    world.receiver.requests.clear()
    connection_id = await _call(world, {"kind": "reorder", "what": "callbacks", "types": ["CallConnected"]})
    await world.event("CallConnected", connection_id)
    assert _names(world) == ["ParticipantsUpdated", "CallConnected"]
    world.receiver.requests.clear()
    connection_id = await _call(world, {"kind": "lose", "what": "callbacks"})
    await world.event("ParticipantsUpdated", connection_id)
    assert _names(world) == ["ParticipantsUpdated"]


async def test_one_that_nothing_overtakes_is_only_late(world: Any) -> None:
    """A reordered last event arrives all the same."""
    connection_id = await _call(world)
    await world.event("ParticipantsUpdated")
    world.emulator.faults.add({"kind": "reorder", "what": "callbacks"})
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected")


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("expired", jwt.ExpiredSignatureError),
        ("wrong-key", jwt.InvalidSignatureError),
        ("wrong-audience", jwt.InvalidAudienceError),
        ("malformed", jwt.DecodeError),
    ],
)
async def test_bad_tokens(world: Any, what: str, error: type[Exception]) -> None:
    """Each is wrong in the way it was asked to be."""
    await _call(world, {"kind": "badToken", "where": "callback", "what": what})
    await world.event("CallConnected")
    keys = jwt.PyJWKSet.from_dict((await world.http.get("/calling/keys")).json())
    callback = next(one for one in world.receiver.requests if one.path.startswith("/callbacks"))
    token = callback.headers["authorization"].removeprefix("Bearer ")
    with pytest.raises(error):
        jwt.decode(token, keys.keys[0], algorithms=["RS256"], audience=world.emulator.resource_id)


async def test_a_fault_for_another_call_does_not_strike(world: Any) -> None:
    """`callConnectionId` picks the call."""
    await _call(world, {"kind": "lose", "what": "callbacks", "callConnectionId": "another"})
    await world.event("CallConnected")


async def test_version_2024_04_15_has_no_result_information(world: Any) -> None:
    """As captured."""
    world.client._client._config.api_version = "2024-04-15"
    await _call(world)
    connected = await world.event("CallConnected")
    assert connected["version"] == "2024-04-15"
    assert "resultInformation" not in connected


async def test_a_webhook_that_seems_to_fail(world: Any) -> None:
    """The sender tries again: after an answer that never reached the receiver, and after one that did."""
    connection_id = await _call(world, {"kind": "webhook", "status": 503})
    first = await world.journal("callback", lambda e: e.data["status"] == 503)
    assert first.data["type"] == "CallConnected"
    await world.event("CallConnected", connection_id)
    assert _names(world).count("CallConnected") == 1
    world.receiver.requests.clear()
    connection_id = await _call(world, {"kind": "webhook", "status": None, "received": True})
    lost = await world.journal("callback", lambda e: e.data["status"] is None)
    assert "no answer in time" in lost.data["error"]
    await world.event("CallConnected", connection_id)
    assert _names(world).count("CallConnected") == 2


async def test_a_slow_webhook(world: Any) -> None:
    """Is overtaken by what follows: CallConnected comes late."""
    fault = {"kind": "slowWebhook", "types": ["CallConnected"], "seconds": 20}
    context = await world.dial_in()
    world.emulator.faults.add(fault)
    world.emulator.clock.hold()
    await world.answer(context)
    while not _names(world):
        await world.emulator.clock.step(0.25)
    await world.emulator.clock.step(19)
    assert _names(world) == ["ParticipantsUpdated"]
    await world.emulator.clock.step(1)
    assert _names(world) == ["ParticipantsUpdated", "CallConnected"]


async def test_shuffled_callbacks(world: Any) -> None:
    """In another order than they happened, the same one for the same seed."""

    async def order(seed: int) -> list[str]:
        context = await world.dial_in()
        world.receiver.requests.clear()
        world.emulator.faults.seed(seed)
        world.emulator.clock.hold()
        await world.answer(context)
        while len(_names(world)) < 2:
            await world.emulator.clock.step(0.25)
        world.emulator.clock.release()
        return _names(world)

    world.emulator.faults.add({"kind": "shuffle", "windowSeconds": 100})
    orders = {seed: await order(seed) for seed in range(6)}
    assert {tuple(one) for one in orders.values()} == {
        ("CallConnected", "ParticipantsUpdated"),
        ("ParticipantsUpdated", "CallConnected"),
    }
    assert [await order(seed) for seed in range(3)] == [orders[seed] for seed in range(3)]


async def test_some_callbacks_lost_by_rate(world: Any) -> None:
    """A rate strikes again and again, not always, until it is deleted."""
    world.emulator.faults.seed(3)
    world.emulator.faults.add({"kind": "duplicate", "what": "callbacks", "rate": 0.5})
    for _ in range(6):
        await world.event("ParticipantsUpdated", await world.answer(await world.dial_in()))
    struck = len(world.emulator.journal.entries(("fault",)))
    assert 0 < struck < 12
    assert len(world.emulator.faults.to_json()) == 1


async def test_callbacks_that_are_dropped_before_they_begin(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hold up nothing that is sent later."""
    monkeypatch.setattr(callbacks, "PATIENCE", 3600)
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    exchange = world.emulator.exchange
    leg = exchange.calls.leg(connection_id)
    exchange.callbacks.send(leg, "PlayStarted")
    exchange.callbacks.drop_all()
    exchange.callbacks.send(leg, "PlayCompleted")
    await world.event("PlayCompleted")
    assert "PlayStarted" not in _names(world)


@dataclass
class Mute(Receiver):
    """An application that takes what it is sent and never answers."""

    taken: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        self.requests.append(request)
        self.taken.put_nowait(request)
        await reader.read()
        writer.close()


@pytest.fixture
async def mute() -> AsyncIterator[Mute]:
    application = Mute()
    server = await asyncio.start_server(application.answer, "127.0.0.1", 0)
    application.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield application


async def test_a_receiver_that_never_answers(world: Any, mute: Mute) -> None:
    """Does not hold up what follows, which comes in order."""
    context = await world.dial_in()
    await world.client.answer_call(context, f"{mute.url}/callbacks")
    async with asyncio.timeout(10):
        await mute.taken.get()
        await mute.taken.get()
    names = [event["type"].rpartition(".")[2] for event in mute.callbacks]
    assert names == ["CallConnected", "ParticipantsUpdated"]
    assert not world.emulator.journal.entries(("callback",))


async def test_a_receiver_that_took_an_event_without_an_answer(
    world: Any, mute: Mute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is not told again."""
    monkeypatch.setattr(world.emulator.exchange.post._client, "timeout", httpx.Timeout(0.3))
    context = await world.dial_in()
    await world.client.answer_call(context, f"{mute.url}/callbacks")
    told = await world.journal("callback", lambda e: e.data["type"] == "CallConnected")
    assert told.data["error"] == "ReadTimeout: no answer in time"
    await world.emulator.clock.sleep(60)
    assert [event["type"].rpartition(".")[2] for event in mute.callbacks].count("CallConnected") == 1
