import json
from typing import Any

import pytest

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
