import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from acs_emulator import Emulator, Options
from callscribe.adapters.acs import AcsCallControl
from callscribe.domain.call import Call, Operation, OperationKind, Transcription, TranscriptionState
from callscribe.domain.errors import describe, transcription_failure
from callscribe.ports import Config
from tests.service.situations import Service, a_call, assert_problem, call_control, keep

pytestmark = pytest.mark.anyio


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(Options(speed=50, ring_seconds=600)) as emulator:
        yield emulator


@pytest.fixture
async def acs(config: Config, emulator: Emulator) -> AsyncIterator[AcsCallControl]:
    async with call_control(config, emulator.url, emulator.access_key) as control:
        yield control


@pytest.fixture
async def call(service: Service, controller: httpx.AsyncClient, emulator: Emulator) -> Call:
    """A connected call whose transcription nobody has started."""
    order = {"targets": ["+442079460123"], "sourceCallerId": "+442079460001", "transcription": "manual"}
    placed = (await controller.post("/v1/calls", json=order)).json()
    await emulator.journal.wait("call", where=lambda entry: entry.data["what"] == "established", within=5)
    stored = await service.ports.store.call(placed["id"])
    assert stored is not None
    await tell(service, stored.call, "CallConnected")
    return stored.call


async def tell(service: Service, call: Call, kind: str, **data: Any) -> None:
    """ACS tells something of the call."""
    event = {
        "id": f"{kind}-{service.ports.ids.new('e')}",
        "source": f"calling/callConnections/{call.call_connection_id}",
        "type": f"Microsoft.Communication.{kind}",
        "time": "2026-03-02T09:15:02.471Z",
        "specversion": "1.0",
        "data": {
            "callConnectionId": call.call_connection_id,
            "serverCallId": "s",
            "correlationId": "c",
            **data,
        },
    }
    client = await service.client()
    assert (await client.post(f"/azure/callbacks/{call.key}", json=[event])).status_code == 200


STARTED = {
    "transcriptionUpdate": {
        "transcriptionStatus": "transcriptionStarted",
        "transcriptionStatusDetails": "subscriptionStarted",
    },
    "resultInformation": {"code": 200, "subCode": 0, "message": ""},
}
FAILED = {
    "transcriptionUpdate": {
        "transcriptionStatus": "transcriptionFailed",
        "transcriptionStatusDetails": "authenticationFailure",
    },
    "resultInformation": {
        "code": 401,
        "subCode": 8565,
        "message": "Action failed due to a Cognitive Services authentication error.",
    },
}


async def test_starting(controller: httpx.AsyncClient, call: Call) -> None:
    """is 202 with the operation; a second operation meanwhile is a conflict."""
    place = f"/v1/calls/{call.id}/transcription"
    answer = await controller.post(f"{place}/start", json={"locale": "fr-fr", "operationContext": "mine"})
    assert answer.status_code == 202, answer.text
    operation = answer.json()
    assert (operation["kind"], operation["state"], operation["locale"]) == ("start", "running", "fr-FR")
    assert operation["operationContext"] == "mine"
    assert answer.headers["location"] == place
    assert "preference-applied" not in answer.headers
    assert_problem(await controller.post(f"{place}/stop"), 409, "operation-in-flight")
    standing = (await controller.get(place)).json()
    assert standing["operation"]["operationId"] == operation["operationId"]


@pytest.mark.parametrize(
    ("kind", "data", "status"), [("TranscriptionStarted", STARTED, 200), ("TranscriptionFailed", FAILED, 502)]
)
async def test_waiting_for_the_event(
    service: Service,
    controller: httpx.AsyncClient,
    emulator: Emulator,
    call: Call,
    kind: str,
    data: dict[str, Any],
    status: int,
) -> None:
    """answers what it tells: 200, or the typed problem."""
    place = f"/v1/calls/{call.id}/transcription/start"
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(controller.post(place, headers={"Prefer": "wait=30"}))
        await emulator.journal.wait(
            "request", where=lambda entry: ":startTranscription" in str(entry.data), within=5
        )
        await tell(service, call, kind, **data)
    answer = asking.result()
    assert answer.status_code == status, answer.text
    assert answer.headers["preference-applied"] == "wait=30"
    if status == 200:
        assert answer.json()["state"] == "succeeded"
    else:
        problem = assert_problem(answer, 502, "speech-unauthorized")
        assert (problem["acsCode"], problem["subCode"]) == (401, 8565)
        assert problem["transcriptionStatusDetails"] == "authenticationFailure"


async def test_waiting_in_vain(controller: httpx.AsyncClient, call: Call) -> None:
    """is 202 when the time is over."""
    answer = await controller.post(f"/v1/calls/{call.id}/transcription/start", headers={"Prefer": "wait=0"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=0")


async def test_stopping_what_does_not_run(
    service: Service, controller: httpx.AsyncClient, emulator: Emulator
) -> None:
    """is 200 at once: the state is as wanted, and ACS is not asked."""
    call = await keep(service.ports, a_call())
    answer = await controller.post(f"/v1/calls/{call.id}/transcription/stop", json={})
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded"), answer.text
    assert [entry for entry in emulator.journal.entries() if entry.kind == "request"] == []


async def test_updating_the_locale_of_what_does_not_run(
    service: Service, controller: httpx.AsyncClient
) -> None:
    """is a conflict."""
    call = await keep(service.ports, a_call())
    answer = await controller.post(
        f"/v1/calls/{call.id}/transcription/update-locale", json={"locale": "fr-CA"}
    )
    assert_problem(answer, 409, "not-transcribing")


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("en", "locale-without-region"),
        ("english", "locale-invalid"),
        ("en-US-NancyNeural", "locale-is-a-voice"),
    ],
)
async def test_a_locale_that_cannot_be_meant(
    service: Service, controller: httpx.AsyncClient, emulator: Emulator, locale: str, code: str
) -> None:
    """is refused before Azure is asked, and the problem points at it."""
    call = await keep(service.ports, a_call())
    for operation in ("start", "update-locale"):
        answer = await controller.post(
            f"/v1/calls/{call.id}/transcription/{operation}", json={"locale": locale}
        )
        assert assert_problem(answer, 422, code)["errors"][0]["pointer"] == "/locale"
    if code == "locale-is-a-voice":
        assert answer.json()["detail"] == "a voice, not a locale: en-US?"
    assert [entry for entry in emulator.journal.entries() if entry.kind == "request"] == []


async def test_a_failure_that_is_kept(service: Service, reader: httpx.AsyncClient) -> None:
    """is shown with how the transcription stands."""
    failure = describe(transcription_failure(405, 8522, "not set", "streamUrlMissing"))
    operation = Operation("op_1", OperationKind.START, 1_700_000_000_000, "en-US")
    standing = Transcription(
        locale="en-US", state=TranscriptionState.FAILED, attempts=1, failure=failure, operation=operation
    )
    call = await keep(service.ports, replace(a_call(), transcription=standing))
    shown = (await reader.get(f"/v1/calls/{call.id}/transcription")).json()
    assert (shown["state"], shown["failure"]["acsCode"], shown["failure"]["subCode"]) == ("failed", 405, 8522)
    assert shown["failure"]["type"] == f"/v1/errors/{failure.code}"
    assert shown["operation"]["operationId"] == "op_1"


@pytest.mark.parametrize("operation", ["start", "update-locale", "stop"])
async def test_no_call(controller: httpx.AsyncClient, operation: str) -> None:
    """is 404, ours or ACS's."""
    for call_id in ("call_none", "00000000-0000-0000-0000-000000000000"):
        body = {"locale": "en-US"} if operation == "update-locale" else {}
        answer = await controller.post(f"/v1/calls/{call_id}/transcription/{operation}", json=body)
        assert_problem(answer, 404, "call-not-found")
    assert_problem(await controller.get("/v1/calls/call_none/transcription"), 404, "call-not-found")


@pytest.mark.parametrize("prefer", ["wait=61", "wait=soon", "wait"])
async def test_a_wait_that_cannot_be_waited(
    service: Service, controller: httpx.AsyncClient, emulator: Emulator, prefer: str
) -> None:
    """is refused, and nothing is done."""
    call = await keep(service.ports, a_call())
    answer = await controller.post(f"/v1/calls/{call.id}/transcription/start", headers={"Prefer": prefer})
    assert_problem(answer, 422, "invalid-request")
    assert [entry for entry in emulator.journal.entries() if entry.kind == "request"] == []
