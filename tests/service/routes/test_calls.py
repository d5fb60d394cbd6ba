from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from acs_emulator import Emulator, Options
from callscribe.adapters.acs import AcsCallControl
from callscribe.domain.call import CallState, Direction
from callscribe.ports import Config, EventRecord
from tests.service.situations import Service, a_call, assert_problem, call_control, keep

pytestmark = pytest.mark.anyio
PHONE, CALLER_ID = "+442079460123", "+442079460001"


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(Options(speed=50, ring_seconds=600)) as emulator:
        yield emulator


@pytest.fixture
async def acs(config: Config, emulator: Emulator) -> AsyncIterator[AcsCallControl]:
    async with call_control(config, emulator.url, emulator.access_key) as control:
        yield control


async def asked(emulator: Emulator) -> list[dict[str, Any]]:
    """The requests that reached ACS."""
    return [entry.data for entry in emulator.journal.entries() if entry.kind == "request"]


async def test_placing_a_call(controller: httpx.AsyncClient, emulator: Emulator) -> None:
    """is 201 with the call's place, once ACS has accepted it."""
    order = {
        "targets": [PHONE, "8:acs:0f8fad5b-d9cb-469f-a165-70867728950e_00000000-0000-0000-0000-000000000001"],
        "sourceCallerId": CALLER_ID,
        "locale": "de-de",
        "externalId": "ticket-4711",
        "metadata": {"queue": "sales"},
    }
    answer = await controller.post("/v1/calls", json=order)
    assert answer.status_code == 201, answer.text
    call = answer.json()
    assert answer.headers["location"] == f"/v1/calls/{call['id']}"
    assert (call["direction"], call["state"], call["externalId"]) == ("outgoing", "connecting", "ticket-4711")
    assert (call["to"][0], call["metadata"]) == (f"4:{PHONE}", {"queue": "sales"})
    assert call["transcription"]["locale"] == "de-DE"
    assert (await controller.get(answer.headers["location"])).json() == call
    by_connection = await controller.get(f"/v1/calls/{call['callConnectionId']}")
    assert by_connection.json()["id"] == call["id"]


@pytest.mark.parametrize(
    "where", [{"roomId": "99445276259151407"}, {"groupCallId": "8d0e4a2c-7b1f-4f6e-9a3d-2c5b8e7f1a60"}]
)
async def test_joining_a_call(controller: httpx.AsyncClient, where: dict[str, str]) -> None:
    """is 201, once ACS has joined us."""
    answer = await controller.post("/v1/calls", json={"connect": where})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["direction"], answer.json()["state"]) == ("joined", "connecting")


async def test_a_call_that_acs_refuses(controller: httpx.AsyncClient, emulator: Emulator) -> None:
    """is ACS's refusal as a problem; the call stays on the record as failed."""
    emulator.faults.add({"kind": "http", "operation": "createCall", "status": 403, "message": "no"})
    order = {"targets": [PHONE], "sourceCallerId": CALLER_ID, "externalId": "refused"}
    assert_problem(await controller.post("/v1/calls", json=order), 502, "acs-forbidden")
    [call] = (await controller.get("/v1/calls?externalId=refused")).json()["items"]
    assert (call["state"], call["failure"]["code"]) == ("failed", "acs-forbidden")


async def test_acs_taking_no_more(controller: httpx.AsyncClient, emulator: Emulator) -> None:
    """is 503 with the time to wait."""
    emulator.faults.add(
        {"kind": "http", "operation": "createCall", "status": 429, "retryAfter": 7, "times": None}
    )
    order = {"targets": [PHONE], "sourceCallerId": CALLER_ID}
    answer = await controller.post("/v1/calls", json=order)
    assert_problem(answer, 503, "acs-throttled")
    assert answer.headers["retry-after"] == "7"


async def test_expecting_a_call(controller: httpx.AsyncClient, emulator: Emulator) -> None:
    """gives the two URLs for the system that sets it up, and asks ACS nothing."""
    answer = await controller.post("/v1/calls", json={"expect": {"correlationId": "c-1"}, "locale": "en-GB"})
    assert answer.status_code == 201
    expected = answer.json()
    assert expected["call"]["state"] == expected["call"]["direction"] == "expected"
    key = expected["transportUrl"].rpartition("/")[2]
    assert expected["transportUrl"] == f"ws://127.0.0.1:9/transcripts/{key}"
    assert expected["callbackUri"] == f"http://127.0.0.1:9/azure/callbacks/{key}"
    assert len(key) == 43
    read = await controller.get(answer.headers["location"])
    assert key not in read.text
    assert await asked(emulator) == []


async def test_adding_and_removing_somebody(
    service: Service, controller: httpx.AsyncClient, emulator: Emulator
) -> None:
    """is 202; the raw id stands in the path, percent-encoded."""
    order = {"targets": [PHONE], "sourceCallerId": CALLER_ID}
    call = (await controller.post("/v1/calls", json=order)).json()
    await emulator.journal.wait("call", where=lambda entry: entry.data["what"] == "established", within=5)
    await connected(service, call)
    place = f"/v1/calls/{call['id']}/participants"
    added = await controller.post(place, json={"target": "+442079460555", "operationContext": "agent"})
    assert added.status_code == 202, added.text
    assert added.headers["location"] == f"/v1/calls/{call['id']}"
    removed = await controller.delete(f"{place}/4%3A%2B442079460123")
    assert removed.status_code == 202, removed.text


async def connected(service: Service, call: dict[str, Any]) -> None:
    """ACS tells that the call is connected."""
    stored = await service.ports.store.call(call["id"])
    assert stored is not None
    event = {
        "id": "connected",
        "source": f"calling/callConnections/{call['callConnectionId']}",
        "type": "Microsoft.Communication.CallConnected",
        "time": "2026-03-02T09:15:02.471Z",
        "specversion": "1.0",
        "data": {"callConnectionId": call["callConnectionId"], "serverCallId": "s", "correlationId": "c"},
    }
    answer = await (await service.client()).post(f"/azure/callbacks/{stored.call.key}", json=[event])
    assert answer.status_code == 200, answer.text


async def test_hanging_up(controller: httpx.AsyncClient) -> None:
    """ends the call for everyone, also without a body."""
    order = {"targets": [PHONE], "sourceCallerId": CALLER_ID}
    call = (await controller.post("/v1/calls", json=order)).json()
    answer = await controller.post(f"/v1/calls/{call['id']}/hang-up")
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] in ("disconnecting", "disconnected")


async def test_what_the_call_does_not_allow(
    service: Service, controller: httpx.AsyncClient, emulator: Emulator
) -> None:
    """is a conflict, and ACS is not asked."""
    call = await keep(service.ports, a_call(state=CallState.CONNECTING))
    answer = await controller.post(f"/v1/calls/{call.id}/participants", json={"target": PHONE})
    assert_problem(answer, 409, "call-not-connected")
    assert await asked(emulator) == []


@pytest.mark.parametrize("raw_id", ["nobody", "4:5", "%2B1", "8:acs"])
async def test_removing_nobody(service: Service, controller: httpx.AsyncClient, raw_id: str) -> None:
    """is refused, and the problem names the path's part."""
    call = await keep(service.ports, a_call())
    answer = await controller.delete(f"/v1/calls/{call.id}/participants/{raw_id}")
    assert assert_problem(answer, 422, "participant-invalid")["errors"][0]["pointer"] == "path.rawId"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/calls/call_none", None),
        ("GET", "/v1/calls/call_none/events", None),
        ("POST", "/v1/calls/call_none/participants", {"target": PHONE}),
        ("DELETE", "/v1/calls/call_none/participants/4%3A%2B442079460123", None),
        ("POST", "/v1/calls/call_none/hang-up", {}),
        ("GET", "/v1/calls/%00", None),
    ],
)
async def test_no_call(controller: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    """is 404 everywhere."""
    assert_problem(await controller.request(method, path, json=body), 404, "call-not-found")


# --- lists ----------------------------------------------------------------------------------------------------


async def test_pages_of_calls(service: Service, reader: httpx.AsyncClient) -> None:
    """lead from one to the next, newest first, by cursor or by link; the filter stays."""
    for number in range(5):
        await keep(service.ports, a_call(number))
    await keep(service.ports, a_call(9, direction=Direction.OUTGOING))
    first = await reader.get("/v1/calls?direction=incoming&limit=2")
    assert [call["callConnectionId"][-1] for call in first.json()["items"]] == ["4", "3"]
    link, _, relation = first.headers["link"].partition("; ")
    assert relation == 'rel="next"'
    second = await reader.get(link.strip("<>"))
    by_cursor = await reader.get(
        "/v1/calls", params={"direction": "incoming", "limit": 2, "cursor": first.json()["nextCursor"]}
    )
    assert second.json() == by_cursor.json()
    last = await reader.get(second.headers["link"].partition(";")[0].strip("<>"))
    assert ([call["callConnectionId"][-1] for call in last.json()["items"]], last.json()["nextCursor"]) == (
        ["0"],
        None,
    )
    assert "link" not in last.headers


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {1, 2, 3}),
        ({"state": "connected"}, {1, 2}),
        ({"direction": "outgoing"}, {3}),
        ({"participant": "+44 20 7946 0123"}, {2}),
        ({"externalId": "ticket"}, {3}),
        ({"since": "2023-11-14T22:13:20.002Z"}, {2, 3}),
        ({"since": "2023-11-14T23:13:20.003+01:00"}, {3}),
        ({"state": "failed"}, set()),
    ],
)
async def test_filters(
    service: Service, reader: httpx.AsyncClient, query: dict[str, str], found: set[int]
) -> None:
    """narrow the list."""
    await keep(service.ports, a_call(1))
    await keep(service.ports, a_call(2, from_id=f"4:{PHONE}"))
    ended = a_call(3, state=CallState.DISCONNECTED, direction=Direction.OUTGOING, external_id="ticket")
    await keep(service.ports, ended)
    answer = await reader.get("/v1/calls", params=query)
    assert {int(call["callConnectionId"][-1]) for call in answer.json()["items"]} == found, answer.text


async def test_pages_of_a_timeline(service: Service, reader: httpx.AsyncClient) -> None:
    """lead from one to the next, oldest first."""
    call = await keep(service.ports, a_call())
    async with service.ports.store.transaction() as tx:
        for number in range(3):
            await tx.record(
                EventRecord(
                    f"e{number}",
                    f"k{number}",
                    "callscribe",
                    "seen",
                    number,
                    number,
                    call.id,
                    f"note {number}",
                )
            )
    first = await reader.get(f"/v1/calls/{call.id}/events?limit=2")
    assert [entry["note"] for entry in first.json()["items"]] == ["note 0", "note 1"]
    second = await reader.get(first.headers["link"].partition(";")[0].strip("<>"))
    assert [entry["note"] for entry in second.json()["items"]] == ["note 2"]
    assert second.json()["nextCursor"] is None
