from typing import Any

import httpx
import pytest

from callscribe.domain.call import CallState
from tests.service.situations import Service, a_call, assert_problem, keep

pytestmark = pytest.mark.anyio


def told(kind: str, connection: str | None, number: int = 1, **data: Any) -> dict[str, Any]:
    return {
        "id": f"event-{number}",
        "source": f"calling/callConnections/{connection}",
        "subject": f"calling/callConnections/{connection}",
        "type": f"Microsoft.Communication.{kind}",
        "time": "2026-03-02T09:15:02.4710000+00:00",
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "data": {
            "callConnectionId": connection,
            "serverCallId": "server",
            "correlationId": "correlation",
            "resultInformation": {"code": 200, "subCode": 0, "message": ""},
            **data,
        },
    }


@pytest.mark.parametrize("single", [True, False])
async def test_an_event_of_a_call(
    service: Service, anyone: httpx.AsyncClient, reader: httpx.AsyncClient, single: bool
) -> None:
    """is on the call's timeline, as it was sent, when ACS gets its 200."""
    call = await keep(service.ports, a_call(state=CallState.CONNECTING))
    event = told("CallConnected", call.call_connection_id)
    answer = await anyone.post(f"/azure/callbacks/{call.key}", json=event if single else [event])
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await reader.get(f"/v1/calls/{call.id}")).json()["state"] == "connected"
    [entry] = (await reader.get(f"/v1/calls/{call.id}/events")).json()["items"]
    assert (entry["type"], entry["source"], entry["data"]) == (event["type"], "callback", event["data"])
    assert entry["at"] == "2026-03-02T09:15:02.471Z"


async def test_items_that_are_no_events(
    service: Service, anyone: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    """are put aside on the timeline; their neighbours are taken."""
    call = await keep(service.ports, a_call(state=CallState.CONNECTING))
    batch = [7, told("CallConnected", call.call_connection_id), {"type": "odd"}]
    assert (await anyone.post(f"/azure/callbacks/{call.key}", json=batch)).status_code == 200
    assert (await reader.get(f"/v1/calls/{call.id}")).json()["state"] == "connected"
    entries = (await reader.get(f"/v1/calls/{call.id}/events")).json()["items"]
    assert sorted(entry["type"] for entry in entries) == [
        "Microsoft.Communication.CallConnected",
        "malformed",
        "malformed",
    ]


async def test_a_key_that_was_never_given_out(anyone: httpx.AsyncClient) -> None:
    """is 404, and the answer does not repeat it."""
    answer = await anyone.post("/azure/callbacks/guessed", json=[told("CallConnected", "c")])
    assert_problem(answer, 404, "call-not-found")
    assert "guessed" not in answer.text


@pytest.mark.parametrize("body", [b"", b"[", b"true", b"CallConnected"])
async def test_a_body_that_cannot_be_read(service: Service, anyone: httpx.AsyncClient, body: bytes) -> None:
    """is 400."""
    call = await keep(service.ports, a_call())
    assert_problem(await anyone.post(f"/azure/callbacks/{call.key}", content=body), 400, "malformed-body")
