"""Whole calls against the emulator, through the SDK."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve

from acs_emulator import Emulator, Options
from callscribe.adapters.acs import AcsCallControl, open_client
from callscribe.adapters.tokens import ACS_ISSUER, JwtTokens, Trust
from callscribe.domain import commands, errors
from callscribe.domain.call import Call, CallState, Direction, Transcription
from tests.callscribe.http_receiver import Received, Receiver, Reply, receiver

pytestmark = pytest.mark.anyio

SETUP = commands.TranscriptionSetup(locale="en-US", start=False)
AGENT = "8:acs:00000000-0000-0000-0000-000000000001_00000000-0000-0000-0000-000000000002"


@dataclass
class World:
    acs: AcsCallControl
    emulator: Any
    server: Receiver

    async def ring(self) -> str:
        """Somebody dials in; gives the context with which the call is answered."""
        async with httpx.AsyncClient(base_url=self.emulator.url) as http:
            dialled = await http.post("/_emulator/calls", json={"from": "+14255550123", "to": "+14255550199"})
            assert dialled.status_code == 201, dialled.text
        entry = await self.told("eventgrid", "IncomingCall")
        (event,) = entry["event"]
        return str(event["data"]["incomingCallContext"])

    async def callback(self, kind: str) -> Any:
        return await self.told("callback", kind)

    async def told(self, way: str, kind: str) -> Any:
        def wanted(entry: Any) -> bool:
            return str(entry.data["type"]).endswith(kind)

        found = await self.emulator.journal.wait(way, where=wanted, within=10.0)
        assert found, f"no {kind}"
        return found[0].data

    async def live_calls(self) -> list[Any]:
        async with httpx.AsyncClient(base_url=self.emulator.url) as http:
            return list((await http.get("/_emulator/calls")).json()["calls"])


def a_call(connection: str | None = None) -> Call:
    return Call(
        id="call_1",
        key="capability",
        direction=Direction.INCOMING,
        state=CallState.CONNECTED,
        created_at=0,
        transcription=Transcription(locale="en-US"),
        call_connection_id=connection,
    )


def agree(request: Received) -> Reply:
    """Answers Event Grid's handshake, and 200 to everything else."""
    body = request.json
    if isinstance(body, list) and "validationCode" in body[0].get("data", {}):
        return Reply(200, {"validationResponse": body[0]["data"]["validationCode"]})
    return Reply(200)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async def listen(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with receiver() as server, serve(listen, "127.0.0.1", 0) as sockets:
        server.answer = agree
        port = sockets.sockets[0].getsockname()[1]
        options = Options(speed=50, ring_seconds=600)
        async with Emulator(options) as emulator, httpx.AsyncClient(base_url=emulator.url) as http:
            subscribed = await http.post(
                "/_emulator/event-subscriptions", json={"url": f"{server.url}/events"}
            )
            assert subscribed.status_code == 201, subscribed.text
            client = open_client(endpoint=emulator.url, credential=emulator.access_key)
            async with client:
                acs = AcsCallControl(
                    client,
                    callback_uri=lambda call: f"{server.url}/azure/callbacks/{call.key}",
                    transport_url=lambda call: f"ws://127.0.0.1:{port}/transcripts/{call.key}",
                    cognitive_services_endpoint="https://ai.test/",
                )
                yield World(acs, emulator, server)


async def test_an_incoming_call(world: World) -> None:
    """It is answered once although told twice, gets an agent and an announcement, and ends for everybody."""
    answer = commands.Answer(await world.ring(), SETUP)
    first = await world.acs.carry_out(answer, a_call(), "job_answer")
    again = await world.acs.carry_out(answer, a_call(), "job_answer")
    assert first is not None
    assert again is not None
    assert first.call_connection_id == again.call_connection_id
    await world.callback("CallConnected")
    found = await world.acs.look_up(first.call_connection_id)
    assert (found.state, found.from_id) == ("connected", "4:+14255550123")
    assert found.transcription == "inactive"

    call = a_call(first.call_connection_id)
    await world.acs.carry_out(commands.AddParticipant(AGENT), call, "job_add")
    await world.callback("AddParticipantSucceeded")
    await world.acs.carry_out(commands.Play(text="Hello.", locale="en-US"), call, "job_play")
    await world.callback("PlayCompleted")
    await world.acs.carry_out(commands.RemoveParticipant(AGENT), call, "job_remove")
    await world.callback("RemoveParticipantSucceeded")
    await world.acs.carry_out(commands.HangUp(), call, "job_hang_up")
    await world.callback("CallDisconnected")
    with pytest.raises(errors.AcsCallNotFound):
        await world.acs.look_up(first.call_connection_id)


async def test_transcription(world: World) -> None:
    """Start, update and stop with locale, model and context; each ends in ACS's own event."""
    answered = await world.acs.carry_out(commands.Answer(await world.ring(), SETUP), a_call(), "job_1")
    assert answered is not None
    await world.callback("CallConnected")
    call = a_call(answered.call_connection_id)
    start = commands.StartTranscription("op_1", locale="de-DE", model="my-model", operation_context="mine")
    await world.acs.carry_out(start, call, "job_2")
    started = await world.callback("TranscriptionStarted")
    assert started["event"]["data"]["operationContext"] == "mine"
    assert (await world.acs.look_up(answered.call_connection_id)).transcription == "active"
    await world.acs.carry_out(commands.UpdateTranscription("op_2", locale="fr-FR"), call, "job_3")
    await world.callback("TranscriptionUpdated")
    await world.acs.carry_out(commands.StopTranscription("op_3"), call, "job_4")
    await world.callback("TranscriptionStopped")
    packets = [entry.data["packet"] for entry in await world.emulator.journal.wait("packet", within=10.0)]
    streams = [packet["transcriptionMetadata"] for packet in packets if "transcriptionMetadata" in packet]
    assert [stream["locale"].lower() for stream in streams] == ["de-de", "fr-fr"]
    assert "my-model" in streams[0].values()


async def test_turned_away(world: World) -> None:
    """A call that was rejected can be answered no more."""
    context = await world.ring()
    assert await world.acs.carry_out(commands.Reject(context, "busy"), a_call(), "job_1") is None
    with pytest.raises(errors.AcsError):
        await world.acs.carry_out(commands.Answer(context, SETUP), a_call(), "job_2")


async def test_a_lost_answer(world: World) -> None:
    """ACS places the call but its answer is lost: the repeated request finds the same call, and nobody rings twice."""
    world.emulator.faults.add({"kind": "http", "operation": "createCall", "status": 503, "applied": True})
    command = commands.CreateCall(("4:+14255550177",), SETUP, source_caller_id="+14255550199")
    placed = await world.acs.carry_out(command, a_call(), "job_1")
    assert placed is not None
    await world.callback("CallConnected")
    assert len(await world.live_calls()) == 1
    assert (await world.acs.look_up(placed.call_connection_id)).state == "connected"


async def test_throttled(world: World) -> None:
    """The wait that ACS asks for is handed on."""
    world.emulator.faults.add({"kind": "http", "operation": "createCall", "status": 429, "retryAfter": 7})
    command = commands.CreateCall(("4:+14255550177",), SETUP, source_caller_id="+14255550199")
    with pytest.raises(errors.AcsThrottled) as refused:
        await world.acs.carry_out(command, a_call(), "job_1")
    assert refused.value.retry_after == 7


async def test_the_tokens_of_its_callbacks(world: World) -> None:
    """They pass the check with the published keys, and fail it for another resource or when they are old."""
    command = commands.CreateCall(("4:+14255550177",), SETUP, source_caller_id="+14255550199")
    await world.acs.carry_out(command, a_call(), "job_1")
    await world.callback("CallConnected")
    (request, *_) = [one for one in world.server.requests if one.path.startswith("/azure/callbacks")]
    token = request.headers["authorization"].removeprefix("Bearer ")
    keys = f"{world.emulator.url}/calling/keys"
    async with httpx.AsyncClient() as http:
        ours = Trust((ACS_ISSUER,), (world.emulator.resource_id,), keys)
        await JwtTokens(http, acs=ours).acs(token)
        other = Trust((ACS_ISSUER,), ("another-resource",), keys)
        with pytest.raises(errors.Unauthorized, match="audience"):
            await JwtTokens(http, acs=other).acs(token)
