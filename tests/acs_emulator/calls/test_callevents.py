from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier

pytestmark = pytest.mark.anyio

USER = "8:acs:resource_caller"
AGENT = "8:acs:resource_agent"


async def _connected(world: Any, **call: Any) -> str:
    connection_id = await world.answer(await world.dial_in(**call))
    await world.event("CallConnected", connection_id)
    return str(connection_id)


async def test_a_user_calls_and_hangs_up(world: Any) -> None:
    """CallStarted, CallParticipantAdded, CallParticipantRemoved and CallEnded, with the documented members."""
    connection_id = await _connected(world, **{"from": USER})
    started = await world.told("CallStarted")
    call = world.emulator.calls.all()[0]
    assert started["subject"] == f"call/{call.server_call_id}/startedBy/{USER}"
    identifier = {"rawId": USER, "communicationUser": {"id": USER}}
    party = {"communicationIdentifier": identifier, "role": "Attendee"}
    about = {
        "startedBy": party,
        "serverCallId": call.server_call_id,
        "isTwoParty": True,
        "correlationId": call.correlation_id,
        "isRoomsCall": False,
    }
    assert started["data"] == about
    added = await world.told("CallParticipantAdded")
    assert added["subject"] == f"call/{call.server_call_id}/participant/{USER}"
    assert list(added["data"])[:4] == ["user", "displayName", "participantId", "endpointType"]
    assert added["data"]["user"] == party
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    removed = await world.told("CallParticipantRemoved")
    assert removed["data"]["participantId"] == added["data"]["participantId"]
    ended = await world.told("CallEnded")
    assert ended["subject"] == f"call/{call.server_call_id}"
    assert ended["data"].pop("durationOfCall") > 0
    assert ended["data"] == {**about, "isTwoParty": True}


async def test_phones_are_not_told_of(world: Any) -> None:
    """A call between a phone and the application raises none of them."""
    connection_id = await _connected(world)
    await world.client.get_call_connection(connection_id).hang_up(is_for_everyone=True)
    await world.event("CallDisconnected")
    assert [call.started_at for call in world.emulator.calls.all()] == []
    await _connected(world, **{"from": USER})
    await world.told("CallStarted")
    started = [e for e in world.receiver.events if e.body[0]["eventType"].endswith("CallStarted")]
    assert [one.body[0]["data"]["startedBy"]["communicationIdentifier"]["rawId"] for one in started] == [USER]


async def test_an_agent_joins_a_phone_call(world: Any) -> None:
    """Told of from then on, as started by the first user in it."""
    connection_id = await _connected(world)
    connection = world.client.get_call_connection(connection_id)
    await connection.add_participant(CommunicationUserIdentifier(AGENT))
    started = await world.told("CallStarted")
    assert started["data"]["startedBy"]["communicationIdentifier"]["rawId"] == AGENT
    await connection.remove_participant(CommunicationUserIdentifier(AGENT))
    await world.told("CallParticipantRemoved")
    await connection.remove_participant(PhoneNumberIdentifier("+15551230001"))
    await world.told("CallEnded")


async def test_a_call_to_a_user(world: Any) -> None:
    """Started by whom the application calls as."""
    await world.client.create_call(CommunicationUserIdentifier(AGENT), world.callback_url)
    started = await world.told("CallStarted")
    party = started["data"]["startedBy"]["communicationIdentifier"]["rawId"]
    assert party == world.emulator.calls.all()[0].legs[0].app


async def test_a_room(world: Any) -> None:
    """Begins with the first who comes; the application finds the room's id and the server call id in the event."""
    await world.control("/calls", {"roomId": "99456", "from": USER})
    started = await world.told("CallStarted")
    assert started["data"]["room"] == {"id": "99456"}
    assert started["data"]["isRoomsCall"] is True
    assert started["data"]["isTwoParty"] is False
    connected = await world.client.connect_call(
        server_call_id=started["data"]["serverCallId"], callback_url=world.callback_url
    )
    await world.event("CallConnected", connected.call_connection_id)
    added = [e for e in world.receiver.events if e.body[0]["eventType"].endswith("CallParticipantAdded")]
    assert len(added) == 1
