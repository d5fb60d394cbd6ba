import json
from pathlib import Path
from typing import Any

import pytest
from azure.communication.callautomation import CommunicationUserIdentifier

pytestmark = pytest.mark.anyio


async def test_somebody_dials_in_with_a_dialogue_file(world: Any, tmp_path: Path) -> None:
    """What the file says is said, unless the request says otherwise."""
    path = tmp_path / "dialogue.json"
    path.write_text(json.dumps({"turns": [{"text": "From a file."}]}))
    context = await world.dial_in(dialoguePath=str(path))
    await world.answer(context, transcription=world.transcription())
    await world.event("CallDisconnected")
    assert world.listener.finals == ["From a file."]
    await world.control("/calls", {"dialoguePath": str(tmp_path / "none.json")}, 422)


async def test_wrong_calls(world: Any) -> None:
    """A problem each, and no call."""
    for body in (
        {"dialogue": {"turns": []}, "dialoguePath": "a.json"},
        {"from": "8:acs:a", "pstn": True},
        {"dialogue": {"turns": [{"txt": "a"}]}},
        {"fron": "+1"},
    ):
        await world.control("/calls", body, 422)
    assert world.emulator.calls.all() == []


async def test_a_dialogue_that_does_not_wait(world: Any) -> None:
    """Its words are lost while nobody listens, and the caller hangs up as told."""
    await world.answer(await world.dial_in("Hello.", waitForTranscription=False))
    await world.event("CallDisconnected")
    assert world.listener.frames == []


async def test_a_caller_who_hangs_up(world: Any) -> None:
    """PSTN callers end with 540000, users with 5001; an agent who leaves does not end the call."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:agent"}, 200)
    await world.control(f"/calls/{connection_id}/hang-up", {"speaker": "agent"}, 200)
    assert len((await world.http.get("/_emulator/calls")).json()["calls"]) == 1
    await world.control(f"/calls/{connection_id}/hang-up", {}, 200)
    assert (await world.event("CallDisconnected"))["resultInformation"]["subCode"] == 540000
    second = await world.answer(await world.dial_in(**{"from": "8:acs:resource_caller"}))
    await world.event("CallConnected", second)
    await world.control(f"/calls/{second}/hang-up", {}, 200)
    assert (await world.event("CallDisconnected", second))["resultInformation"]["subCode"] == 5001


async def test_nobody_there(world: Any) -> None:
    """404 for a call that does not live, 409 for somebody who is not in it."""
    await world.control("/calls/none/say", {"text": "a"}, 404)
    call = await world.control("/calls", {})
    await world.control(f"/calls/{call['callId']}/say", {"text": "a", "speaker": "agent"}, 409)
    await world.control(f"/calls/{call['callId']}/hang-up", {"speaker": "agent"}, 409)
    await world.control("/callees", {"behaviour": "busy"}, 422)


async def test_a_callee_speaks(world: Any) -> None:
    """Who is called says their dialogue and hangs up."""
    await world.control(
        "/callees", {"rawId": "8:acs:resource_user", "dialogue": {"turns": [{"text": "Speaking."}]}}
    )
    await world.client.create_call(
        CommunicationUserIdentifier("8:acs:resource_user"),
        world.callback_url,
        cognitive_services_endpoint="https://speech.cognitiveservices.azure.com/",
        transcription=world.transcription(),
    )
    await world.event("CallDisconnected")
    assert world.listener.finals == ["Speaking."]


async def test_somebody_presses_keys(world: Any) -> None:
    """In any form; 409 for somebody who is not there, 422 for what is no key."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected")
    await world.control(f"/calls/{connection_id}/press", {"tones": "12#"}, 200)
    await world.control(
        f"/calls/{connection_id}/press", {"speaker": "caller", "tones": ["star", "nine"]}, 422
    )
    await world.control(f"/calls/{connection_id}/press", {"speaker": "agent", "tones": "1"}, 409)
    (pressed,) = world.emulator.journal.entries(["tones"])
    assert pressed.data["tones"] == ["one", "two", "pound"]
    assert (pressed.data["what"], pressed.data["rawId"]) == ("pressed", "4:+15551230001")


async def test_somebody_goes_silent(world: Any) -> None:
    """What they say is not heard, and makes no sound, until they are silent no more; they stay in the call."""
    connection_id = await world.answer(await world.dial_in(), transcription=world.transcription())
    await world.event("TranscriptionStarted")
    call = world.emulator.calls.find(connection_id)
    keeper = call.sound.keep(world.emulator.clock.ticks())
    silenced = await world.control(f"/calls/{connection_id}/silence", {"speaker": "caller"}, 200)
    assert silenced["people"] == ["4:+15551230001"]
    start = world.emulator.clock.ticks()
    await _said(world, connection_id, "Nobody hears this.")
    assert call.sound.heard("4:+15551230001", start, world.emulator.clock.ticks()) is None
    await world.control(f"/calls/{connection_id}/silence", {"silent": False}, 200)
    again = world.emulator.clock.ticks()
    await _said(world, connection_id, "Everybody hears this.")
    await world.listener.until(lambda: bool(world.listener.finals))
    assert world.listener.finals == ["Everybody hears this."]
    assert call.sound.heard("4:+15551230001", again, world.emulator.clock.ticks())
    keeper.close()
    await world.control(f"/calls/{connection_id}/silence", {"speaker": "agent"}, 409)


async def _said(world: Any, connection_id: str, text: str) -> None:
    """Returns when all is said."""
    after = world.emulator.journal.entries()[-1].number
    await world.control(f"/calls/{connection_id}/say", {"text": text}, 202)
    await world.journal("speech", lambda e: e.number > after and e.data["what"] == "ended")


async def test_who_has_left_is_not_heard(world: Any) -> None:
    """Words in the middle of which somebody hangs up are lost."""
    connection_id = await world.answer(await world.dial_in(), transcription=world.transcription())
    await world.event("TranscriptionStarted")
    await world.control(f"/calls/{connection_id}/join", {"rawId": "8:acs:resource_agent"}, 200)
    world.emulator.clock.hold()
    try:
        body = {"speaker": "agent", "text": "Let me finish this.", "seconds": 4}
        await world.control(f"/calls/{connection_id}/say", body, 202)
        await world.journal("speech", lambda e: e.data["what"] == "began")
        await world.emulator.clock.step(2)
        await world.control(f"/calls/{connection_id}/hang-up", {"speaker": "agent"}, 200)
        await world.emulator.clock.step(3)
    finally:
        world.emulator.clock.release()
    await _said(world, connection_id, "Gone.")
    await world.listener.until(lambda: bool(world.listener.finals))
    assert world.listener.finals == ["Gone."]
