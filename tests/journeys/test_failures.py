"""What goes wrong at ACS or on the way, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import House
from tests.journeys.test_control import WAIT, control, hang_up, place, say

pytestmark = pytest.mark.anyio

ROWS = json.loads((Path(__file__).parents[1] / "golden/acs/transcription_failures.json").read_text())["rows"]


async def test_every_documented_failure_is_a_typed_problem(house: House) -> None:
    """Start waits for ACS's event and answers the row's own problem; the record and the stream keep it."""
    placed = await place(house, targets=["+15551239201"], transcription="manual")
    call = await house.reaches(placed["id"], "connected")
    codes = set()
    for row in ROWS:
        house.emulator.faults.add(
            {
                "kind": "transcriptionFailed",
                "on": "start",
                "code": row["code"],
                "subCode": row["subCode"],
                "message": row["message"],
            }
        )
        problem = await control_problem(house, call["id"])
        assert (problem["acsCode"], problem["subCode"]) == (row["code"], row["subCode"])
        assert problem["message"] == row["message"]
        assert problem["type"] == f"/v1/errors/{problem['code']}"
        assert problem["cause"]
        assert problem["remedy"]
        codes.add(problem["code"])
        kept = (await house.api.get(f"/v1/calls/{call['id']}/transcription")).json()
        assert (kept["state"], kept["failure"]["code"]) == ("failed", problem["code"])
        listed = await house.api.get(problem["type"])
        assert listed.status_code == 200
    assert len(codes) == len(ROWS)
    await control(house, call["id"], "start")
    await hang_up(house, call["id"])


async def control_problem(house: House, call_id: str) -> dict[str, Any]:
    answer = await house.api.post(f"/v1/calls/{call_id}/transcription/start", json={}, headers=WAIT)
    assert answer.status_code >= 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == answer.json()["status"]
    return dict(answer.json())


async def test_an_http_refusal_is_a_typed_problem_at_once(house: House) -> None:
    """429 with Retry-After is told as such, and the next try works."""
    placed = await place(house, targets=["+15551239202"], transcription="manual")
    call = await house.reaches(placed["id"], "connected")
    house.emulator.faults.add(
        {"kind": "http", "operation": "startTranscription", "status": 429, "retryAfter": 7}
    )
    answer = await house.api.post(f"/v1/calls/{call['id']}/transcription/start", json={}, headers=WAIT)
    assert answer.json()["code"] == "acs-throttled"
    assert answer.headers["retry-after"] == "7"
    await control(house, call["id"], "start")
    await hang_up(house, call["id"])


async def test_a_dropped_socket_is_a_gap_and_the_transcript_goes_on(house: House) -> None:
    """Before and after the drop in one transcript, in order, with the gap between them."""
    placed = await place(house, targets=["+15551239203"])
    call = await house.reaches(placed["id"], "connected")
    await house.transcribes(call["id"])
    await say(house, call, "Before the drop.")
    await house.says(call["id"], "Before the drop.")
    house.emulator.faults.add({"kind": "dropSocket", "afterPackets": 0, "reconnect": True, "redeliver": True})
    await say(house, call, "While it drops.")

    async def gap() -> dict[str, Any] | None:
        gaps = (await house.transcript(call["id"]))["gaps"]
        return gaps[0] if gaps and gaps[0]["endedAt"] else None

    found = await house.until(gap, "the gap is closed")
    # Which witness is heard first, our socket or ACS's event, is a matter of milliseconds.
    assert found["cause"] in ("socket-dropped", "stream-interrupted")
    await house.transcribes(call["id"])
    await say(house, call, "After the drop.")
    await house.says(call["id"], "Before the drop.", "After the drop.")
    await hang_up(house, call["id"])


async def test_doubled_and_shuffled_deliveries_change_nothing(house: House) -> None:
    """Packets and callbacks twice and out of order: every word once."""
    for fault in (
        {"kind": "duplicate", "what": "packets", "times": 20},
        {"kind": "duplicate", "what": "callbacks", "times": 5},
        {"kind": "reorder", "what": "callbacks", "times": 2},
        {"kind": "malformedPacket", "times": 3},
    ):
        house.emulator.faults.add(fault)
    texts = ["One.", "Two.", "Three.", "Three."]
    dialled = await house.dial_in([{"text": text, "seconds": 1} for text in texts])
    call = await house.call_of(dialled)
    await house.reaches(call["id"], "disconnected")
    transcript = await house.transcript(call["id"])
    assert [one["text"] for one in transcript["segments"]] == texts
    timeline = (await house.api.get(f"/v1/calls/{call['id']}/events", params={"limit": 200})).json()["items"]
    malformed = [
        one for one in timeline if one["source"] == "transcript-socket" and "alformed" in one["type"]
    ]
    assert malformed
    await house.control.delete("/_emulator/faults")


@pytest.mark.parametrize("what", ["expired", "wrong-key", "wrong-audience"])
async def test_a_socket_with_a_wrong_token_is_refused(house: House, what: str) -> None:
    """ACS's own failure comes back typed: it could not open its socket."""
    placed = await place(house, targets=["+15551239205"], transcription="manual")
    call = await house.reaches(placed["id"], "connected")
    house.emulator.faults.add({"kind": "badToken", "where": "socket", "what": what})
    problem = await control_problem(house, call["id"])
    assert problem["subCode"] in (8578, 8581)
    await hang_up(house, call["id"])


async def test_a_callback_with_a_wrong_token_is_refused(house: House) -> None:
    """401, and nothing of it is believed; the next one with a good token is taken."""
    placed = await place(house, targets=["+15551239206"])
    await house.reaches(placed["id"], "connected")
    begin = house.mark()
    house.emulator.faults.add({"kind": "badToken", "where": "callback", "what": "wrong-key"})
    await house.api.post(f"/v1/calls/{placed['id']}/participants", json={"target": "8:acs:somebody"})
    refused = await house.emulator.journal.wait(
        "callback", after=begin, where=lambda entry: entry.data["status"] == 401, within=10
    )
    assert refused
    await hang_up(house, placed["id"])


async def test_a_socket_that_closes_just_before_the_call_does_is_no_loss(house: House) -> None:
    """The two ends come by two ways, in either order: nothing was missed, and the transcript says so."""
    house.emulator.faults.add({"kind": "reorder", "what": "callbacks", "types": ["CallDisconnected"]})
    call = await house.call_of(await house.dial_in([{"text": "Goodbye.", "seconds": 1}]))
    await house.reaches(call["id"], "disconnected")
    transcript = await house.says(call["id"], "Goodbye.")
    assert (transcript["gaps"], transcript["complete"]) == ([], True)
    await house.control.delete("/_emulator/faults")
