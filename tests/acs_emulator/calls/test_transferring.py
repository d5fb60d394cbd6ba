from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

pytestmark = pytest.mark.anyio

AGENT = CommunicationUserIdentifier("8:acs:resource_agent")
SECOND = CommunicationUserIdentifier("8:acs:resource_second")
CALLER = PhoneNumberIdentifier("+15551230001")


async def _connected(world: Any, *turns: Any, **call: Any) -> Any:
    connection_id = await world.answer(await world.dial_in(*turns, **call))
    await world.event("CallConnected", connection_id)
    return world.client.get_call_connection(connection_id)


async def _group(world: Any) -> Any:
    connection = await _connected(world)
    await connection.add_participant(AGENT)
    await world.event("AddParticipantSucceeded")
    return connection


async def test_a_caller_is_put_through(world: Any) -> None:
    """202; CallTransferAccepted with both ends; the application is out of the call and they talk on in it."""
    connection = await _connected(world)
    call = world.emulator.calls.all()[0]
    asked = await connection.transfer_call_to_participant(AGENT, operation_context="to the desk")
    assert asked.operation_context == "to the desk"
    accepted = await world.event("CallTransferAccepted")
    assert accepted["transferTarget"]["rawId"] == AGENT.raw_id
    assert accepted["transferee"]["rawId"] == CALLER.raw_id
    assert accepted["operationContext"] == "to the desk"
    await world.event("CallDisconnected")
    assert world.emulator.calls.all() == [call]
    assert set(call.people) == {CALLER.raw_id, AGENT.raw_id}
    with pytest.raises(ResourceNotFoundError):
        await connection.get_call_properties()


async def test_a_transferred_caller_speaks_on(world: Any) -> None:
    """What was yet to be said is said to whom they were put through to, and then they hang up."""
    world.emulator.clock.set_speed(1)
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    connection = await _connected(
        world, {"text": "Hello."}, {"text": "Is this the desk?", "silence": 300}, waitForTranscription=False
    )
    await connection.transfer_call_to_participant(AGENT, voip_headers={"ticket": "7"})
    data = await world.offered(AGENT.raw_id)
    assert data["customContext"]["voipHeaders"] == {"ticket": "7"}
    assert data["from"]["rawId"] == CALLER.raw_id
    second = await world.answer(data["incomingCallContext"], transcription=world.transcription())
    await world.event("TranscriptionStarted", second)
    world.emulator.clock.set_speed(1000)
    await world.event("CallDisconnected", connection._call_connection_id)
    await world.event("CallDisconnected", second)
    assert world.listener.finals == ["Is this the desk?"]


async def test_states_of_a_transfer(world: Any) -> None:
    """Transferring while it rings, and no second transfer meanwhile; connected again when nobody answers."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    connection = await _connected(world)
    world.emulator.clock.set_speed(1)
    await connection.transfer_call_to_participant(AGENT)
    data = await world.offered(AGENT.raw_id)
    assert (await connection.get_call_properties()).call_connection_state == "transferring"
    with pytest.raises(ResourceExistsError) as conflict:
        await connection.transfer_call_to_participant(SECOND)
    assert conflict.value.error
    assert conflict.value.error.code == "8607"
    await world.client.reject_call(data["incomingCallContext"])
    failed = await world.event("CallTransferFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (603, 0)
    assert "transferTarget" not in failed
    assert (await connection.get_call_properties()).call_connection_state == "connected"


async def test_an_accepted_transfer_is_seen_before_the_call_is_gone(world: Any) -> None:
    """The state between acceptance and the end of the application's leg is transferAccepted."""
    connection = await _connected(world)
    await world.control("/callees", {"rawId": AGENT.raw_id, "afterSeconds": 0})
    world.emulator.clock.set_speed(0.01)
    await connection.transfer_call_to_participant(
        AGENT, operation_callback_url=f"{world.receiver.url}/callbacks/own"
    )
    await world.event("CallTransferAccepted")
    own = [one for one in world.receiver.requests if one.path == "/callbacks/own"]
    assert [one.body[0]["type"].rpartition(".")[2] for one in own] == ["CallTransferAccepted"]
    assert (await connection.get_call_properties()).call_connection_state == "transferAccepted"
    world.emulator.clock.set_speed(100)
    await world.event("CallDisconnected")


@pytest.mark.parametrize(
    ("target", "behaviour", "code", "sub_code"),
    [
        (AGENT, "busy", 486, 0),
        (AGENT, "decline", 603, 0),
        (AGENT, "no-answer", 487, 10004),
        (PhoneNumberIdentifier("+15550001111"), "busy", 486, 560486),
        (PhoneNumberIdentifier("+15550001111"), "no-answer", 480, 560480),
    ],
)
async def test_nobody_takes_the_transfer(
    world: Any, target: Any, behaviour: str, code: int, sub_code: int
) -> None:
    """CallTransferFailed, and the caller is still with the application."""
    await world.control("/callees", {"rawId": target.raw_id, "behaviour": behaviour})
    connection = await _connected(world)
    await connection.transfer_call_to_participant(target)
    failed = await world.event("CallTransferFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (code, sub_code)
    assert (await connection.get_participant(CALLER)).identifier.raw_id == CALLER.raw_id


async def test_one_of_a_group_is_transferred(world: Any) -> None:
    """The transferee has to be named, and is the only one who leaves; their conversation with the target is a call of its
    own."""
    connection = await _group(world)
    with pytest.raises(HttpResponseError) as unnamed:
        await connection.transfer_call_to_participant(SECOND)
    assert unnamed.value.status_code == 400
    with pytest.raises(ResourceNotFoundError):
        await connection.transfer_call_to_participant(SECOND, transferee=SECOND)
    await connection.transfer_call_to_participant(SECOND, transferee=CALLER)
    await world.event("CallTransferAccepted")
    left = [one.identifier.raw_id async for one in connection.list_participants()]
    assert AGENT.raw_id in left
    assert CALLER.raw_id not in left
    assert (await connection.get_call_properties()).call_connection_state == "connected"
    people = [set(call.people) for call in world.emulator.calls.all()]
    assert {CALLER.raw_id, SECOND.raw_id} in people


async def test_a_transferee_who_hangs_up_meanwhile(world: Any) -> None:
    """CallTransferFailed: there is nobody to put through."""
    await world.control("/callees", {"rawId": SECOND.raw_id, "raisesIncomingCall": True})
    connection = await _group(world)
    await connection.add_participant(CommunicationUserIdentifier("8:acs:resource_third"))
    await world.journal("callback", lambda e: len(e.data["event"]["data"].get("participants", [])) == 4)
    world.emulator.clock.set_speed(1)
    await connection.transfer_call_to_participant(SECOND, transferee=AGENT)
    data = await world.offered(SECOND.raw_id)
    await world.control(f"/calls/{connection._call_connection_id}/hang-up", {"speaker": AGENT.raw_id}, 200)
    second = await world.answer(data["incomingCallContext"])
    assert (await world.event("CallTransferFailed"))["resultInformation"]["subCode"] == 8558
    await world.event("CallDisconnected", second)


async def test_a_phone_sees_a_number(world: Any) -> None:
    """A caller by phone is shown with their own number; a user needs a source caller id, or the number that was
    dialled."""
    connection = await _connected(world, **{"from": "8:acs:resource_user", "to": "8:acs:resource_app"})
    target = PhoneNumberIdentifier("+15550001111")
    with pytest.raises(HttpResponseError) as refused:
        await connection.transfer_call_to_participant(target)
    assert refused.value.status_code == 400
    await world.control("/callees", {"phoneNumber": "+15550001111", "raisesIncomingCall": True})
    await connection.transfer_call_to_participant(
        target,
        source_caller_id_number=PhoneNumberIdentifier("+15559870000"),
        sip_headers={"X-MS-Custom-a": "1"},
    )
    data = await world.offered("4:+15550001111")
    assert data["from"]["rawId"] == "4:+15559870000"
    assert data["customContext"]["sipHeaders"] == {"X-MS-Custom-a": "1"}


async def test_people_left_alone_hang_up_in_the_end(world: Any) -> None:
    """A call without the application does not live for ever."""
    connection = await _connected(world)
    await connection.transfer_call_to_participant(AGENT)
    await world.event("CallDisconnected")
    world.emulator.clock.set_speed(100_000)
    await world.journal("call", lambda e: e.data["what"] == "ended")
    assert world.emulator.calls.all() == []


async def test_people_of_a_group_who_were_transferred_hang_up_in_the_end(world: Any) -> None:
    """The call of their own does not live for ever either."""
    connection = await _group(world)
    await connection.transfer_call_to_participant(SECOND, transferee=CALLER)
    await world.journal("call", lambda e: e.data["what"] == "joined" and SECOND.raw_id in e.data["people"])
    own = next(call for call in world.emulator.calls.all() if SECOND.raw_id in call.people)
    world.emulator.clock.set_speed(100_000)
    ended = await world.journal("call", lambda e: e.data["what"] == "ended")
    assert ended.data["callId"] == own.call_id
