"""Calls that we place, and transcription controlled by REST."""

from typing import Any

import pytest

from tests.journeys.conftest import House

pytestmark = pytest.mark.anyio

CALLER_ID = "+15559870000"
WAIT = {"Prefer": "wait=10"}


async def place(house: House, **facts: Any) -> dict[str, Any]:
    answer = await house.api.post("/v1/calls", json={"sourceCallerId": CALLER_ID, **facts})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(answer.json()["id"])
    return dict(answer.json())


async def say(house: House, call: dict[str, Any], text: str, speaker: str = "caller") -> None:
    answer = await house.control.post(
        f"/_emulator/calls/{call['callConnectionId']}/say",
        json={"speaker": speaker, "text": text, "seconds": 1},
    )
    assert answer.status_code == 202, answer.text


async def hang_up(house: House, call_id: str) -> None:
    answer = await house.api.post(f"/v1/calls/{call_id}/hang-up", json={})
    assert answer.status_code in (200, 202), answer.text
    await house.reaches(call_id, "disconnected")


async def control(house: House, call_id: str, what: str, expected: int = 200, **body: Any) -> dict[str, Any]:
    answer = await house.api.post(f"/v1/calls/{call_id}/transcription/{what}", json=body, headers=WAIT)
    assert answer.status_code == expected, answer.text
    return dict(answer.json())


async def test_a_placed_call_is_transcribed_relocated_stopped_and_started(house: House) -> None:
    """Each operation ends with ACS's event; words of every stretch are in one transcript."""
    placed = await place(house, targets=["+15551239001"], externalId="order-7", metadata={"queue": "sales"})
    call = await house.reaches(placed["id"], "connected")
    assert (call["externalId"], call["metadata"]) == ("order-7", {"queue": "sales"})
    await house.transcribes(call["id"])
    await say(house, call, "This is English.")
    await house.says(call["id"], "This is English.")
    updated = await control(house, call["id"], "update-locale", locale="es-es", operationContext="mine")
    assert (updated["state"], updated["locale"]) == ("succeeded", "es-ES")
    await house.transcribes(call["id"])
    await say(house, call, "Ahora en castellano.")
    await house.says(call["id"], "Ahora en castellano.")
    assert (await control(house, call["id"], "stop"))["state"] == "succeeded"
    begin = house.mark()
    await say(house, call, "Nobody writes this down.")
    spoken = await house.emulator.journal.wait(
        "speech", after=begin, where=lambda entry: entry.data["what"] == "ended", within=10
    )
    assert spoken
    assert (await control(house, call["id"], "stop"))["state"] == "succeeded"
    assert (await control(house, call["id"], "start"))["state"] == "succeeded"
    await house.transcribes(call["id"])
    await say(house, call, "Otra vez.")
    transcript = await house.says(call["id"], "This is English.", "Ahora en castellano.", "Otra vez.")
    assert len(transcript["segments"]) == 3
    assert [one["locale"].lower() for one in transcript["segments"]] == ["en-us", "es-es", "es-es"]
    await hang_up(house, call["id"])


async def test_the_same_request_with_the_same_key_places_one_call(house: House) -> None:
    """Idempotency-Key: the kept answer comes back; another request under it is refused."""
    body = {"targets": ["+15551239002"], "sourceCallerId": CALLER_ID}
    headers = {"Idempotency-Key": f"key-{house.kind}"}
    first = await house.api.post("/v1/calls", json=body, headers=headers)
    again = await house.api.post("/v1/calls", json=body, headers=headers)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await house.api.post("/v1/calls", json={**body, "locale": "de-DE"}, headers=headers)
    assert other.status_code == 422
    await house.reaches(first.json()["id"], "connected")
    await hang_up(house, first.json()["id"])


async def test_participants_come_and_go(house: House) -> None:
    """An added agent speaks under their own id; a removed one is off the list."""
    call = await house.reaches((await place(house, targets=["+15551239003"]))["id"], "connected")
    added = await house.api.post(f"/v1/calls/{call['id']}/participants", json={"target": "8:acs:agent-two"})
    assert added.status_code in (200, 202), added.text

    async def joined() -> bool:
        listed = (await house.call(call["id"]))["participants"]
        return "8:acs:agent-two" in [one["rawId"] for one in listed]

    await house.until(joined, "the agent has joined")
    await house.transcribes(call["id"])
    await say(house, call, "I am the agent.", "8:acs:agent-two")
    transcript = await house.says(call["id"], "I am the agent.")
    assert transcript["segments"][0]["participantRawID"] == "8:acs:agent-two"
    removed = await house.api.delete(f"/v1/calls/{call['id']}/participants/8:acs:agent-two")
    assert removed.status_code in (200, 202), removed.text

    async def left() -> bool:
        return not await joined()

    await house.until(left, "the agent has left")
    await hang_up(house, call["id"])


async def test_several_people_are_called_at_once(house: House) -> None:
    """Phone numbers, ACS users and Teams users in one call."""
    targets = ["+15551239004", "8:acs:somebody", "8:orgid:11111111-2222-3333-4444-555555555555"]
    placed = await place(house, targets=targets)
    assert placed["to"] == ["4:+15551239004", *targets[1:]]
    await house.reaches(placed["id"], "connected")
    await hang_up(house, placed["id"])


@pytest.mark.parametrize(("behaviour", "code"), [("busy", 486), ("decline", 603)])
async def test_a_call_that_nobody_takes_has_failed(house: House, behaviour: str, code: int) -> None:
    """ACS's result, our reason in plain words, no transcript."""
    number = f"+1555124{code:04d}"
    callee = {"phoneNumber": number, "behaviour": behaviour}
    assert (await house.control.post("/_emulator/callees", json=callee)).status_code < 300
    placed = await place(house, targets=[number])
    failed = await house.reaches(placed["id"], "failed")
    assert failed["result"]["code"] == code
    assert failed["result"]["reason"]


async def test_the_custom_models_id_reaches_the_wire(house: House) -> None:
    """At setup, at start and at update, although the SDK drops it."""
    begin = house.mark()
    placed = await place(
        house, targets=["+15551239005"], speechModelEndpointId="model-1", transcription="manual"
    )
    call = await house.reaches(placed["id"], "connected")
    await control(house, call["id"], "start", speechModelEndpointId="model-2")
    await control(house, call["id"], "update-locale", locale="fr-FR", speechModelEndpointId="model-3")
    bodies = {
        entry.data["operation"]: entry.data["body"]
        for entry in house.emulator.journal.entries(kinds=("request",), after=begin)
    }
    assert bodies["createCall"]["transcriptionOptions"]["speechModelEndpointId"] == "model-1"
    assert bodies["createCall"]["transcriptionOptions"]["startTranscription"] is False
    assert bodies["createCall"]["callIntelligenceOptions"]["cognitiveServicesEndpoint"]
    assert bodies["startTranscription"]["speechModelEndpointId"] == "model-2"
    assert bodies["updateTranscription"]["speechModelEndpointId"] == "model-3"
    await hang_up(house, call["id"])


async def test_our_own_outbound_legs_are_not_answered(house: House) -> None:
    """The other end of a call that we placed rings at our own resource, and is left alone."""
    callee = {
        "rawId": "8:acs:on-our-resource",
        "behaviour": "answer",
        "raisesIncomingCall": True,
        "afterSeconds": 1,
    }
    assert (await house.control.post("/_emulator/callees", json=callee)).status_code < 300
    begin = house.mark()
    placed = await place(house, targets=["8:acs:on-our-resource"])
    await house.emulator.journal.wait(
        "eventgrid", after=begin, where=lambda entry: entry.data.get("status") == 200, within=10
    )
    answered = [
        entry
        for entry in house.emulator.journal.entries(kinds=("request",), after=begin)
        if entry.data["operation"] == "answerCall"
    ]
    assert answered == []
    await house.api.post(f"/v1/calls/{placed['id']}/hang-up", json={})
