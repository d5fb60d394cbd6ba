import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from azure.communication.callautomation import (
    CallAutomationClient,
    CommunicationUserIdentifier,
    MicrosoftTeamsAppIdentifier,
    MicrosoftTeamsUserIdentifier,
    PhoneNumberIdentifier,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

pytestmark = pytest.mark.anyio

CALLEE = PhoneNumberIdentifier("+15550001111")
OURS = PhoneNumberIdentifier("+15559870000")
USER = CommunicationUserIdentifier("8:acs:resource_user")


async def test_an_answered_call_is_connected_and_described_as_captured(
    world: Any, goldens: Callable[[str], list[Any]], shape: Callable[[Any], Any]
) -> None:
    """Answering gives state unknown with a server call id; CallConnected and ParticipantsUpdated look as captured."""
    properties = await world.client.answer_call(
        await world.dial_in(), world.callback_url, operation_context="greeting"
    )
    assert properties.call_connection_state == "unknown"
    assert properties.server_call_id
    assert properties.answered_for.properties["value"] == "+15559870000"
    connected = await world.event("CallConnected")
    assert connected["operationContext"] == "greeting"
    await world.event("ParticipantsUpdated")
    now = await world.client.get_call_connection(properties.call_connection_id).get_call_properties()
    assert now.call_connection_state == "connected"
    captured = {
        one["event"]["type"]: one["event"]
        for one in goldens("events.jsonl")
        if one["schema"] == "cloudevents"
    }
    for event in world.receiver.callbacks:
        event["data"].pop("operationContext", None)
        assert list(shape(event)) == list(shape(captured[event["type"]]))
        for member, kind in shape(captured[event["type"]]["data"]).items():
            if member != "participants":
                assert shape(event["data"])[member] == kind
        assert event["source"][0] != "/"
    assert b"\\u002B00:00" in world.receiver.requests[-1].raw


async def test_a_hung_up_call_is_gone(world: Any) -> None:
    """Hanging up for everyone ends in CallDisconnected 7000 and 404 with the string code 8522."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    connection = world.client.get_call_connection(connection_id)
    await connection.hang_up(is_for_everyone=True)
    ended = await world.event("CallDisconnected")
    assert ended["resultInformation"]["subCode"] == 7000
    with pytest.raises(ResourceNotFoundError) as missing:
        await connection.get_call_properties()
    assert missing.value.error
    assert missing.value.error.code == "8522"


async def test_a_call_between_two_ends_when_the_application_leaves(world: Any) -> None:
    """DELETE takes the application out, and nobody talks to themselves."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    await world.client.get_call_connection(connection_id).hang_up(is_for_everyone=False)
    await world.event("CallDisconnected")
    assert world.emulator.calls.all() == []


async def test_three_talk_on_when_the_application_leaves(world: Any) -> None:
    """DELETE ends the application's own leg only."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    call = world.emulator.calls.all()[0]
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:agent"}, 200)
    await world.client.get_call_connection(connection_id).hang_up(is_for_everyone=False)
    await world.event("CallDisconnected")
    assert world.emulator.calls.all() == [call]


async def test_a_rejected_call_is_told_to_nobody(world: Any) -> None:
    """204, no callback, and the context is worth nothing any more."""
    context = await world.dial_in()
    await world.client.reject_call(context, call_reject_reason="Busy")
    await world.journal("call", lambda e: e.data["what"] == "ended")
    with pytest.raises(ResourceNotFoundError):
        await world.client.answer_call(context, world.callback_url)
    assert world.receiver.callbacks == []


async def test_a_redirected_call_rings_at_its_target(world: Any) -> None:
    """A target of the same resource raises an IncomingCall of its own."""
    await world.control("/callees", {"rawId": "8:acs:second", "raisesIncomingCall": True})
    context = await world.dial_in()
    await world.client.redirect_call(context, CommunicationUserIdentifier("8:acs:second"))
    offers = await world.emulator.journal.wait(
        "eventgrid", where=lambda e: e.data["event"][0]["subject"].endswith("/recipient/8:acs:second")
    )
    data = offers[0].data["event"][0]["data"]
    assert data["incomingCallContext"] != context
    assert await world.answer(data["incomingCallContext"])


async def test_a_call_redirected_to_a_human(world: Any) -> None:
    """The application has no part in it any more."""
    await world.client.redirect_call(await world.dial_in(), CommunicationUserIdentifier("8:acs:human"))
    await world.journal("call", lambda e: e.data["what"] == "ended")
    assert world.receiver.callbacks == []


async def test_a_call_hung_up_while_it_rings(world: Any) -> None:
    """CallDisconnected, and nobody answers any more."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "afterSeconds": 500})
    placed = await world.client.create_call(CALLEE, world.callback_url, source_caller_id_number=OURS)
    await world.client.get_call_connection(placed.call_connection_id).hang_up(is_for_everyone=True)
    await world.event("CallDisconnected")
    assert world.emulator.calls.all() == []


async def test_two_legs_of_one_call_end_together(world: Any) -> None:
    """Who ended it is told so, the other that it has ended."""
    first = await world.answer(await world.dial_in())
    connected = await world.event("CallConnected", first)
    joined = await world.client.connect_call(
        server_call_id=connected["serverCallId"], callback_url=world.callback_url
    )
    await world.event("CallConnected", joined.call_connection_id)
    await world.client.get_call_connection(first).hang_up(is_for_everyone=True)
    mine = await world.event("CallDisconnected", first)
    other = await world.event("CallDisconnected", joined.call_connection_id)
    assert "by Azure Communication Service Call Automation" in mine["resultInformation"]["message"]
    assert other["resultInformation"]["message"] == "The conversation has ended. DiagCode: 0#7000.@"


async def test_an_unanswered_call_stops_ringing(world: Any) -> None:
    """After the ring the caller is gone and answering is 404."""
    world.emulator.clock.set_speed(1000)
    context = await world.dial_in()
    world.emulator.clock.set_speed(100_000)
    await world.journal("call", lambda e: e.data["what"] == "ended")
    with pytest.raises(ResourceNotFoundError):
        await world.client.answer_call(context, world.callback_url)


async def test_a_caller_who_gives_up_while_being_answered(world: Any) -> None:
    """AnswerFailed and CallDisconnected, no CallConnected."""
    world.emulator.clock.set_speed(0.01)
    connection_id = await world.answer(await world.dial_in())
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    failed = await world.event("AnswerFailed")
    assert failed["resultInformation"]["code"] == 487
    await world.event("CallDisconnected")
    assert "CallConnected" not in {event["type"].rpartition(".")[2] for event in world.receiver.callbacks}


async def test_a_placed_call_connects_when_it_is_picked_up(world: Any) -> None:
    """201 connecting without a server call id; then CallConnected."""
    properties = await world.client.create_call(
        CALLEE, world.callback_url, source_caller_id_number=OURS, operation_context="sale"
    )
    assert properties.call_connection_state == "connecting"
    assert properties.server_call_id is None
    assert properties.source_caller_id_number.properties["value"] == "+15559870000"
    assert (await world.event("CallConnected"))["operationContext"] == "sale"
    now = await world.client.get_call_connection(properties.call_connection_id).get_call_properties()
    assert now.server_call_id == world.emulator.calls.all()[0].server_call_id


@pytest.mark.parametrize(
    ("behaviour", "code", "sub_code"),
    [("busy", 486, 560486), ("decline", 603, 560603), ("no-answer", 480, 560480)],
)
async def test_a_callee_who_does_not_answer(world: Any, behaviour: str, code: int, sub_code: int) -> None:
    """CallDisconnected with the SIP code, then CreateCallFailed without the context."""
    await world.control(
        "/callees", {"phoneNumber": "+15550001111", "behaviour": behaviour, "afterSeconds": 0.1}
    )
    await world.client.create_call(
        CALLEE, world.callback_url, source_caller_id_number=OURS, operation_context="sale"
    )
    failed = await world.event("CreateCallFailed")
    assert (failed["resultInformation"]["code"], failed["resultInformation"]["subCode"]) == (code, sub_code)
    assert "operationContext" not in failed
    names = [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]
    assert names == ["CallDisconnected", "CreateCallFailed"]


async def test_a_group_is_called_and_one_of_them_answers(world: Any) -> None:
    """The call stands as soon as the first answers; who is busy does not hurt."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "behaviour": "busy"})
    properties = await world.client.create_call(
        [CALLEE, USER, MicrosoftTeamsUserIdentifier("6b45c5b6-1c34-47c0-8980-11e98d47d23f")],
        world.callback_url,
        source_caller_id_number=OURS,
    )
    kinds = {target.kind for target in properties.targets}
    assert kinds == {"phone_number", "communication_user", "microsoft_teams_user"}
    await world.event("CallConnected")
    await world.journal("callback", lambda e: len(e.data["event"]["data"].get("participants", [])) == 3)


async def test_a_phone_number_is_not_called_without_a_caller_id(world: Any) -> None:
    """400 in Azure's shape."""
    with pytest.raises(HttpResponseError) as refused:
        await world.client.create_call(CALLEE, world.callback_url)
    assert refused.value.status_code == 400


async def test_our_own_outbound_leg_comes_back_as_an_incoming_call(world: Any) -> None:
    """Calling a user of this resource raises IncomingCall with the same server call id and correlation id; both legs
    share one call."""
    await world.control("/callees", {"rawId": USER.raw_id, "raisesIncomingCall": True})
    placed = await world.client.create_call(USER, world.callback_url)
    offered = await world.journal("eventgrid", lambda e: "IncomingCall" in e.data["type"])
    data = offered.data["event"][0]["data"]
    assert data["correlationId"] == placed.correlation_id
    answered = await world.answer(data["incomingCallContext"])
    outer = await world.event("CallConnected", placed.call_connection_id)
    inner = await world.event("CallConnected", answered)
    assert outer["serverCallId"] == inner["serverCallId"] == data["serverCallId"]


async def test_a_room_is_joined_by_connect(world: Any) -> None:
    """Connecting to a room gives a connected leg among the people already there."""
    await world.control("/calls", {"roomId": "99123", "from": "8:acs:guest"})
    properties = await world.client.connect_call(room_id="99123", callback_url=world.callback_url)
    assert properties.call_connection_state == "unknown"
    await world.event("CallConnected")
    people = world.client.get_call_connection(properties.call_connection_id).list_participants()
    assert "8:acs:guest" in [person.identifier.raw_id async for person in people]


async def test_connecting_to_a_call_that_is_not_there(world: Any) -> None:
    """ConnectFailed."""
    await world.client.connect_call(server_call_id="bm90aGluZw==", callback_url=world.callback_url)
    assert (await world.event("ConnectFailed"))["resultInformation"]["code"] == 404


async def test_the_synchronous_sdk_drives_a_whole_call(world: Any) -> None:
    """Answer, participants, hang up, with the blocking client."""
    context = await world.dial_in(**{"from": "8:acs:resource_caller"})

    def answer() -> str:
        key = AzureKeyCredential(world.emulator.access_key)
        with CallAutomationClient(world.emulator.url + "/", key) as client:
            return str(client.answer_call(context, world.callback_url).call_connection_id)

    def see_and_leave(connection_id: str) -> list[Any]:
        key = AzureKeyCredential(world.emulator.access_key)
        with CallAutomationClient(world.emulator.url + "/", key) as client:
            connection = client.get_call_connection(connection_id)
            seen = [getattr(one.identifier, "raw_id", None) for one in connection.list_participants()]
            caller = connection.get_participant(CommunicationUserIdentifier("8:acs:resource_caller"))
            connection.hang_up(is_for_everyone=True)
            return [getattr(caller.identifier, "raw_id", None), *seen]

    connection_id = await asyncio.to_thread(answer)
    await world.event("CallConnected")
    seen = await asyncio.to_thread(see_and_leave, connection_id)
    assert seen.count("8:acs:resource_caller") == 2
    await world.event("CallDisconnected")


async def test_callbacks_are_signed_with_the_published_key(world: Any) -> None:
    """RS256, issuer, audience and five minutes of life; verified by PyJWT against /calling/keys."""
    await world.answer(await world.dial_in())
    await world.event("CallConnected")
    configuration = (await world.http.get("/calling/.well-known/acsopenidconfiguration")).json()
    async with httpx.AsyncClient() as http:
        keys = jwt.PyJWKSet.from_dict((await http.get(configuration["jwks_uri"])).json())
    token = world.receiver.requests[-1].headers["authorization"].removeprefix("Bearer ")
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=world.emulator.resource_id,
        issuer="https://acscallautomation.communication.azure.com",
    )
    assert claims["exp"] - claims["iat"] == 300


async def test_a_call_between_two_of_our_users_is_one_call(world: Any) -> None:
    """Two call connections with ids of their own; server call id and correlation id are shared."""
    await world.control("/callees", {"rawId": USER.raw_id, "raisesIncomingCall": True})
    placed = await world.client.create_call(USER, world.callback_url)
    data = await world.offered(USER.raw_id)
    answered = await world.answer(data["incomingCallContext"])
    outer = await world.event("CallConnected", placed.call_connection_id)
    inner = await world.event("CallConnected", answered)
    assert answered != placed.call_connection_id
    assert (outer["serverCallId"], outer["correlationId"]) == (inner["serverCallId"], inner["correlationId"])
    await world.client.get_call_connection(answered).hang_up(is_for_everyone=True)
    for connection_id in (placed.call_connection_id, answered):
        ended = await world.event("CallDisconnected", connection_id)
        assert ended["resultInformation"]["subCode"] == 7000


@pytest.mark.parametrize(("who", "outer_code", "inner_code"), [(0, 7000, 540000), (1, 560000, 7000)])
async def test_a_call_to_one_of_our_numbers_goes_over_a_line(
    world: Any, who: int, outer_code: int, inner_code: int
) -> None:
    """As captured: both ends have ids of their own, and see each other as a phone number; who hangs up is told 7000."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "raisesIncomingCall": True})
    placed = await world.client.create_call(CALLEE, world.callback_url, source_caller_id_number=OURS)
    data = await world.offered(CALLEE.raw_id)
    assert data["from"]["rawId"] == OURS.raw_id
    legs = [placed.call_connection_id, await world.answer(data["incomingCallContext"])]
    outer, inner = [await world.event("CallConnected", leg) for leg in legs]
    assert data["serverCallId"] == inner["serverCallId"] != outer["serverCallId"]
    assert data["correlationId"] == inner["correlationId"] != outer["correlationId"]
    assert world.emulator.calls.find(inner["serverCallId"]) is world.emulator.calls.find(
        outer["serverCallId"]
    )
    for leg, number in zip(legs, (CALLEE, OURS), strict=True):
        people = world.client.get_call_connection(leg).list_participants()
        assert [one.identifier.kind for one in [one async for one in people]] == [
            "communication_user",
            "phone_number",
        ]
        there = await world.client.get_call_connection(leg).get_participant(number)
        assert there.identifier.raw_id == number.raw_id
    await world.client.get_call_connection(legs[who]).hang_up(is_for_everyone=False)
    codes = [(await world.event("CallDisconnected", leg))["resultInformation"]["subCode"] for leg in legs]
    assert codes == [outer_code, inner_code]


async def test_a_call_is_redirected_to_another_of_our_numbers(world: Any) -> None:
    """It rings there, from the same caller."""
    await world.control("/callees", {"phoneNumber": "+15550001111", "raisesIncomingCall": True})
    await world.client.redirect_call(await world.dial_in(), CALLEE)
    data = await world.offered(CALLEE.raw_id)
    assert data["from"]["rawId"] == "4:+15551230001"
    connection_id = await world.answer(data["incomingCallContext"])
    await world.event("CallConnected", connection_id)


async def test_a_phone_call_is_redirected_to_a_user(world: Any) -> None:
    """It rings at their devices and raises a second IncomingCall; whoever is first takes it."""
    await world.control("/callees", {"rawId": USER.raw_id, "afterSeconds": 900})
    await world.client.redirect_call(await world.dial_in(), USER)
    second = await world.offered(USER.raw_id)
    connection_id = await world.answer(second["incomingCallContext"])
    await world.event("CallConnected", connection_id)
    await world.control("/callees", {"rawId": "8:acs:resource_quick", "afterSeconds": 0})
    context = await world.dial_in(**{"from": "+15551230009"})
    await world.client.redirect_call(context, CommunicationUserIdentifier("8:acs:resource_quick"))
    third = await world.offered("8:acs:resource_quick")
    await world.journal("call", lambda e: e.data["what"] == "ended" and e.data["caller"] == "4:+15551230009")
    with pytest.raises(ResourceNotFoundError):
        await world.client.answer_call(third["incomingCallContext"], world.callback_url)


async def test_users_made_here_ring_at_the_application(world: Any) -> None:
    """An identity of this resource is known to it."""
    user = CommunicationUserIdentifier("8:acs:resource_madehere")
    world.emulator.exchange.callees.settle_in(user.raw_id)
    placed = await world.client.create_call(user, world.callback_url)
    data = await world.offered(user.raw_id)
    assert data["correlationId"] == placed.correlation_id


async def test_the_states_of_a_call(world: Any) -> None:
    """A call can be read from the moment it is asked for until it is gone."""
    await world.control("/callees", {"rawId": USER.raw_id, "raisesIncomingCall": True})
    placed = await world.client.create_call(USER, world.callback_url, operation_context="sale")
    data = await world.offered(USER.raw_id)
    world.emulator.clock.set_speed(0.01)
    answered = await world.answer(data["incomingCallContext"])
    outer, inner = (world.client.get_call_connection(one) for one in (placed.call_connection_id, answered))
    connecting = await outer.get_call_properties()
    assert (connecting.call_connection_state, connecting.server_call_id) == ("connecting", None)
    unknown = await inner.get_call_properties()
    assert (unknown.call_connection_state, unknown.server_call_id) == ("unknown", data["serverCallId"])
    world.emulator.clock.set_speed(100)
    await world.event("CallConnected", answered)
    assert (await outer.get_call_properties()).call_connection_state == "connected"
    world.emulator.clock.set_speed(0.01)
    await outer.hang_up(is_for_everyone=True)
    await outer.hang_up(is_for_everyone=False)
    for connection in (outer, inner):
        assert (await connection.get_call_properties()).call_connection_state == "disconnecting"
    world.emulator.clock.set_speed(100)
    await world.event("CallDisconnected", answered)
    await world.event("CallDisconnected", placed.call_connection_id)
    ended = [one for one in world.receiver.callbacks if one["type"].endswith("CallDisconnected")]
    assert len(ended) == 2


async def test_a_call_placed_as_a_teams_app(world: Any) -> None:
    """The source is shown as the app."""
    placed = await world.client.create_call(
        USER, world.callback_url, teams_app_source=MicrosoftTeamsAppIdentifier("45ab2481")
    )
    assert placed.source.raw_id == "28:orgid:45ab2481"
    await world.event("CallConnected")
