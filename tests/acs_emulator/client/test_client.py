import inspect
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from acs_emulator.client import (
    AsyncEmulatorClient,
    ControlError,
    EmulatorClient,
    NothingHappened,
    asks,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def control(world: Any) -> AsyncIterator[AsyncEmulatorClient]:
    async with AsyncEmulatorClient(world.emulator.url) as client:
        yield client


async def test_a_call_from_beginning_to_end(world: Any, control: AsyncEmulatorClient) -> None:
    """Dialled, answered, heard, joined, silenced and hung up; each step is seen in the journal."""
    dialled = await control.dial_in("+15551230001", "+15559870000", display_name="Alice")
    assert (dialled.state, dialled.caller, dialled.subscriptions) == ("ringing", "4:+15551230001", 1)
    await world.journal("eventgrid", lambda e: e.data["type"].endswith("IncomingCall"))
    context = world.receiver.events[0].body[0]["data"]["incomingCallContext"]
    connection_id = await world.answer(context, operation_context="greeting")
    connected = await control.wait_for(
        "callback", type="CallConnected", where={"/event/data/operationContext": "greeting", "/status": 200}
    )
    assert connected.data["callConnectionId"] == connection_id
    (call,) = await control.calls()
    assert [one.call_connection_id for one in call.call_connections] == [connection_id]
    joined = await control.join(connection_id, "8:acs:guest")
    assert "8:acs:guest" in joined.people
    await control.say(connection_id, "Hello?")
    await control.press(connection_id, "12#")
    await control.silence(connection_id)
    await control.silence(connection_id, False)
    await control.hang_up(connection_id)
    ended = await control.wait_for("callback", type="CallDisconnected", call_connection_id=connection_id)
    assert ended.number > connected.number
    page = await control.journal("callback", after=connected.number)
    assert page.entries[-1].number == ended.number <= page.last


async def test_a_callee(world: Any, control: AsyncEmulatorClient) -> None:
    """Behaves as told; who answers says the turns."""
    await control.set_callee("+15557770001", "busy", after_seconds=0)
    await control.set_callee("+15557770002", "answer", "Hi.", {"text": "Bye.", "silence": 1})
    body = world.emulator.exchange.callees.get("4:+15557770002")
    assert [turn.text for turn in body.dialogue.turns] == ["Hi.", "Bye."]
    assert world.emulator.exchange.callees.get("4:+15557770001").after_seconds == 0


async def test_faults_and_chance(world: Any, control: AsyncEmulatorClient) -> None:
    """By name, with members in snake case; listed, removed, cleared; the catalogue names them."""
    fault_id = await control.add_fault("dropSocket", after_packets=3, rate=0.5)
    await control.add_fault("badToken", where="callback", what="expired", times=2)
    first, second = await control.faults()
    assert (first.fault_id, first.kind, first.times, first.members["afterPackets"]) == (
        fault_id,
        "dropSocket",
        None,
        3,
    )
    assert second.times == 2
    await control.remove_fault(fault_id)
    await control.clear_faults()
    assert await control.faults() == ()
    await control.seed(5)
    catalogue = await control.catalogue()
    assert first.kind in catalogue.kinds
    assert (429, 8565) in {(row.code, row.sub_code) for row in catalogue.transcription_failures}


async def test_the_clock(world: Any, control: AsyncEmulatorClient) -> None:
    """Held, stepped, released."""
    held = await control.hold_clock()
    stepped = await control.step_clock(3)
    assert (stepped.held, stepped.now) == (True, held.now + 3)
    assert await control.clock() == stepped
    assert (await control.set_speed(50)).speed == 50
    assert not (await control.release_clock()).held


async def test_subscriptions(world: Any, control: AsyncEmulatorClient) -> None:
    """Made, listed and removed, with typed results."""
    made = await control.subscribe(f"{world.receiver.url}/events", subject_begins_with="/caller")
    assert made.validated
    assert [one.name for one in await control.subscriptions()][-1] == made.name
    await control.unsubscribe(made.name)
    assert len(await control.subscriptions()) == 1
    addresses = await control.addresses()
    assert addresses.connection_string == world.emulator.connection_string
    await control.reset(subscriptions=True)
    assert await control.subscriptions() == ()


async def test_a_recording(world: Any, control: AsyncEmulatorClient) -> None:
    """Goes out again as it was."""
    assert (await control.start_recorder()).on
    await control.dial_in()
    await world.journal("eventgrid", lambda e: e.data["type"].endswith("IncomingCall"))
    assert (await control.stop_recorder()).lines == 1
    recording = await control.recording()
    replay_id = await control.replay(recording, {world.receiver.url: f"{world.receiver.url}/again"})
    await control.wait_for("replay", where={"/replayId": replay_id, "/what": "finished", "/failed": 0})
    assert world.receiver.requests[-1].path == "/again/events"
    assert world.receiver.requests[-1].raw == world.receiver.events[0].raw


async def test_what_the_emulator_refuses(world: Any, control: AsyncEmulatorClient) -> None:
    """The problem as an exception; what does not happen, as a failed assertion."""
    with pytest.raises(ControlError, match="no call lives") as refused:
        await control.say("nobody", "Hello?")
    assert (refused.value.status, refused.value.title) == (404, "No such call")
    with pytest.raises(NothingHappened, match="earthquake"):
        await control.wait_for("earthquake", within=0.01)


@pytest.fixture
def answering() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server that answers every request alike, and what it was asked."""
    asked: list[tuple[str, str]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.path))
            known = self.path.startswith("/_emulator/clock")
            body = json.dumps({"speed": 2, "held": False, "now": 1.5}).encode() if known else b"<html>"
            self.send_response(200 if known else 502, "Bad Gateway")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


def test_the_synchronous_client(answering: tuple[str, list[tuple[str, str]]]) -> None:
    """Asks and reads as the asynchronous one does; an answer of somebody else is an error all the same."""
    url, asked = answering
    with EmulatorClient(url) as client:
        assert client.clock().now == 1.5
        assert client.step_clock(1).speed == 2
        with pytest.raises(ControlError, match="502 Bad Gateway: <html>"):
            client.calls()
    assert asked == [("GET", "/_emulator/clock"), ("POST", "/_emulator/clock"), ("GET", "/_emulator/calls")]


def test_both_clients_have_every_operation() -> None:
    """Those of `asks`, each with its documentation."""
    operations = {
        name
        for name, one in vars(asks).items()
        if inspect.isfunction(one) and not name.startswith("_") and one.__module__ == asks.__name__
    }
    for client in (EmulatorClient, AsyncEmulatorClient):
        for name in operations:
            assert inspect.getdoc(getattr(client, name)) or vars(client)[name].__doc__, name
