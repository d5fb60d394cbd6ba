from typing import Any

import pytest
from azure.communication.callautomation import (
    CommunicationUserIdentifier,
    DtmfTone,
    PhoneNumberIdentifier,
    TextSource,
)
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

pytestmark = pytest.mark.anyio

CALLER = PhoneNumberIdentifier("+15551230001")
OURS = PhoneNumberIdentifier("+15559870000")
FROM = PhoneNumberIdentifier("+15550002222")
RECEIVED = "ContinuousDtmfRecognitionToneReceived"


async def _connected(world: Any) -> Any:
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    return world.client.get_call_connection(connection_id)


async def _press(world: Any, connection: Any, tones: Any, **body: Any) -> None:
    await world.control(f"/calls/{connection._call_connection_id}/press", {"tones": tones, **body}, 200)


async def _tones(world: Any, number: int) -> list[dict[str, Any]]:
    """The first tones that the application was told of, in the order in which it was."""
    await world.journal("callback", lambda e: len(_told(world)) >= number)
    return _told(world)


def _told(world: Any) -> list[dict[str, Any]]:
    entries = world.emulator.journal.entries(["callback"], where=lambda e: e.data["type"] == RECEIVED)
    return [entry.data["event"]["data"] for entry in entries]


async def test_every_tone_is_told(world: Any) -> None:
    """One event each, numbered from one, until it is stopped with a context of its own."""
    connection = await _connected(world)
    await connection.start_continuous_dtmf_recognition(CALLER, operation_context="listen")
    await _press(world, connection, "1#")
    await _press(world, connection, ["eight"])
    told = await _tones(world, 3)
    assert [(one["sequenceId"], one["tone"]) for one in told] == [(1, "one"), (2, "pound"), (3, "eight")]
    assert list(told[0])[:3] == ["sequenceId", "tone", "version"]
    assert {one["operationContext"] for one in told} == {"listen"}
    await connection.stop_continuous_dtmf_recognition(CALLER, operation_context="enough")
    assert (await world.event("ContinuousDtmfRecognitionStopped"))["operationContext"] == "enough"
    await _press(world, connection, "5")
    await connection.start_continuous_dtmf_recognition(CALLER)
    await _press(world, connection, "6")
    assert [(one["sequenceId"], one["tone"]) for one in (await _tones(world, 4))[3:]] == [(1, "six")]


async def test_of_one_participant_alone(world: Any) -> None:
    """Others press unheard."""
    connection = await _connected(world)
    connection_id = connection._call_connection_id
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:resource_agent"}, 200)
    agent = CommunicationUserIdentifier("8:acs:resource_agent")
    await connection.start_continuous_dtmf_recognition(agent)
    await connection.start_continuous_dtmf_recognition(agent, operation_context="newer")
    await _press(world, connection, "1")
    await _press(world, connection, "2", speaker="agent")
    told = await _tones(world, 1)
    assert [(one["tone"], one["operationContext"]) for one in told] == [("two", "newer")]
    await world.control(f"/calls/{connection_id}/hang-up", {"speaker": "agent"}, 200)
    failed = await world.event("ContinuousDtmfRecognitionToneFailed")
    assert failed["resultInformation"]["subCode"] == 8522
    assert failed["operationContext"] == "newer"


async def test_the_end_of_the_call_stops_it(world: Any) -> None:
    """ContinuousDtmfRecognitionStopped before CallDisconnected."""
    connection = await _connected(world)
    await connection.start_continuous_dtmf_recognition(CALLER)
    await connection.hang_up(is_for_everyone=True)
    await world.event("CallDisconnected")
    names = [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]
    assert names[-2:] == ["ContinuousDtmfRecognitionStopped", "CallDisconnected"]


async def test_tones_are_sent(world: Any) -> None:
    """202 with the context, SendDtmfTonesCompleted, and an entry in the journal."""
    connection = await _connected(world)
    sent = await connection.send_dtmf_tones([DtmfTone.ONE, DtmfTone.POUND], CALLER, operation_context="ivr")
    assert sent.operation_context == "ivr"
    completed = await world.event("SendDtmfTonesCompleted")
    assert completed["operationContext"] == "ivr"
    assert completed["resultInformation"]["message"] == "Send DTMF completed successfully."
    (tones,) = world.emulator.journal.entries(["tones"])
    assert (tones.data["what"], tones.data["tones"]) == ("sent", ["one", "pound"])
    assert tones.data["rawId"] == CALLER.raw_id


async def test_tones_go_to_telephones_alone(world: Any) -> None:
    """SendDtmfTonesFailed 405/8520 for a user, 404 for somebody who is not there, 400 for more than 18."""
    connection = await _connected(world)
    connection_id = connection._call_connection_id
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:resource_agent"}, 200)
    await connection.send_dtmf_tones([DtmfTone.ONE], CommunicationUserIdentifier("8:acs:resource_agent"))
    failed = (await world.event("SendDtmfTonesFailed"))["resultInformation"]
    assert (failed["code"], failed["subCode"]) == (405, 8520)
    with pytest.raises(ResourceNotFoundError):
        await connection.send_dtmf_tones([DtmfTone.ONE], FROM)
    for wrong in ([DtmfTone.ONE] * 19, [], ["#"]):
        with pytest.raises(HttpResponseError) as refused:
            await connection.send_dtmf_tones(wrong, CALLER)
        assert refused.value.status_code == 400


async def test_one_thing_at_a_time(world: Any) -> None:
    """While tones are sent, nothing else starts on that participant's leg: 412/8583; canceling ends it."""
    connection = await _connected(world)
    world.emulator.clock.hold()
    try:
        await connection.send_dtmf_tones([DtmfTone.ONE] * 9, CALLER, operation_context="first")
        for start in (
            connection.send_dtmf_tones([DtmfTone.ONE], CALLER),
            connection.start_continuous_dtmf_recognition(CALLER),
        ):
            with pytest.raises(HttpResponseError) as refused:
                await start
            assert refused.value.status_code == 412
            assert refused.value.error
            assert refused.value.error.code == "8583"
        await connection.cancel_all_media_operations()
        failed = await world.event("SendDtmfTonesFailed")
        assert failed["operationContext"] == "first"
        assert failed["resultInformation"]["subCode"] == 8508
    finally:
        world.emulator.clock.release()


async def _both_ends(world: Any) -> tuple[str, str]:
    """The call connections of the end that called and of the one that answered, over PSTN."""
    await world.control("/callees", {"phoneNumber": OURS.properties["value"], "raisesIncomingCall": True})
    placed = await world.client.create_call(
        OURS,
        world.callback_url,
        source_caller_id_number=FROM,
        cognitive_services_endpoint="https://speech.example",
    )
    offered = await world.journal("eventgrid", lambda e: "incomingCallContext" in e.data["event"][0]["data"])
    answered = await world.answer(offered.data["event"][0]["data"]["incomingCallContext"])
    for connection_id in (placed.call_connection_id, answered):
        await world.event("CallConnected", connection_id)
    return str(placed.call_connection_id), answered


async def test_both_ends_of_a_call(world: Any) -> None:
    """What one end sends, the other recognises."""
    placed, answered = await _both_ends(world)
    callee = world.client.get_call_connection(answered)
    await callee.start_continuous_dtmf_recognition(FROM)
    await callee.start_recognizing_media(
        "dtmf", FROM, dtmf_max_tones_to_collect=3, dtmf_inter_tone_timeout=60, initial_silence_timeout=300
    )
    caller = world.client.get_call_connection(placed)
    await caller.send_dtmf_tones([DtmfTone.FOUR, DtmfTone.SEVEN, DtmfTone.ASTERISK], OURS)
    data = await world.event("RecognizeCompleted", answered)
    assert data["dtmfResult"] == {"tones": ["four", "seven", "asterisk"]}
    await world.event("SendDtmfTonesCompleted", placed)
    assert [one["tone"] for one in await _tones(world, 3)] == ["four", "seven", "asterisk"]


async def test_one_end_talks_to_the_other(world: Any) -> None:
    """Words that one end plays are recognised by the other."""
    placed, answered = await _both_ends(world)
    world.emulator.clock.hold()
    try:
        callee = world.client.get_call_connection(answered)
        await callee.start_recognizing_media("speech", FROM, initial_silence_timeout=20)
        caller = world.client.get_call_connection(placed)
        await caller.play_media(TextSource(text="Is anybody there?"))
        await world.event("PlayStarted", placed)
        await world.emulator.clock.step(5)
    finally:
        world.emulator.clock.release()
    data = await world.event("RecognizeCompleted", answered)
    assert data["speechResult"]["speech"] == "Is anybody there?"
