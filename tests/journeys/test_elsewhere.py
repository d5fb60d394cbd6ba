"""Rooms that we join, and calls that other systems set up."""

from typing import Any

import pytest
from azure.communication.callautomation import PhoneNumberIdentifier, TranscriptionOptions
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

from tests.journeys.conftest import House
from tests.journeys.test_control import control, hang_up, say

pytestmark = pytest.mark.anyio

ROOM = "99417832167821678"


async def test_a_joined_room_changes_its_locale_by_stop_and_start(house: House) -> None:
    """ACS refuses updates on connected calls: the gap shows, and no word outside it is lost."""
    room = f"{ROOM}{house.kind[0]}"
    seated = await house.control.post(
        "/_emulator/calls", json={"roomId": room, "from": "8:acs:in-the-room", "hangUp": False}
    )
    assert seated.status_code == 201, seated.text
    answer = await house.api.post("/v1/calls", json={"connect": {"roomId": room}})
    assert answer.status_code == 201, answer.text
    call = await house.reaches(answer.json()["id"], "connected")
    await house.transcribes(call["id"])
    await say(house, call, "Before the change.", "8:acs:in-the-room")
    await house.says(call["id"], "Before the change.")
    changed = await control(house, call["id"], "update-locale", locale="de-DE")
    assert changed["state"] == "succeeded"
    assert (await house.transcribes(call["id"]))["locale"] == "de-DE"
    await say(house, call, "Nach der Änderung.", "8:acs:in-the-room")
    transcript = await house.says(call["id"], "Before the change.", "Nach der Änderung.")
    assert [(gap["cause"], gap["endedBy"]) for gap in transcript["gaps"]] == [("locale-change", "packets")]
    await hang_up(house, call["id"])


def sdk(house: House) -> CallAutomationClient:
    """Another system's client, on the same resource."""
    return CallAutomationClient(house.emulator.url, AzureKeyCredential(house.emulator.access_key))


async def set_up(house: House, callback: str, transport: str | None, number: str) -> str:
    """Another system places a call; gives its `callConnectionId`."""
    options: dict[str, Any] = {}
    if transport is not None:
        options["transcription"] = TranscriptionOptions(
            transport_url=transport, transport_type="websocket", locale="en-US", start_transcription=False
        )
        options["cognitive_services_endpoint"] = "https://theirs.cognitiveservices.azure.com"
    async with sdk(house) as client:
        made = await client.create_call(
            PhoneNumberIdentifier(number),
            callback,
            source_caller_id_number=PhoneNumberIdentifier("+15557770000"),
            **options,
        )
        assert made.call_connection_id
        return made.call_connection_id


async def test_an_expected_call_is_like_our_own(house: House) -> None:
    """With our two addresses given to the other system, everything works."""
    answer = await house.api.post("/v1/calls", json={"expect": {}, "externalId": "theirs"})
    assert answer.status_code == 201, answer.text
    expected = answer.json()
    assert expected["transportUrl"].startswith(house.ws_url.replace("http", "ws") + "/transcripts/")
    connection = await set_up(house, expected["callbackUri"], expected["transportUrl"], "+15551239101")
    call = await house.reaches(expected["call"]["id"], "connected")
    assert call["callConnectionId"] == connection
    await control(house, connection, "start", locale="en-GB")
    await house.transcribes(call["id"])
    await say(house, call, "Set up by somebody else.")
    await house.says(call["id"], "Set up by somebody else.")
    await control(house, call["id"], "stop")
    await hang_up(house, call["id"])


async def test_a_call_of_others_with_transcription_goes_on_with_a_note(house: House) -> None:
    """Its operations are ours to ask for; its words stream elsewhere, and the answer says so."""
    begin = house.mark()
    theirs = await house.api.post("/v1/calls", json={"expect": {}})
    elsewhere = theirs.json()["transportUrl"]
    connection = await set_up(house, f"{house.url}/somewhere/else", elsewhere, "+15551239102")
    await house.emulator.journal.wait("callback", after=begin, within=10)

    async def started() -> dict[str, Any] | None:
        answer = await house.api.post(
            f"/v1/calls/{connection}/transcription/start", json={}, headers={"Prefer": "wait=10"}
        )
        return answer.json() if answer.status_code == 200 else None

    done = await house.until(started, "the start has succeeded")
    assert "stream" in done["note"]


async def test_a_call_of_others_without_transcription_names_the_two_ways_in(house: House) -> None:
    """A typed problem, not a failure of ACS's five seconds later."""
    connection = await set_up(house, f"{house.url}/somewhere/else", None, "+15551239103")
    answer = await house.api.post(f"/v1/calls/{connection}/transcription/start", json={})
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "transcript-not-ours"
    assert "expect" in answer.json()["remedy"]
    assert "connect" in answer.json()["remedy"]


async def test_a_call_that_nobody_knows(house: House) -> None:
    """404, whichever kind of id it was."""
    for call_id in ("call_nobody", "57006580-5889-40e6-9fec-e3cdf8488ffd"):
        answer = await house.api.post(f"/v1/calls/{call_id}/transcription/start", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "call-not-found")
