"""Somebody rings: what they and the agent say is read live and afterwards."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import House

pytestmark = pytest.mark.anyio

DIALOGUE: list[dict[str, Any]] = [
    {"speaker": "caller", "text": "Good morning, my router has no light."},
    {"speaker": "agent", "text": "Good morning. Is the power plug in?"},
    {"speaker": "caller", "text": "Yes.", "silence": 0.5},
    {"speaker": "agent", "text": "Please hold the button for ten seconds."},
    {"speaker": "caller", "text": "Yes.", "silence": 1.0},
    {"speaker": "caller", "text": "Now the light is green, thank you!"},
]
TEXTS = [turn["text"] for turn in DIALOGUE]


async def sse(lines: Any) -> Any:
    """The events of a stream: (event, id, data)."""
    event, number, data = "", "", ""
    async for line in lines:
        if not line:
            if data:
                yield event, number, json.loads(data)
            event, number, data = "", "", ""
        name, _, value = line.partition(": ")
        event = value if name == "event" else event
        number = value if name == "id" else number
        data = value if name == "data" else data


async def test_a_call_is_answered_an_agent_added_and_every_word_read(house: House) -> None:
    """Live in order, gapless in number; afterwards as JSON and text; on the timeline what ACS told."""
    dialled = await house.dial_in(DIALOGUE, to="+15559870003")
    call = await house.call_of(dialled)
    live: list[str] = []
    numbers: list[int] = []
    partials = 0
    url = f"/v1/calls/{call['id']}/transcript/stream"
    async with asyncio.timeout(30), house.api.stream("GET", url, timeout=30) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for event, number, data in sse(stream.aiter_lines()):
            if number:
                numbers.append(int(number))
            if event == "segment":
                live.append(data["text"])
            partials += event == "partial"
            if event == "call" and data["state"] == "disconnected":
                break
    assert live == TEXTS
    assert partials > 0
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    ended = await house.reaches(call["id"], "disconnected")
    assert ended["callConnectionId"]
    assert ended["to"] == ["4:+15559870003"]
    transcript = await house.transcript(call["id"])
    assert [one["text"] for one in transcript["segments"]] == TEXTS
    assert transcript["complete"] is True
    speakers = {one["text"]: one["participantRawID"] for one in transcript["segments"]}
    assert speakers[TEXTS[0]] == "4:+15551230001"
    assert speakers[TEXTS[1]] == "8:acs:agent-one"
    first = transcript["segments"][0]
    assert first["words"][0]["text"] == "good"
    assert isinstance(first["offset"], str)

    text = (await house.api.get(f"/v1/calls/{call['id']}/transcript", params={"format": "txt"})).text
    assert [line.split(": ", 1)[1] for line in text.splitlines() if ": " in line] == TEXTS

    timeline = (await house.api.get(f"/v1/calls/{call['id']}/events", params={"limit": 100})).json()["items"]
    told = {one["type"].removeprefix("Microsoft.Communication.") for one in timeline}
    assert {"IncomingCall", "CallConnected", "TranscriptionStarted", "CallDisconnected"} <= told


async def test_a_reader_who_comes_back_misses_nothing(house: House) -> None:
    """Last-Event-ID resumes after any number, whatever happened in between."""
    dialled = await house.dial_in(DIALOGUE[:1])
    call = await house.call_of(dialled)
    await house.reaches(call["id"], "disconnected")
    whole = (await house.transcript(call["id"]))["lastChange"]
    url = f"/v1/calls/{call['id']}/transcript/stream"
    for after in (0, 1, whole - 1):
        numbers = []
        async with house.api.stream("GET", url, headers={"Last-Event-ID": str(after)}, timeout=30) as stream:
            async for _, number, _ in sse(stream.aiter_lines()):
                if number:
                    numbers.append(int(number))
                if numbers and numbers[-1] == whole:
                    break
        assert numbers == list(range(after + 1, whole + 1))


async def test_a_call_delivered_several_times_is_answered_once(house: House) -> None:
    """Event Grid delivers at least once; ACS gets one answer."""
    house.emulator.faults.add({"kind": "duplicate", "what": "eventgrid", "times": 3})
    begin = house.mark()
    dialled = await house.dial_in(DIALOGUE[:1])
    call = await house.call_of(dialled)
    await house.reaches(call["id"], "disconnected")
    requests = [
        entry
        for entry in house.emulator.journal.entries(kinds=("request",), after=begin)
        if entry.data.get("operation") == "answerCall"
    ]
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("to", "state", "operation"),
    [("+15559870001", "rejected", "rejectCall"), ("+15559870002", "redirected", "redirectCall")],
)
async def test_a_call_that_the_policy_turns_away(house: House, to: str, state: str, operation: str) -> None:
    """Rejected with its reason, or redirected, and on the record as such."""
    begin = house.mark()
    call = await house.call_of(await house.dial_in(to=to))
    await house.reaches(call["id"], state)
    asked = [
        entry.data["operation"] for entry in house.emulator.journal.entries(kinds=("request",), after=begin)
    ]
    assert operation in asked


async def test_a_party_that_no_rule_lists_is_ignored(house: House) -> None:
    """No call, no answer: the event is on the record, and nothing else."""
    begin = house.mark()
    dialled = await house.dial_in(to="+15550000000")
    delivered = await house.emulator.journal.wait(
        "eventgrid", after=begin, where=lambda entry: entry.data.get("status") == 200, within=10
    )
    assert delivered
    listed = (await house.api.get("/v1/calls", params={"limit": 100})).json()["items"]
    assert dialled["correlationId"] not in [one.get("correlationId") for one in listed]


async def test_an_announcement_is_heard_before_anything_is_transcribed(house: House) -> None:
    """Play first, then the start; the dialogue waits for it and loses nothing."""
    begin = house.mark()
    call = await house.call_of(await house.dial_in(DIALOGUE[:1], to="+15559870004"))
    await house.says(call["id"], TEXTS[0])
    asked = [
        entry.data["operation"]
        for entry in house.emulator.journal.entries(kinds=("request",), after=begin)
        if entry.data["operation"] in ("play", "startTranscription")
    ]
    assert asked == ["play", "startTranscription"]


async def test_what_a_manual_call_says_is_not_transcribed_until_somebody_asks(house: House) -> None:
    """Start by REST, by ACS's own id of the call, waiting for ACS's event."""
    dialled = await house.dial_in(DIALOGUE[:1], to="+15559870005")
    call = await house.reaches((await house.call_of(dialled))["id"], "connected")
    assert call["transcription"]["state"] == "inactive"
    started = await house.api.post(
        f"/v1/calls/{call['callConnectionId']}/transcription/start", json={}, headers={"Prefer": "wait=10"}
    )
    assert started.status_code == 200, started.text
    await house.says(call["id"], TEXTS[0])


async def test_both_servers_measure_themselves(house: House) -> None:
    """Requests, calls, packets and commits for Prometheus; no number and no word among the labels."""
    dialled = await house.dial_in(DIALOGUE[:1])
    await house.reaches((await house.call_of(dialled))["id"], "disconnected")
    service = (await house.api.get("/metrics")).text
    async with httpx.AsyncClient() as client:
        sockets = (await client.get(f"{house.ws_url}/metrics")).text
        for path in ("healthz", "readyz"):
            assert (await client.get(f"{house.ws_url}/{path}")).status_code == 200
            assert (await client.get(f"{house.url}/{path}")).status_code == 200
    assert 'callscribe_calls_total{state="connected"}' in service
    assert "http_server_request_duration" in service
    assert 'callscribe_packets_total{kind="final"}' in sockets
    assert "callscribe_commit_duration" in sockets
    for text in (service, sockets):
        assert "1555" not in text
        assert "router" not in text
