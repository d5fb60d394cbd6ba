from typing import Any

import pytest
from azure.communication.callautomation import DtmfTone, FileSource, PhoneNumberIdentifier, TextSource
from azure.core.exceptions import ResourceNotFoundError

pytestmark = pytest.mark.anyio
CALLER = PhoneNumberIdentifier("+15551230001")
AGENT = PhoneNumberIdentifier("+15557770000")

OPERATIONS = {
    "play": ("PlayFailed", lambda call: call.play_media(TextSource(text="Hi"), operation_context="c")),
    "recognize": (
        "RecognizeFailed",
        lambda call: call.start_recognizing_media("dtmf", CALLER, operation_context="c"),
    ),
    "startContinuousDtmfRecognition": (
        "ContinuousDtmfRecognitionToneFailed",
        lambda call: call.start_continuous_dtmf_recognition(CALLER, operation_context="c"),
    ),
    "sendDtmfTones": (
        "SendDtmfTonesFailed",
        lambda call: call.send_dtmf_tones([DtmfTone.ONE], CALLER, operation_context="c"),
    ),
    "hold": ("HoldFailed", lambda call: call.hold(CALLER, operation_context="c")),
    "startMediaStreaming": (
        "MediaStreamingFailed",
        lambda call: call.start_media_streaming(operation_context="c"),
    ),
    "transferToParticipant": (
        "CallTransferFailed",
        lambda call: call.transfer_call_to_participant(AGENT, operation_context="c"),
    ),
    "addParticipant": (
        "AddParticipantFailed",
        lambda call: call.add_participant(AGENT, operation_context="c", source_caller_id_number=CALLER),
    ),
    "removeParticipant": (
        "RemoveParticipantFailed",
        lambda call: call.remove_participant(CALLER, operation_context="c"),
    ),
    "moveParticipants": (
        "MoveParticipantFailed",
        lambda call: call.move_participants([CALLER], from_call_id="other", operation_context="c"),
    ),
    "cancelAddParticipant": (
        "CancelAddParticipantFailed",
        lambda call: call.cancel_add_participant_operation("i", operation_context="c"),
    ),
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_operation_that_is_accepted_and_fails(world: Any, operation: str) -> None:
    """The official client gets its answer; the failure event has the codes that were asked for, and the context."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected", connection_id)
    fault = {
        "kind": "operationFailed",
        "operation": operation,
        "code": 400,
        "subCode": 8536,
        "message": "No.",
    }
    await world.control("/faults", fault)
    event, ask = OPERATIONS[operation]
    await ask(world.client.get_call_connection(connection_id))
    told = await world.event(event, connection_id)
    assert told["resultInformation"] == {"code": 400, "subCode": 8536, "message": "No."}
    assert told["operationContext"] == "c"


async def test_members_of_the_failure_event(world: Any) -> None:
    """Can be given; where the event goes is honoured."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected", connection_id)
    fault = {"kind": "operationFailed", "operation": "play", "fields": {"failedPlaySourceIndex": 1}}
    await world.control("/faults", fault)
    call = world.client.get_call_connection(connection_id)
    sources = [TextSource(text="a"), FileSource(url="https://files.example/b.wav")]
    elsewhere = f"{world.receiver.url}/callbacks/elsewhere"
    await call.play_media(sources, operation_callback_url=elsewhere)
    told = await world.event("PlayFailed", connection_id)
    assert told["failedPlaySourceIndex"] == 1
    assert world.receiver.requests[-1].path == "/callbacks/elsewhere"
    assert "PlayStarted" not in str(world.receiver.callbacks)


async def test_an_operation_on_a_call_that_is_gone(world: Any) -> None:
    """The fault waits for one that could be done."""
    world.emulator.faults.add({"kind": "operationFailed", "operation": "play"})
    with pytest.raises(ResourceNotFoundError, match="8522"):
        await world.client.get_call_connection("gone").play_media(TextSource(text="Hi"))
    assert len(world.emulator.faults.to_json()) == 1
