import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.communication.callautomation import CommunicationUserIdentifier
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request

from acs_emulator.calls.call import LegState

GOLDEN = Path(__file__).parents[2] / "golden" / "acs"

pytestmark = pytest.mark.anyio


async def _with_transcription(world: Any, *turns: Any, **options: Any) -> Any:
    """A connected call whose transcription is agreed but not started."""
    call = {"hangUp": False} if turns else {}
    context = await world.dial_in(*turns, **call)
    connection_id = await world.answer(
        context, transcription=world.transcription(start_transcription=False, **options)
    )
    await world.event("CallConnected")
    return world.client.get_call_connection(connection_id)


async def test_started_at_setup(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """The socket is dialled verbatim and signed, metadata comes first, then growing results and the final ones; all
    frames and events have the captured shape."""
    connection_id = await world.answer(
        await world.dial_in({"text": "Hello everyone.", "at": 1, "seconds": 0.96}),
        transcription=world.transcription(),
        operation_context="setup",
    )
    assert (await world.event("TranscriptionStarted"))["operationContext"] == "setup"
    await world.event("CallDisconnected")
    path, headers = world.listener.requests[0]
    assert path == "/transcripts/key?token=a%2Fb"
    leg = world.receiver.callbacks[0]["data"]
    assert headers["x-ms-call-connection-id"] == connection_id
    assert headers["x-ms-call-correlation-id"] == leg["correlationId"]
    token = headers["authorization"].removeprefix("Bearer ")
    keys = jwt.PyJWKSet.from_dict((await world.http.get("/calling/keys")).json())
    claims = jwt.decode(token, keys.keys[0], algorithms=["RS256"], audience=world.emulator.resource_id)
    assert claims["exp"] - claims["iat"] == 86_400
    kinds = [packet["kind"] for packet in world.listener.packets]
    assert kinds == ["TranscriptionMetadata", "TranscriptionData", "TranscriptionData"]
    captured = [one["packet"] for one in goldens("packets.jsonl")]
    assert shape(world.listener.packets[0]) == shape(captured[0])
    assert shape(world.listener.packets[-1]) == shape(captured[1])
    partial, final = world.listener.results
    assert (partial["text"], partial["resultStatus"]) == ("hello", "Intermediate")
    assert (final["text"], final["resultStatus"], final["duration"]) == (
        "Hello everyone.",
        "Final",
        9_600_000,
    )
    assert [word["text"] for word in final["words"]] == ["hello", "everyone"]
    assert final["words"][0]["offset"] == partial["offset"] == final["offset"]
    assert sum(word["duration"] for word in final["words"]) == final["duration"]
    assert final["participantRawID"] == "4:+15551230001"
    names = [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]
    assert "TranscriptionStopped" not in names


async def test_without_intermediate_results(world: Any) -> None:
    """Finals only, at the offset the dialogue says, exactly."""
    connection = await _with_transcription(
        world, {"text": "One.", "at": 2, "seconds": 1}, enable_intermediate_results=False
    )
    await connection.start_transcription(operation_context="start")
    assert (await world.event("TranscriptionStarted"))["operationContext"] == "start"
    await world.listener.until(lambda: world.listener.results)
    assert [(one["resultStatus"], one["offset"]) for one in world.listener.results] == [("Final", 20_000_000)]
    now = await connection.get_call_properties()
    assert (now.transcription_subscription.state, now.transcription_subscription.locale) == (
        "active",
        "en-US",
    )
    assert now.transcription_subscription.subscribed_result_types == ["final"]


async def test_start_update_stop_and_start_again(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """Each is told as captured; a new locale is a new metadata packet on the same socket, a second start is a new
    subscription on a new socket."""
    connection = await _with_transcription(world)
    captured = {
        one["event"]["type"]: one["event"]["data"]
        for one in goldens("events.jsonl")
        if one["schema"] == "cloudevents"
    }
    await connection.start_transcription(locale="es-ES")
    await world.event("TranscriptionStarted")
    await connection.update_transcription(locale="fr-FR")
    await world.event("TranscriptionUpdated")
    await world.listener.until(lambda: len(world.listener.metadata) == 2)
    await connection.stop_transcription()
    await world.event("TranscriptionStopped")
    assert world.listener.sockets[0].close_code == 1000
    await connection.start_transcription()
    await world.listener.until(lambda: len(world.listener.metadata) == 3)
    assert [one["locale"] for one in world.listener.metadata] == ["es-ES", "fr-FR", "fr-FR"]
    first, second, third = (one["subscriptionId"] for one in world.listener.metadata)
    assert first == second != third
    assert len(world.listener.sockets) == 2
    for event in world.receiver.callbacks:
        name = event["type"]
        if "Transcription" in name:
            assert shape(event["data"]) == shape(captured[name])
            assert event["data"]["transcriptionUpdate"] == captured[name]["transcriptionUpdate"]


async def test_a_locale_changed_in_the_middle(world: Any) -> None:
    """Words before and after it are on one socket; offsets begin anew with the new metadata."""
    connection = await _with_transcription(
        world, {"text": "Before.", "at": 5, "seconds": 1}, {"text": "Then.", "at": 60, "seconds": 1}
    )
    await connection.start_transcription()
    await world.listener.until(lambda: world.listener.finals == ["Before."])
    await connection.update_transcription(locale="fr-FR")
    await world.event("TranscriptionUpdated")
    await world.listener.until(lambda: world.listener.finals == ["Before.", "Then."])
    before, then = (one["offset"] for one in world.listener.results if one["resultStatus"] == "Final")
    assert before == 50_000_000
    assert then < 550_000_000


async def _failure(world: Any) -> tuple[int, int, str]:
    data = await world.event("TranscriptionFailed")
    assert data["transcriptionUpdate"]["transcriptionStatus"] == "transcriptionFailed"
    result = data["resultInformation"]
    return result["code"], result["subCode"], result["message"]


async def test_started_without_transcription_options(world: Any) -> None:
    """405/8522: the URL was not set at call setup; without an AI endpoint, that was not set."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    await world.client.get_call_connection(connection_id).start_transcription(locale="en-US")
    assert await _failure(world) == (
        405,
        8522,
        "Request not allowed when Transcription url not set during call setup.",
    )


async def test_started_without_a_cognitive_services_endpoint(world: Any) -> None:
    """405/8522, with the other message."""
    await world.client.answer_call(
        await world.dial_in(), world.callback_url, transcription=world.transcription()
    )
    code, sub_code, message = await _failure(world)
    assert (code, sub_code) == (405, 8522)
    assert "Cognitive Service Configuration" in message


async def test_a_socket_that_cannot_be_dialled(world: Any) -> None:
    """400/8581 streamUrlMissing with the live message."""
    await world.answer(
        await world.dial_in(), transcription=world.transcription(transport_url="ws://127.0.0.1:9/none")
    )
    assert await _failure(world) == (
        400,
        8581,
        "Action failed, Transport url is not valid or web socket server is not operational.",
    )
    data = await world.event("TranscriptionFailed")
    assert data["transcriptionUpdate"]["transcriptionStatusDetails"] == "streamUrlMissing"


@pytest.mark.parametrize(
    ("locale", "sub_code", "message"),
    [("en", 8523, "region"), ("en-US-NancyNeural", 8565, "Cognitive Services"), ("english", 8523, "region")],
)
async def test_a_locale_that_cannot_be(world: Any, locale: str, sub_code: int, message: str) -> None:
    """400, and nothing is dialled."""
    connection = await _with_transcription(world)
    await connection.start_transcription(locale=locale)
    assert (await _failure(world))[1] == sub_code
    assert message in (await _failure(world))[2]
    assert world.listener.requests == []


async def test_an_update_of_what_does_not_run(world: Any) -> None:
    """405/8520."""
    connection = await _with_transcription(world)
    await connection.update_transcription(locale="fr-FR")
    assert (await _failure(world))[:2] == (405, 8520)


async def test_an_update_on_a_connected_call(world: Any) -> None:
    """405/8520 with the message about the Connect interface; transcription goes on."""
    await world.control("/calls", {"groupId": "7"})
    properties = await world.client.connect_call(
        group_call_id="7",
        callback_url=world.callback_url,
        cognitive_services_endpoint="https://speech.cognitiveservices.azure.com/",
        transcription=world.transcription(),
    )
    await world.event("TranscriptionStarted")
    await world.event("CallConnected")
    connection = world.client.get_call_connection(properties.call_connection_id)
    await connection.update_transcription(locale="fr-FR")
    assert "Connect interface" in (await _failure(world))[2]
    await world.control(f"/calls/{properties.call_connection_id}/say", {"text": "Still here."}, 202)
    await world.listener.until(lambda: world.listener.finals == ["Still here."])


async def test_operations_outside_a_call_that_stands(world: Any) -> None:
    """400/8501 before it is established, 400/8528 while it ends."""
    world.emulator.clock.set_speed(0.01)
    connection_id = await world.answer(
        await world.dial_in(), transcription=world.transcription(start_transcription=False)
    )
    connection = world.client.get_call_connection(connection_id)
    await connection.start_transcription()
    assert (await _failure(world))[:2] == (400, 8501)
    world.emulator.exchange.leg(connection_id).state = LegState.DISCONNECTING
    await connection.stop_transcription()
    await world.journal("callback", lambda e: e.data["event"]["data"]["resultInformation"]["subCode"] == 8528)


async def test_every_documented_failure_on_demand(world: Any) -> None:
    """Each row of the table comes as it was asked for; and nothing runs after it."""
    connection = await _with_transcription(world)
    rows = json.loads((GOLDEN / "transcription_failures.json").read_text())["rows"]
    for number, row in enumerate(rows):
        world.emulator.faults.add({"kind": "transcriptionFailed", **row, "on": "start"})
        await connection.start_transcription(operation_context=str(number))
        entry = await world.journal(
            "callback", lambda e, n=str(number): e.data["event"]["data"].get("operationContext") == n
        )
        assert entry.data["type"] == "TranscriptionFailed"
        assert entry.data["event"]["data"]["resultInformation"] == row
    assert (await connection.get_call_properties()).transcription_subscription.state == "inactive"


async def test_failures_at_every_stage(world: Any) -> None:
    """At setup nothing is dialled; a failed update or stop leaves the stream running."""
    fault = {"kind": "transcriptionFailed", "code": 500, "subCode": 9999}
    world.emulator.faults.add({**fault, "on": "setup"})
    connection_id = await world.answer(await world.dial_in(), transcription=world.transcription())
    await world.event("TranscriptionFailed")
    await world.event("CallConnected")
    assert world.listener.requests == []
    connection = world.client.get_call_connection(connection_id)
    await connection.start_transcription(operation_context="started")
    await world.event("TranscriptionStarted")
    for stage, operation in (
        ("update", connection.update_transcription(locale="fr-FR", operation_context="update")),
        ("stop", connection.stop_transcription(operation_context="stop")),
    ):
        world.emulator.faults.add({**fault, "on": stage})
        await operation
        await world.journal(
            "callback", lambda e, c=stage: e.data["event"]["data"].get("operationContext") == c
        )
    await connection.update_transcription(locale="fr-FR")
    assert (await world.event("TranscriptionUpdated"))["operationContext"] == "started"
    assert len(world.listener.sockets) == 1


async def test_what_is_said_before_and_after_is_not_sent(world: Any) -> None:
    """Words are heard while transcription runs, and only then."""
    connection = await _with_transcription(world)
    call = connection._call_connection_id
    await world.control(f"/calls/{call}/say", {"text": "Too early.", "seconds": 1}, 202)
    await world.journal("speech", lambda e: e.data["what"] == "ended")
    await connection.start_transcription()
    await world.event("TranscriptionStarted")
    await world.control(f"/calls/{call}/say", {"text": "Now.", "seconds": 1}, 202)
    await world.listener.until(lambda: world.listener.finals)
    await connection.stop_transcription()
    await world.event("TranscriptionStopped")
    await world.control(f"/calls/{call}/say", {"text": "Too late.", "seconds": 1}, 202)
    assert world.listener.finals == ["Now."]


async def test_the_application_leaves_while_its_socket_is_dialled(world: Any) -> None:
    """Nobody wants the socket any more: it is hung up, and no event tells of it."""
    dialled, go_on = asyncio.Event(), asyncio.Event()

    async def hesitate(socket: ServerConnection, request: Request) -> None:
        dialled.set()
        await go_on.wait()

    async with serve(world.listener.listen, "127.0.0.1", 0, process_request=hesitate) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        connection_id = await world.answer(
            await world.dial_in(), transcription=world.transcription(transport_url=url)
        )
        await dialled.wait()
        await world.event("CallConnected")
        leg = world.emulator.calls.find(connection_id).legs[0]
        connection = world.client.get_call_connection(connection_id)
        await connection.add_participant(CommunicationUserIdentifier("8:acs:resource_agent"))
        await world.event("AddParticipantSucceeded")
        await connection.hang_up(is_for_everyone=False)
        await world.event("CallDisconnected")
        go_on.set()
        closed = await world.journal("socket-closed", lambda e: e.data["callConnectionId"] == connection_id)
        assert closed.data["how"] == "ABANDONED"
    assert leg.transcription.stream is None
    told = [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]
    assert not any(name.startswith("Transcription") for name in told)


async def test_the_start_at_setup_is_told_once_it_can_be_acted_on(world: Any) -> None:
    """The socket is dialled while the call connects; TranscriptionStarted comes when it is connected, so that whoever
    stops the transcription at once can."""
    context = await world.dial_in()
    world.emulator.clock.hold()
    connection_id = await world.answer(context, transcription=world.transcription())
    await world.listener.until(lambda: world.listener.metadata)
    await world.emulator.clock.step(0)
    assert world.receiver.callbacks == []
    world.emulator.clock.release()
    await world.event("TranscriptionStarted")
    await world.client.get_call_connection(connection_id).stop_transcription()
    await world.event("TranscriptionStopped")
