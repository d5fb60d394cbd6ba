import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from azure.communication.callautomation import CommunicationUserIdentifier
from azure.communication.callautomation.aio import CallAutomationClient as AsyncClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from hypothesis import given
from hypothesis import strategies as st

from acs_emulator.rest import versions
from acs_emulator.rest.operations import NAMES, connection_of, name_of

USER = CommunicationUserIdentifier("8:acs:resource_user")
CALLS = "/calling/callConnections"
VERSION = "api-version=2026-03-12"


async def _post(
    world: Any, path: str, body: bytes = b"{}", query: str = VERSION, **headers: str
) -> httpx.Response:
    """A request signed as the tutorial says."""
    date = formatdate(usegmt=True)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    host = world.emulator.url.removeprefix("http://")
    target = f"{path}?{query}" if query else path
    signed = f"POST\n{target}\n{date};{host};{digest}".encode()
    signature = base64.b64encode(
        hmac.digest(base64.b64decode(world.emulator.access_key), signed, "sha256")
    ).decode()
    response: httpx.Response = await world.http.post(
        target,
        content=body,
        headers={
            "x-ms-date": date,
            "x-ms-content-sha256": digest,
            "Authorization": f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    return response


def _create(world: Any) -> bytes:
    target = {"rawId": USER.raw_id, "communicationUser": {"id": USER.raw_id}}
    return json.dumps({"targets": [target], "callbackUri": world.callback_url, "source": None}).encode()


@pytest.mark.anyio
async def test_another_access_key(world: Any) -> None:
    """The SDK raises ClientAuthenticationError; the body says why."""
    wrong = AzureKeyCredential(base64.b64encode(b"another").decode())
    async with AsyncClient(world.emulator.url, wrong) as client:
        with pytest.raises(ClientAuthenticationError) as denied:
            await client.create_call(USER, world.callback_url)
    assert denied.value.error
    assert denied.value.error.code == "Denied"


@pytest.mark.anyio
async def test_versions(world: Any) -> None:
    """Every release and the preview are taken; without one, or with another, it is 400 in Azure's shape."""
    for version in (*versions.RELEASES, versions.PREVIEW):
        assert (await _post(world, CALLS, _create(world), f"api-version={version}")).status_code == 201
    for query, code in (
        ("", "MissingApiVersionParameter"),
        ("api-version=2019-01-01", "UnsupportedApiVersionValue"),
        ("api-version=latest", "UnsupportedApiVersionValue"),
    ):
        response = await _post(world, CALLS, _create(world), query)
        assert response.status_code == 400
        assert response.json()["error"]["code"] == code


@pytest.mark.anyio
async def test_wrong_bodies(world: Any) -> None:
    """400 that names the field; no call comes of it."""
    for body, target in (
        (b"{", "1"),
        (b"{}", "callbackUri"),
        (b'{"targets": [], "callbackUri": "https://a.example"}', "targets"),
        (b'{"targets": [{}], "callbackUri": "https://a.example"}', "targets.0"),
        (b'{"targets": [{"rawId": "8:acs:a"}], "callbackUri": "ftp://a.example"}', "callbackUri"),
    ):
        response = await _post(world, CALLS, body)
        assert response.status_code == 400
        assert response.json()["error"]["target"] == target
    assert world.emulator.calls.all() == []


@pytest.mark.anyio
async def test_a_body_that_is_too_large(world: Any) -> None:
    """413."""
    assert (await _post(world, CALLS, b" " * 1_100_000)).status_code == 413


@pytest.mark.anyio
async def test_what_is_not_there(world: Any) -> None:
    """404 for no operation, and for one that the api-version does not have yet, or no longer."""
    assert (await _post(world, "/calling/nothing")).status_code == 404
    for operation, version in (
        ("participants:mute", "2023-03-06"),
        ("participants:moveHere", "2025-06-15"),
        (":startTranscription", "2024-04-15"),
        (":summarizeCall", "2026-03-12"),
    ):
        path = f"{CALLS}/1/{operation}" if operation[0] != ":" else f"{CALLS}/1{operation}"
        response = await _post(world, path, query=f"api-version={version}")
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "NotFound"
        newer = versions.PREVIEW if operation == ":summarizeCall" else versions.NEWEST
        known = await _post(world, path, query=f"api-version={newer}")
        assert known.json()["error"]["code"] != "NotFound"


@pytest.mark.anyio
async def test_a_repeated_request_makes_one_call(world: Any) -> None:
    """The same connection, with its state of now, as captured."""
    ids = {"Repeatability_Request_ID": "61460096-a0cc-4f65-8cec-b61cc24e646c"}
    first = await _post(world, CALLS, _create(world), **ids)
    await world.event("CallConnected")
    second = await _post(world, CALLS, _create(world), **ids)
    assert first.headers["Repeatability-Result"] == second.headers["Repeatability-Result"] == "accepted"
    assert second.status_code == 201
    assert first.json()["callConnectionId"] == second.json()["callConnectionId"]
    assert (first.json()["callConnectionState"], second.json()["callConnectionState"]) == (
        "connecting",
        "connected",
    )
    assert len(world.emulator.calls.all()) == 1


@pytest.mark.anyio
async def test_a_request_repeated_while_the_first_is_under_way(world: Any) -> None:
    """Both are answered with the one call."""
    ids = {"Repeatability_Request_ID": str(uuid.uuid4()), "Repeatability_First_Sent": formatdate(usegmt=True)}
    answers = await asyncio.gather(*(_post(world, CALLS, _create(world), **ids) for _ in range(5)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["callConnectionId"] for one in answers}) == 1
    assert len(world.emulator.calls.all()) == 1


@pytest.mark.anyio
async def test_an_id_that_cannot_be_honoured(world: Any) -> None:
    """400 for another request under the same id, 412 for one first sent long ago; the answers say rejected."""
    ids = {"Repeatability_Request_ID": str(uuid.uuid4())}
    await _post(world, CALLS, _create(world), **ids)
    other = await _post(world, f"{CALLS}:reject", b'{"incomingCallContext": "a"}', **ids)
    stale = await _post(
        world, CALLS, _create(world), **ids, Repeatability_First_Sent=formatdate(0, usegmt=True)
    )
    assert (other.status_code, stale.status_code) == (400, 412)
    assert {one.headers["Repeatability-Result"] for one in (other, stale)} == {"rejected"}


@pytest.mark.anyio
async def test_a_refusal_is_repeated_too(world: Any) -> None:
    """A 4xx is the result of the first request, and after a reset there never was one."""
    ids = {"Repeatability_Request_ID": str(uuid.uuid4())}
    refused = [await _post(world, CALLS, b"{}", **ids) for _ in range(2)]
    assert [one.status_code for one in refused] == [400, 400]
    assert refused[0].content == refused[1].content
    await world.http.post("/_emulator/reset")
    assert (await _post(world, CALLS, _create(world), **ids)).status_code == 201


@pytest.mark.anyio
async def test_the_first_response_of_create_is_as_captured(world: Any, goldens: Any, shape: Any) -> None:
    """Members in the captured order, and no more."""
    captured = next(one for one in goldens("rest_pairs.jsonl") if one["operation"] == "createCall")
    target = captured["request"]["body"]["targets"][0]["rawId"]
    body = {**captured["request"]["body"], "callbackUri": world.callback_url}
    response = await _post(world, CALLS, json.dumps(body).encode(), x_ms_client_request_id="request-1")
    assert shape(response.json()) == shape(captured["response"])
    assert response.json()["targets"][0]["rawId"] == target
    assert response.headers["x-ms-client-request-id"] == "request-1"


@pytest.mark.anyio
async def test_a_call_that_is_not_there_is_answered_as_captured(world: Any, goldens: Any) -> None:
    """404, byte for byte."""
    captured = next(one for one in goldens("rest_pairs.jsonl") if one["operation"].startswith("getCall 10 s"))
    response = await _post(world, f"{CALLS}/401f0b00-cb00-4181-b52d-2878d924bd73:terminate")
    assert response.status_code == 404
    assert response.json() == captured["response"]
    assert response.headers["content-length"] == captured["responseHeaders"]["Content-Length"]


@pytest.mark.anyio
async def test_429_on_demand(world: Any) -> None:
    """With Retry-After the SDK tries again by itself, without it the application sees 429."""
    world.emulator.faults.add({"kind": "http", "operation": "createCall", "status": 429, "retryAfter": 0})
    await world.client.create_call(USER, world.callback_url)
    world.emulator.faults.add({"kind": "http", "operation": "createCall", "status": 429})
    with pytest.raises(HttpResponseError) as refused:
        await world.client.create_call(USER, world.callback_url)
    assert refused.value.status_code == 429


@pytest.mark.anyio
async def test_an_answer_lost_after_the_call_was_placed(world: Any) -> None:
    """`applied`: the SDK retries with the same repeatability id, and there is one call."""
    world.emulator.faults.add({"kind": "http", "operation": "createCall", "status": 503, "applied": True})
    await world.client.create_call(USER, world.callback_url, retry_backoff_factor=0)
    assert len(world.emulator.calls.all()) == 1


@pytest.mark.anyio
async def test_identifiers_without_kind_get_one(world: Any) -> None:
    """Requests may leave `kind` and even rawId out; responses carry both."""
    body = {
        "targets": [{"phoneNumber": {"value": "+15550001111"}}],
        "sourceCallerIdNumber": {"value": "+15559870000"},
        "callbackUri": world.callback_url,
    }
    response = await _post(world, CALLS, json.dumps(body).encode())
    assert response.json()["targets"] == [
        {"rawId": "4:+15550001111", "kind": "phoneNumber", "phoneNumber": {"value": "+15550001111"}}
    ]


def test_every_operation_of_the_sdk_has_a_name() -> None:
    """34 operations of releases and one of the preview, and five on identities."""
    assert len(NAMES) == 40


@given(st.text(max_size=40))
def test_no_path_breaks_the_names(path: str) -> None:
    """Any path has a name or none."""
    assert name_of("GET", f"{CALLS}/{path}") in NAMES | {None}
    assert connection_of(f"{CALLS}/{path}") is None or path


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body", [b'{"x": ' + b"[" * 100_000, b'{"x": NaN}', b'{"x": "\\ud800"}', b'{"x": "\xff"}'], ids=ascii
)
async def test_json_that_could_not_be_shown_again(world: Any, body: bytes) -> None:
    """400 in Azure's shape, in members that nobody reads too; the journal can still be read."""
    answer = await _post(world, f"{CALLS}/nowhere:stopTranscription", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    unsigned = await world.http.post(f"{CALLS}?{VERSION}", content=body)
    assert unsigned.status_code == 401
    journal = await world.http.get("/_emulator/journal", params={"kind": "request"})
    assert [entry["status"] for entry in journal.json()["entries"]] == [400, 401]


@pytest.mark.anyio
async def test_dates_beyond_all_time(world: Any) -> None:
    """An offset that no date can have is a wrong date: 401, and 400 for when a request was first sent."""
    never = "Fri, 20 Nov 2026 10:00:00 +99999999999999"
    unsigned = await _post(world, CALLS, _create(world), x_ms_date=never)
    assert unsigned.status_code == 401
    first_sent = {"Repeatability_Request_ID": str(uuid.uuid4()), "Repeatability_First_Sent": never}
    repeated = await _post(world, CALLS, _create(world), **first_sent)
    assert repeated.status_code == 400
