from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ResourceNotFoundError

from acs_emulator.calls import endcodes
from acs_emulator.outgoing.events import Result

pytestmark = pytest.mark.anyio

PHONE = PhoneNumberIdentifier("+15550001111")
USER = CommunicationUserIdentifier("8:acs:resource_user")
OURS = PhoneNumberIdentifier("+15559870000")


async def _connected(world: Any, **call: Any) -> str:
    connection_id = await world.answer(await world.dial_in(**call))
    await world.event("CallConnected", connection_id)
    return str(connection_id)


def _codes(told: dict[str, Any]) -> tuple[int, int]:
    return told["resultInformation"]["code"], told["resultInformation"]["subCode"]


@pytest.mark.parametrize(
    ("target", "behaviour", "result"),
    [
        (PHONE, "busy", endcodes.PSTN_BUSY),
        (PHONE, "decline", endcodes.PSTN_DECLINED),
        (PHONE, "no-answer", endcodes.PSTN_NO_ANSWER),
        (PHONE, "spam", endcodes.SPAM),
        (USER, "busy", endcodes.BUSY),
        (USER, "decline", endcodes.DECLINED),
        (USER, "no-answer", endcodes.NO_ANSWER),
    ],
)
async def test_nobody_takes_the_call(world: Any, target: Any, behaviour: str, result: Result) -> None:
    """Both events carry the whole result, with what the carrier said where there is one."""
    await world.control("/callees", {"rawId": target.raw_id, "behaviour": behaviour})
    await world.client.create_call(target, world.callback_url, source_caller_id_number=OURS)
    for name in ("CallDisconnected", "CreateCallFailed"):
        assert (await world.event(name))["resultInformation"] == result.to_json()


async def test_details_of_the_carrier(world: Any) -> None:
    """SIP response and Q.850 cause, from the first api-version that knows them on."""
    await world.control("/callees", {"rawId": PHONE.raw_id, "behaviour": "busy"})
    await world.client.create_call(PHONE, world.callback_url, source_caller_id_number=OURS)
    told = (await world.event("CallDisconnected"))["resultInformation"]
    assert list(told) == ["code", "subCode", "message", "sipDetails", "q850Details"]
    assert told["sipDetails"] == {"code": 486, "message": "Busy Here"}
    assert told["q850Details"] == {"code": 17, "message": "User busy"}


async def test_everybody_declines(world: Any) -> None:
    """A group in which nobody wants the call."""
    people = [CommunicationUserIdentifier(f"8:acs:resource_{name}") for name in ("a", "b")]
    for person in people:
        await world.control("/callees", {"rawId": person.raw_id, "behaviour": "decline"})
    await world.client.create_call(people, world.callback_url)
    assert _codes(await world.event("CreateCallFailed")) == (487, 10024)


async def test_nobody_answers_in_time(world: Any) -> None:
    """A call that rings at the application ends by itself."""
    world.emulator.clock.set_speed(10_000)
    await world.control("/callees", {"rawId": USER.raw_id, "raisesIncomingCall": True})
    await world.client.create_call(USER, world.callback_url)
    context = (await world.offered(USER.raw_id))["incomingCallContext"]
    assert _codes(await world.event("CreateCallFailed")) == (487, 10004)
    with pytest.raises(ResourceNotFoundError):
        await world.client.answer_call(context, world.callback_url)


@pytest.mark.parametrize(("target", "codes"), [(PHONE, (487, 560487)), (USER, (487, 0))])
async def test_the_application_hangs_up_while_it_rings(
    world: Any, target: Any, codes: tuple[int, int]
) -> None:
    """CallDisconnected and CreateCallFailed as cancelled; whom it rang at cannot answer any more."""
    await world.control("/callees", {"rawId": target.raw_id, "raisesIncomingCall": True})
    placed = await world.client.create_call(target, world.callback_url, source_caller_id_number=OURS)
    context = (await world.offered(target.raw_id))["incomingCallContext"]
    await world.client.get_call_connection(placed.call_connection_id).hang_up(is_for_everyone=False)
    assert _codes(await world.event("CallDisconnected")) == codes
    assert _codes(await world.event("CreateCallFailed")) == codes
    with pytest.raises(ResourceNotFoundError):
        await world.client.answer_call(context, world.callback_url)
    assert world.emulator.calls.all() == []


@pytest.mark.parametrize(
    ("caller", "codes"), [("+15551230001", (487, 540487)), ("8:acs:resource_caller", (487, 0))]
)
async def test_the_caller_hangs_up_while_the_application_answers(
    world: Any, caller: str, codes: tuple[int, int]
) -> None:
    """AnswerFailed as cancelled."""
    world.emulator.clock.set_speed(0.01)
    connection_id = await world.answer(await world.dial_in(**{"from": caller}))
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    assert _codes(await world.event("AnswerFailed")) == codes


async def test_a_connection_is_lost(world: Any) -> None:
    """A drop is told apart from hanging up."""
    connection_id = await _connected(world)
    await world.control(f"/calls/{connection_id}/hang-up", {"how": "drop"}, 200)
    assert _codes(await world.event("CallDisconnected")) == (410, 301005)


async def test_a_room_is_closed(world: Any) -> None:
    """Ended for all by the organizer."""
    await world.control("/calls", {"roomId": "99789", "from": "8:acs:resource_host"})
    connected = await world.client.connect_call(room_id="99789", callback_url=world.callback_url)
    await world.event("CallConnected")
    body = {"speaker": "8:acs:resource_host", "everyone": True}
    await world.control(f"/calls/{connected.call_connection_id}/hang-up", body, 200)
    assert _codes(await world.event("CallDisconnected")) == (200, 4097)


@pytest.mark.parametrize(
    ("reason", "result"),
    [("None", endcodes.PSTN_DECLINED), ("Busy", endcodes.PSTN_BUSY), ("FORBIDDEN", endcodes.PSTN_FORBIDDEN)],
)
async def test_an_application_rejects_its_own_call(world: Any, reason: str, result: Result) -> None:
    """The placing end is told the reason in the words of the network between the two."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "raisesIncomingCall": True})
    await world.client.create_call(PHONE, world.callback_url, source_caller_id_number=OURS)
    context = (await world.offered(PHONE.raw_id))["incomingCallContext"]
    await world.client.reject_call(context, call_reject_reason=reason)
    assert (await world.event("CreateCallFailed"))["resultInformation"] == result.to_json()


async def test_details_of_the_carrier_are_news_to_older_clients(world: Any) -> None:
    """Releases before 2025-08-15-preview are sent code, sub code and message."""
    await world.control("/callees", {"rawId": PHONE.raw_id, "behaviour": "busy"})
    key = AzureKeyCredential(world.emulator.access_key)
    async with CallAutomationClient(world.emulator.url, key, api_version="2025-06-15") as client:
        await client.create_call(PHONE, world.callback_url, source_caller_id_number=OURS)
    told = (await world.event("CallDisconnected"))["resultInformation"]
    assert list(told) == ["code", "subCode", "message"]


def test_a_user_rejects() -> None:
    """Without a carrier there are no details."""
    assert endcodes.rejected("8:acs:a_b", "none") == endcodes.DECLINED
    assert endcodes.rejected("8:acs:a_b", "busy") == endcodes.BUSY
    assert endcodes.rejected("8:acs:a_b", "forbidden") == endcodes.FORBIDDEN
    assert "sipDetails" not in endcodes.BUSY.to_json()
