from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

pytestmark = pytest.mark.anyio

AGENT = CommunicationUserIdentifier("8:acs:resource_agent")


async def _connected(world: Any, **call: Any) -> Any:
    connection_id = await world.answer(await world.dial_in(**call))
    await world.event("CallConnected")
    return world.client.get_call_connection(connection_id)


async def test_an_added_agent_joins(world: Any) -> None:
    """202 with an invitation; AddParticipantSucceeded; a ParticipantsUpdated with a higher sequence number."""
    connection = await _connected(world)
    added = await connection.add_participant(AGENT, operation_context="agent")
    assert added.invitation_id
    assert added.operation_context == "agent"
    told = await world.event("AddParticipantSucceeded")
    assert told["participant"]["rawId"] == AGENT.raw_id
    assert told["operationContext"] == "agent"
    await world.journal("callback", lambda e: e.data["event"]["data"].get("sequenceNumber") == 2)
    assert (await connection.get_participant(AGENT)).identifier.raw_id == AGENT.raw_id


async def test_a_participant_with_a_plus_is_found(world: Any) -> None:
    """The asynchronous client signs the encoded path and sends the raw one; both are one request."""
    connection = await _connected(world)
    caller = await connection.get_participant(PhoneNumberIdentifier("+15551230001"))
    assert caller.identifier.properties["value"] == "+15551230001"


async def test_somebody_who_is_not_there(world: Any) -> None:
    """404 with the string code 8522."""
    connection = await _connected(world)
    with pytest.raises(ResourceNotFoundError) as missing:
        await connection.get_participant(AGENT)
    assert missing.value.error
    assert missing.value.error.code == "8522"


async def test_an_agent_who_is_busy(world: Any) -> None:
    """AddParticipantFailed with the SIP code, to the operation's own callback URI."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "behaviour": "busy"})
    connection = await _connected(world)
    await connection.add_participant(AGENT, operation_callback_url=f"{world.receiver.url}/callbacks/own")
    assert (await world.event("AddParticipantFailed"))["resultInformation"]["code"] == 486
    assert world.receiver.requests[-1].path == "/callbacks/own"


async def test_an_invitation_runs_out(world: Any) -> None:
    """Nobody waits longer than the invitation timeout."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "behaviour": "no-answer"})
    connection = await _connected(world)
    await connection.add_participant(AGENT, invitation_timeout=5)
    assert (await world.event("AddParticipantFailed"))["resultInformation"]["subCode"] == 10004


async def test_an_invitation_is_withdrawn(world: Any) -> None:
    """CancelAddParticipantSucceeded while it rings, …Failed afterwards."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "afterSeconds": 600})
    connection = await _connected(world)
    added = await connection.add_participant(AGENT)
    await connection.cancel_add_participant_operation(added.invitation_id)
    assert (await world.event("CancelAddParticipantSucceeded"))["invitationId"] == added.invitation_id
    await connection.cancel_add_participant_operation(added.invitation_id)
    await world.event("CancelAddParticipantFailed")


async def test_an_agent_is_removed(world: Any) -> None:
    """RemoveParticipantSucceeded; removing them again fails; removing the last human ends the call."""
    connection = await _connected(world)
    await connection.add_participant(AGENT)
    await world.event("AddParticipantSucceeded")
    await connection.remove_participant(AGENT)
    assert (await world.event("RemoveParticipantSucceeded"))["participant"]["rawId"] == AGENT.raw_id
    await connection.remove_participant(AGENT)
    await world.event("RemoveParticipantFailed")
    await connection.remove_participant(PhoneNumberIdentifier("+15551230001"))
    await world.event("CallDisconnected")


async def test_a_phone_is_not_added_without_a_caller_id(world: Any) -> None:
    """400, nobody rings."""
    connection = await _connected(world)
    with pytest.raises(HttpResponseError) as refused:
        await connection.add_participant(PhoneNumberIdentifier("+15550001111"))
    assert refused.value.status_code == 400


async def test_adding_to_a_call_that_is_not_connected(world: Any) -> None:
    """400 with the code 8501."""
    world.emulator.clock.set_speed(0.01)
    connection_id = await world.answer(await world.dial_in())
    with pytest.raises(HttpResponseError) as refused:
        await world.client.get_call_connection(connection_id).add_participant(AGENT)
    assert refused.value.error
    assert refused.value.error.code == "8501"


async def test_an_added_user_of_ours_is_an_incoming_call(world: Any) -> None:
    """Adding a user of this resource raises IncomingCall; the application's second leg joins the call."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    connection = await _connected(world)
    await connection.add_participant(AGENT, voip_headers={"ticket": "7"})
    offered = await world.journal(
        "eventgrid", lambda e: e.data["event"][0]["subject"].endswith(f"/recipient/{AGENT.raw_id}")
    )
    data = offered.data["event"][0]["data"]
    assert data["customContext"]["voipHeaders"] == {"ticket": "7"}
    second = await world.answer(data["incomingCallContext"])
    await world.event("AddParticipantSucceeded")
    await world.event("CallConnected", second)
