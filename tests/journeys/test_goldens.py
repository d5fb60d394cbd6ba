"""Captures of the real service, replayed through the real socket and the real webhook."""

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.journeys.conftest import SECRET, House

pytestmark = pytest.mark.anyio

GOLDEN = Path(__file__).parents[1] / "golden/acs"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GOLDEN / name).read_text().splitlines()]


async def expected_call(house: House) -> dict[str, Any]:
    answer = await house.api.post("/v1/calls", json={"expect": {}})
    assert answer.status_code == 201
    return dict(answer.json())


async def test_every_captured_packet(house: House) -> None:
    """The server stays up; every Final is stored exactly, huge offsets to the last digit."""
    expected = await expected_call(house)
    token = house.emulator.exchange.keys.authorization(lifetime=86_400)
    packets = [json.dumps(line["packet"], ensure_ascii=False) for line in lines("packets.jsonl")]
    async with connect(expected["transportUrl"], additional_headers=token) as socket:
        for packet in packets:
            await socket.send(packet)
        await socket.send("this is no packet")
    finals = [
        line["packet"]["transcriptionData"]
        for line in lines("packets.jsonl")
        if line["packet"]["kind"] == "TranscriptionData"
    ]

    async def stored() -> dict[str, Any] | None:
        found = await house.transcript(expected["call"]["id"])
        return found if len(found["segments"]) == len(finals) else None

    transcript = await house.until(stored, "every Final is stored")
    by_offset = {one["offset"]: one for one in transcript["segments"]}
    assert "2516942161212568046" in by_offset
    for final in finals:
        kept = by_offset[str(final["offset"])]
        assert kept["text"] == final["text"]
        assert kept["confidence"] == final["confidence"]
        assert kept["participantRawID"] == final["participantRawID"]
        assert [(word["text"], word["offset"]) for word in kept["words"]] == [
            (word["text"], str(word["offset"])) for word in final["words"]
        ]


async def test_every_captured_event(house: House) -> None:
    """Callbacks and Event Grid events of every kind get 200 and leave the service up."""
    expected = await expected_call(house)
    token = house.emulator.exchange.keys.authorization(lifetime=300)
    for line in lines("events.jsonl"):
        event, schema = line["event"], line["schema"]
        if schema in ("cloudevents", "wire-body", "partial"):
            body = event if isinstance(event, list) else [event]
            url = expected["callbackUri"]
            answer = await house.api.post(url, json=body, headers=token)
        elif schema == "incomingcall-data":
            continue
        else:
            answer = await house.api.post(
                "/azure/events", json=event, headers={"x-callscribe-secret": SECRET}
            )
        assert answer.status_code == 200, (line["note"], answer.text)
    assert (await house.api.get("/readyz")).status_code == 200
    call = await house.call(expected["call"]["id"])
    timeline = await house.api.get(f"/v1/calls/{call['id']}/events", params={"limit": 200})
    assert len(timeline.json()["items"]) > 5
