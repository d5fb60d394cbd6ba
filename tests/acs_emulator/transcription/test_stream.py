import json
import socket
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from acs_emulator.people.scene import Utterance

pytestmark = pytest.mark.anyio


async def _talking(world: Any, *turns: Any, fault: dict[str, Any] | None = None, **options: Any) -> str:
    """A call that is transcribed from its setup on, with a fault that waits."""
    for one in [fault] if fault else []:
        world.emulator.faults.add(one)
    said = turns or ("One.", "Two.", "Three.")
    context = await world.dial_in(*said)
    connection_id: str = await world.answer(
        context, transcription=world.transcription(enable_intermediate_results=False, **options)
    )
    return connection_id


async def test_a_dropped_socket_is_dialled_again(world: Any) -> None:
    """Interrupted, re-established; new metadata of the same subscription; the packet that fell is lost."""
    fault = {"kind": "dropSocket", "afterPackets": 1}
    connection_id = await _talking(world, "One.", "Two.", {"silence": 6000}, {"text": "Never."}, fault=fault)
    await world.listener.until(lambda: len(world.listener.metadata) == 2)
    await world.control(f"/calls/{connection_id}/say", {"text": "Three."}, 202)
    await world.listener.until(lambda: len(world.listener.finals) == 2)
    assert world.listener.finals == ["One.", "Three."]
    first, second = world.listener.metadata
    assert first["subscriptionId"] == second["subscriptionId"]
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected")
    details = [
        event["data"]["transcriptionUpdate"]["transcriptionStatusDetails"]
        for event in world.receiver.callbacks
        if event["type"].endswith("TranscriptionUpdated")
    ]
    assert details == ["streamConnectionInterrupted", "streamConnectionReestablished"]
    statuses = [
        event["data"]["transcriptionUpdate"]["transcriptionStatus"]
        for event in world.receiver.callbacks
        if event["type"].endswith("TranscriptionUpdated")
    ]
    assert statuses == ["transcriptionUpdated", "transcriptionResumed"]
    lost = world.emulator.journal.entries(["packet-lost"])
    assert [entry.data["packet"]["transcriptionData"]["text"] for entry in lost] == ["Two."]


async def test_a_dropped_socket_that_re_delivers(world: Any) -> None:
    """Nothing is lost, and offsets go on."""
    fault = {"kind": "dropSocket", "afterPackets": 1, "redeliver": True, "offsets": "continue"}
    await _talking(world, "One.", "Two.", "Three.", {"silence": 6000}, {"text": "Never."}, fault=fault)
    await world.listener.until(lambda: world.listener.finals == ["One.", "Two.", "Three."])
    offsets = [one["offset"] for one in world.listener.results]
    assert offsets == sorted(offsets)


async def test_a_dropped_socket_that_stays_away(world: Any) -> None:
    """TranscriptionFailed 500/8578."""
    fault = {"kind": "dropSocket", "afterPackets": 1, "reconnect": False}
    await _talking(world, fault=fault)
    assert (await world.event("TranscriptionFailed"))["resultInformation"]["subCode"] == 8578
    assert len(world.listener.sockets) == 1


async def test_the_application_closes_the_socket(world: Any) -> None:
    """It is dialled again."""
    connection_id = await _talking(world, {"text": "After.", "at": 600})
    await world.listener.until(lambda: world.listener.metadata)
    await world.listener.sockets[0].close()
    await world.listener.until(lambda: len(world.listener.metadata) == 2)
    await world.control(f"/calls/{connection_id}/say", {"text": "Again."}, 202)
    await world.listener.until(lambda: world.listener.finals == ["Again."])


async def test_duplicated_reordered_and_lost_packets(world: Any) -> None:
    """As the faults say."""
    world.emulator.faults.add({"kind": "reorder", "what": "packets"})
    world.emulator.faults.add({"kind": "duplicate", "what": "packets", "types": ["Final"]})
    await _talking(world, "One.", "Two.", "Three.")
    await world.event("CallDisconnected")
    assert world.listener.finals == ["Two.", "Two.", "One.", "Three."]
    world.listener.frames.clear()
    await _talking(world, "One.", "Two.", fault={"kind": "lose", "what": "packets"})
    await world.listener.until(lambda: world.listener.finals == ["Two."])


async def test_a_malformed_packet(world: Any) -> None:
    """Garbage goes between good packets, and the stream goes on."""
    await _talking(world, "One.", "Two.", fault={"kind": "malformedPacket"})
    await world.event("CallDisconnected")
    with pytest.raises(json.JSONDecodeError):
        json.loads(world.listener.frames[1])
    good = [json.loads(frame)["transcriptionData"]["text"] for frame in world.listener.frames[2:]]
    assert good == ["One.", "Two."]


async def test_a_bad_token(world: Any) -> None:
    """`missing` sends no Authorization header at all."""
    await _talking(world, fault={"kind": "badToken", "where": "socket", "what": "missing"})
    await world.event("TranscriptionStarted")
    assert "authorization" not in world.listener.requests[0][1]


async def test_transcription_fails_in_the_middle(world: Any) -> None:
    """The row on demand with its documented message and details; the socket is closed."""
    fault = {"kind": "transcriptionFailed", "code": 500, "subCode": 8580, "on": "streaming"}
    await _talking(world, fault=fault)
    data = await world.event("TranscriptionFailed")
    assert data["resultInformation"]["message"] == "Action failed, transcription service was shut down."
    assert data["transcriptionUpdate"]["transcriptionStatusDetails"] == "serviceShutdown"
    await world.event("CallDisconnected")
    assert world.listener.finals == []


async def test_several_people_speak_at_once(world: Any) -> None:
    """Overlapping turns interleave; an agent's turn waits until they are there, and what follows waits with it."""
    await _talking(
        world,
        {"text": "I was saying that it is broken.", "at": 1, "seconds": 4},
        {"speaker": "caller", "text": "Really.", "at": 2, "seconds": 1},
        {"speaker": "agent", "text": "I see.", "at": 7, "seconds": 1},
        "Thank you.",
    )
    await world.listener.until(lambda: len(world.listener.finals) == 2)
    assert world.listener.finals == ["Really.", "I was saying that it is broken."]
    call = world.emulator.calls.all()[0]
    await world.control(f"/calls/{call.call_id}/join", {"rawId": "8:acs:agent"}, 200)
    await world.event("CallDisconnected")
    assert world.listener.finals[2:] == ["I see.", "Thank you."]
    assert [one["participantRawID"] for one in world.listener.results][2:] == [
        "8:acs:agent",
        "4:+15551230001",
    ]


async def test_stopped_while_it_is_dialled_again(world: Any) -> None:
    """Stopping does not wait for the redial."""
    connection_id = await _talking(world, {"text": "After.", "at": 600})
    await world.listener.until(lambda: world.listener.metadata)
    await world.event("CallConnected")
    world.emulator.clock.set_speed(0.01)
    await world.listener.sockets[0].close()
    await world.event("TranscriptionUpdated")
    await world.client.get_call_connection(connection_id).stop_transcription()
    await world.event("TranscriptionStopped")
    assert len(world.listener.sockets) == 1


async def test_the_socket_is_dialled_before_the_call_is_connected(world: Any) -> None:
    """Metadata is there although no CallConnected was sent."""
    world.emulator.clock.set_speed(0.01)
    await _talking(world)
    await world.listener.until(lambda: world.listener.metadata)
    assert "CallConnected" not in str(world.receiver.callbacks)


async def test_an_application_that_does_not_read(world: Any) -> None:
    """Its packets wait, then are lost; other calls go on, its own ends within seconds, and nothing is left behind."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    async def refuse_to_read(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with serve(refuse_to_read, sock=listening, close_timeout=0.1):
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}"
        slow = await _talking(world, {"text": "Never.", "at": 6000}, transport_url=url)
        await world.event("TranscriptionStarted", slow)
        await world.event("CallConnected", slow)
        transcription = world.emulator.exchange.leg(slow).transcription
        assert transcription.stream is not None
        for number in range(20):
            text = f"{number} " + "x" * 1_000_000
            transcription.stream.hear(Utterance("4:+15551230001", True, text, 10**12, 1, 0.9, ()))
        other = await _talking(world, "Heard.")
        await world.listener.until(lambda: world.listener.finals == ["Heard."])
        await world.event("CallDisconnected", other)
        sent = world.emulator.journal.entries(["packet"], where=lambda e: e.data["callConnectionId"] == slow)
        assert len(sent) < 21
        await world.control(f"/calls/{slow}/hang-up", {}, 200)
        await world.event("CallDisconnected", slow)
        await world.journal("socket-closed", lambda e: e.data["callConnectionId"] == slow)
        lost = world.emulator.journal.entries(
            ["packet-lost"], where=lambda e: e.data["callConnectionId"] == slow
        )
        assert lost
        assert transcription.stream is None


async def test_a_refused_socket(world: Any) -> None:
    """400/8581 although the application is there; the next start is let through."""
    connection_id = await _talking(world, fault={"kind": "refuseSocket", "what": "transcription"})
    assert (await world.event("TranscriptionFailed"))["resultInformation"]["subCode"] == 8581
    assert world.listener.requests == []
    await world.event("CallConnected")
    await world.client.get_call_connection(connection_id).start_transcription(locale="en-US")
    await world.listener.until(lambda: world.listener.finals == ["One.", "Two.", "Three."])


async def test_a_refused_redial(world: Any) -> None:
    """It is dialled again after that; a socket for media streaming is another matter."""
    world.emulator.faults.add({"kind": "refuseSocket", "what": "mediaStreaming"})
    connection_id = await _talking(world, {"text": "After.", "at": 6000})
    await world.listener.until(lambda: world.listener.metadata)
    world.emulator.faults.add({"kind": "refuseSocket", "times": 2})
    await world.listener.sockets[0].close()
    await world.listener.until(lambda: len(world.listener.metadata) == 2)
    assert len(world.emulator.journal.entries(["socket-failed"])) == 2
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    await world.event("CallDisconnected")


async def test_a_slow_socket(world: Any) -> None:
    """The packet and all behind it are late, none is lost, and nothing else waits for them."""
    fault = {"kind": "slowSocket", "seconds": 60}
    await _talking(world, "One.", "Two.", {"text": "Three.", "at": 70}, fault=fault)
    await world.listener.until(lambda: len(world.listener.finals) == 3)
    assert world.listener.finals == ["One.", "Two.", "Three."]
    # Two was said long before One was let go, so that both are sent one after the other.
    times = [entry.time for entry in world.emulator.journal.entries(["packet"])]
    assert times == sorted(times)


async def test_a_call_that_ends_while_its_socket_is_slow(world: Any) -> None:
    """The end waits a few real seconds at most; what was not sent is told as lost."""
    await _talking(world, "Never sent.", fault={"kind": "slowSocket", "seconds": 80_000})
    await world.event("CallDisconnected")
    lost = world.emulator.journal.entries(["packet-lost"])
    assert [entry.data["packet"]["transcriptionData"]["text"] for entry in lost] == ["Never sent."]
