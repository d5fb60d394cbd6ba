from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier
from azure.core.exceptions import ResourceNotFoundError

pytestmark = pytest.mark.anyio

AGENT = CommunicationUserIdentifier("8:acs:resource_agent")
CALLER = PhoneNumberIdentifier("+15551230001")
LOBBY = PhoneNumberIdentifier("+15551230002")


async def _connected(world: Any, caller: Any, *turns: Any, **options: Any) -> Any:
    context = await world.dial_in(
        *turns,
        **{"from": caller.raw_id, "waitForTranscription": False, "hangUp": False}
        if turns
        else {"from": caller.raw_id},
    )
    connection_id = await world.answer(context, **options)
    await world.event("CallConnected", connection_id)
    return world.client.get_call_connection(connection_id)


async def _moved(world: Any, here: Any, there: Any, *who: Any) -> Any:
    return await here.move_participants(
        list(who), from_call_id=there._call_connection_id, operation_context="out of the lobby"
    )


async def test_a_participant_is_moved(world: Any) -> None:
    """202 with who and from where; MoveParticipantSucceeded; both calls are told who is in them now."""
    here, there = await _connected(world, CALLER), await _connected(world, LOBBY)
    await there.add_participant(AGENT)
    await world.event("AddParticipantSucceeded")
    asked = await _moved(world, here, there, LOBBY)
    assert asked.from_call == there._call_connection_id
    assert [one.identifier.raw_id for one in asked.participants] == [LOBBY.raw_id]
    moved = await world.event("MoveParticipantSucceeded", here._call_connection_id)
    assert moved["participant"]["rawId"] == LOBBY.raw_id
    assert moved["fromCall"] == there._call_connection_id
    assert moved["operationContext"] == "out of the lobby"
    for connection, names in ((here, {CALLER.raw_id, LOBBY.raw_id}), (there, {AGENT.raw_id})):
        seen = {one.identifier.raw_id async for one in connection.list_participants()}
        assert names <= seen
        assert not seen & ({CALLER.raw_id, LOBBY.raw_id, AGENT.raw_id} - names)
        listed = [len(seen)]
        await world.journal(
            "callback",
            lambda e, connection=connection, listed=listed: (
                e.data["callConnectionId"] == connection._call_connection_id
                and [len(e.data["event"]["data"].get("participants", []))] == listed
            ),
        )


async def test_an_empty_call_ends(world: Any) -> None:
    """When the last human is moved out of it; and what they have yet to say is heard where they are now."""
    world.emulator.clock.set_speed(1)
    here = await _connected(world, CALLER, transcription=world.transcription())
    await world.event("TranscriptionStarted", here._call_connection_id)
    there = await _connected(world, LOBBY, {"text": "Am I in?", "silence": 300})
    await _moved(world, here, there, LOBBY)
    await world.event("MoveParticipantSucceeded")
    world.emulator.clock.set_speed(1000)
    ended = await world.event("CallDisconnected", there._call_connection_id)
    assert ended["resultInformation"]["subCode"] == 7000
    await world.listener.until(lambda: world.listener.finals == ["Am I in?"])


async def test_a_moved_caller_hangs_up_where_they_are(world: Any) -> None:
    """The control plane finds them through the call they came in by, and the others talk on."""
    here, there = await _connected(world, CALLER), await _connected(world, LOBBY)
    await there.add_participant(AGENT)
    await world.event("AddParticipantSucceeded")
    await _moved(world, here, there, LOBBY)
    await world.event("MoveParticipantSucceeded")
    await world.control(f"/calls/{there._call_connection_id}/hang-up", {"speaker": LOBBY.raw_id}, 200)
    assert [one.identifier.raw_id async for one in here.list_participants()][1:] == [CALLER.raw_id]


async def test_somebody_is_moved_there_and_back(world: Any) -> None:
    """The call they came from knows them again."""
    here, there = await _connected(world, CALLER), await _connected(world, LOBBY)
    await there.add_participant(AGENT)
    await world.event("AddParticipantSucceeded")
    await _moved(world, here, there, LOBBY)
    await world.event("MoveParticipantSucceeded", here._call_connection_id)
    await _moved(world, there, here, LOBBY)
    await world.event("MoveParticipantSucceeded", there._call_connection_id)
    assert (await there.get_participant(LOBBY)).identifier.raw_id == LOBBY.raw_id


async def test_the_applications_other_end_is_moved(world: Any) -> None:
    """Who answered as a user of the resource is a participant like any other, and goes on with what they do."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    placed = await world.client.create_call(AGENT, world.callback_url)
    context = (await world.offered(AGENT.raw_id))["incomingCallContext"]
    answered = await world.answer(context, transcription=world.transcription())
    await world.event("CallConnected", placed.call_connection_id)
    await world.event("TranscriptionStarted", answered)
    here = await _connected(world, CALLER)
    there = world.client.get_call_connection(placed.call_connection_id)
    await _moved(world, here, there, AGENT)
    await world.event("MoveParticipantSucceeded")
    await world.event("CallDisconnected", placed.call_connection_id)
    seen = world.client.get_call_connection(answered).list_participants()
    assert CALLER.raw_id in [one.identifier.raw_id async for one in seen]
    await world.control(f"/calls/{answered}/say", {"text": "Welcome."}, 202)
    await world.listener.until(lambda: world.listener.finals == ["Welcome."])


async def test_a_recognition_moves_with_the_leg_that_asked_for_it(world: Any) -> None:
    """And ends like any other."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    placed = await world.client.create_call(AGENT, world.callback_url)
    answered = await world.answer((await world.offered(AGENT.raw_id))["incomingCallContext"])
    await world.event("CallConnected", answered)
    agent = world.client.get_call_connection(answered)
    asker = CommunicationUserIdentifier(world.emulator.exchange.app)
    world.emulator.clock.set_speed(1)
    await agent.start_recognizing_media("dtmf", asker, dtmf_max_tones_to_collect=2)
    here = await _connected(world, CALLER)
    await _moved(world, here, world.client.get_call_connection(placed.call_connection_id), AGENT)
    await world.event("MoveParticipantSucceeded")
    call = world.emulator.calls.find(here._call_connection_id)
    assert len(call.listeners) == 1
    await agent.cancel_all_media_operations()
    await world.event("RecognizeCanceled")
    assert call.listeners == []
    assert world.emulator.journal.entries(["error"]) == []


async def test_nobody_to_move(world: Any) -> None:
    """MoveParticipantFailed for somebody who is not there; 404 for a call that does not live."""
    here, there = await _connected(world, CALLER), await _connected(world, LOBBY)
    await _moved(world, here, there, AGENT)
    failed = await world.event("MoveParticipantFailed")
    assert failed["resultInformation"]["subCode"] == 8522
    assert failed["participant"]["rawId"] == AGENT.raw_id
    await _moved(world, here, here, CALLER)
    await world.journal(
        "callback",
        lambda e: (
            e.data["type"] == "MoveParticipantFailed"
            and e.data["event"]["data"]["participant"]["rawId"] == CALLER.raw_id
        ),
    )
    with pytest.raises(ResourceNotFoundError):
        await here.move_participants([LOBBY], from_call_id="00000000-0000-0000-0000-000000000000")


OURS, OTHERS = PhoneNumberIdentifier("+15559870001"), PhoneNumberIdentifier("+15559870002")


async def test_somebody_behind_a_number_is_moved_under_that_number(world: Any) -> None:
    """Where a number is redirected to a user, whoever called it sees the number, and moves it; at the other end of a
    PSTN line they join those who are there."""
    for number in (OURS, OTHERS):
        await world.control("/callees", {"phoneNumber": number.raw_id, "raisesIncomingCall": True})
    said = {"turns": [{"text": "hello"}], "hangUp": False, "waitForTranscription": False}
    await world.control("/callees", {"rawId": AGENT.raw_id, "dialogue": said})
    await world.client.create_call(OURS, world.callback_url, source_caller_id_number=CALLER)
    here = world.client.get_call_connection(
        await world.answer((await world.offered(OURS.raw_id))["incomingCallContext"])
    )
    await world.event("CallConnected", here._call_connection_id)
    placed = await world.client.create_call(OTHERS, world.callback_url, source_caller_id_number=OURS)
    there = world.client.get_call_connection(placed.call_connection_id)
    offered = await world.offered(OTHERS.raw_id)
    await world.client.redirect_call(offered["incomingCallContext"], AGENT)
    await world.event("CallConnected", placed.call_connection_id)
    await world.journal("speech", lambda e: e.data["what"] == "ended")
    assert OTHERS.raw_id in [one.identifier.raw_id async for one in there.list_participants()]
    before = [one.identifier.raw_id async for one in here.list_participants()]
    await _moved(world, here, there, OTHERS)
    await world.event("MoveParticipantSucceeded", here._call_connection_id)
    after = [one.identifier.raw_id async for one in here.list_participants()]
    assert after == [*before, OTHERS.raw_id]
