import asyncio
from typing import Any

import pytest
from azure.communication.callautomation import (
    CallAutomationClient,
    CommunicationUserIdentifier,
    PhoneNumberIdentifier,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from acs_emulator.calls.call import Person
from acs_emulator.rest.participants import PAGE_SIZE

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


async def test_a_muted_agent_is_not_heard(world: Any) -> None:
    """200 with the context; ParticipantsUpdated says so; their words are lost, once and again."""
    connection = await _connected(world)
    await connection.add_participant(AGENT)
    await world.event("AddParticipantSucceeded")
    assert (await connection.mute_participant(AGENT, operation_context="hush")).operation_context == "hush"
    await world.journal("callback", lambda e: _muted(e) == [False, False, True])
    assert (await connection.get_participant(AGENT)).is_muted
    await connection.mute_participant(AGENT)
    assert not world.emulator.calls.all()[0].people[AGENT.raw_id].audible


async def test_who_cannot_be_muted(world: Any) -> None:
    """Phones and several at once: 400 with the code 8523; somebody who is not there: 404 with 8522."""
    connection = await _connected(world)
    for who, status, code in (
        (PhoneNumberIdentifier("+15551230001"), 400, "8523"),
        (AGENT, 404, "8522"),
    ):
        with pytest.raises(HttpResponseError) as refused:
            await connection.mute_participant(who)
        assert refused.value.status_code == status
        assert refused.value.error
        assert refused.value.error.code == code
    with pytest.raises(HttpResponseError) as refused:
        await connection._call_connection_client.mute(
            connection._call_connection_id,
            {"targetParticipants": [{"rawId": "8:acs:a_b"}, {"rawId": "8:acs:a_c"}]},
        )
    assert refused.value.status_code == 400


async def test_more_participants_than_a_page_holds(world: Any) -> None:
    """Both clients follow absolute links from page to page and see everybody once."""
    connection = await _connected(world)
    call = world.emulator.calls.all()[0]
    for number in range(2 * PAGE_SIZE):
        raw_id = f"8:acs:resource_{number}"
        call.people[raw_id] = Person(raw_id)
    everybody = [person.raw_id for person in call.participants()]
    pages = connection.list_participants().by_page()
    sizes = [len([one async for one in page]) async for page in pages]
    assert sizes == [PAGE_SIZE, PAGE_SIZE, 2]
    assert [one.identifier.raw_id async for one in connection.list_participants()] == everybody

    def see(connection_id: str) -> list[Any]:
        key = AzureKeyCredential(world.emulator.access_key)
        with CallAutomationClient(world.emulator.url, key) as client:
            people = client.get_call_connection(connection_id).list_participants()
            return [getattr(one.identifier, "raw_id", None) for one in people]

    assert await asyncio.to_thread(see, connection._call_connection_id) == everybody
    requests = await world.emulator.journal.wait("request", where=lambda e: "skip=200" in e.data["query"])
    assert len(requests) == 3
    assert all(one.data["status"] == 200 for one in requests)


async def test_an_invitation_is_withdrawn_while_it_rings_at_the_application(world: Any) -> None:
    """The call that was offered is nobody's any more: answering it is 404."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    connection = await _connected(world)
    added = await connection.add_participant(AGENT)
    data = await world.offered(AGENT.raw_id)
    await connection.cancel_add_participant_operation(added.invitation_id)
    await world.event("CancelAddParticipantSucceeded")
    with pytest.raises(ResourceNotFoundError):
        await world.client.answer_call(data["incomingCallContext"], world.callback_url)
    assert world.emulator.exchange.offers == {}


async def test_an_invitation_is_declined(world: Any) -> None:
    """AddParticipantFailed, whether a human declines or the application at the other end."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "behaviour": "decline"})
    await world.control("/callees", {"phoneNumber": "+15550002222", "raisesIncomingCall": True})
    connection = await _connected(world)
    await connection.add_participant(AGENT, operation_context="human")
    failed = await world.event("AddParticipantFailed")
    assert (failed["operationContext"], failed["resultInformation"]["code"]) == ("human", 603)
    await connection.add_participant(
        PhoneNumberIdentifier("+15550002222"),
        source_caller_id_number=PhoneNumberIdentifier("+15559870000"),
        operation_context="application",
    )
    data = await world.offered("4:+15550002222")
    assert data["from"]["rawId"] == "4:+15559870000"
    await world.client.reject_call(data["incomingCallContext"])
    declined = await world.journal(
        "callback", lambda e: e.data["event"]["data"].get("operationContext") == "application"
    )
    result = declined.data["event"]["data"]["resultInformation"]
    assert (result["code"], result["subCode"]) == (603, 560603)
    assert result["q850Details"] == {"code": 21, "message": "Call rejected"}


async def test_the_applications_other_end_is_removed(world: Any) -> None:
    """Its own leg is told that it was removed."""
    await world.control("/callees", {"rawId": AGENT.raw_id, "raisesIncomingCall": True})
    connection = await _connected(world)
    await connection.add_participant(AGENT)
    second = await world.answer((await world.offered(AGENT.raw_id))["incomingCallContext"])
    await world.event("CallConnected", second)
    await connection.remove_participant(AGENT)
    await world.event("RemoveParticipantSucceeded")
    assert (await world.event("CallDisconnected", second))["resultInformation"]["subCode"] == 5300
    assert (await connection.get_call_properties()).call_connection_state == "connected"


def _muted(entry: Any) -> list[bool]:
    return [one["isMuted"] for one in entry.data["event"]["data"].get("participants", [])]
