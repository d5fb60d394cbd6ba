from typing import Any

import httpx
import pytest

from callscribe.domain.call import AnnounceFailure, StartMode
from service.routes.bodies import PlaceCall
from tests.service.situations import Service, a_call, assert_problem, keep

pytestmark = pytest.mark.anyio
PHONE = "+442079460123"
TARGETS = {"targets": [PHONE]}


def test_an_order_with_everything() -> None:
    """says the same as its body, in canonical form."""
    body = PlaceCall.model_validate(
        {
            "targets": ["+44 20 7946 0123", "8:acs:a_b"],
            "locale": "de-de",
            "transcription": StartMode.MANUAL,
            "announce": {
                "text": "Hello",
                "voice": "de-DE-KatjaNeural",
                "onAnnounceFailed": AnnounceFailure.HANG_UP,
            },
            "agents": ["+442079460555"],
            "sourceCallerId": "+442079460001",
            "sourceDisplayName": "Sales",
            "externalId": "ticket",
            "metadata": {"a": "b"},
            "speechModelEndpointId": "model",
        },
        strict=False,
    )
    order = body.order()
    assert order.targets == ("4:+442079460123", "8:acs:a_b")
    assert (order.locale, order.mode, order.model) == ("de-DE", StartMode.MANUAL, "model")
    assert order.announce is not None
    assert (order.announce.text, order.announce.on_failed) == ("Hello", AnnounceFailure.HANG_UP)
    assert order.agents == ("4:+442079460555",)
    assert (order.source_caller_id, order.source_display_name) == ("4:+442079460001", "Sales")
    assert (order.external_id, order.metadata) == ("ticket", {"a": "b"})
    assert not order.expect


def test_an_order_to_join_or_expect() -> None:
    """says which call."""
    join = PlaceCall.model_validate_json(
        '{"connect": {"groupCallId": "8d0e4a2c-7b1f-4f6e-9a3d-2c5b8e7f1a60"}}'
    ).order()
    assert (join.group_call_id, join.room_id, join.server_call_id, join.expect) == (
        "8d0e4a2c-7b1f-4f6e-9a3d-2c5b8e7f1a60",
        None,
        None,
        False,
    )
    expect = PlaceCall.model_validate_json(
        '{"expect": {"callConnectionId": "c", "correlationId": "d"}}'
    ).order()
    assert (expect.expect, expect.call_connection_id, expect.correlation_id) == (True, "c", "d")


WRONG_ORDERS: list[tuple[Any, str, str]] = [
    ([], "invalid-request", ""),
    ("call me", "invalid-request", ""),
    (None, "invalid-request", ""),
    ({}, "invalid-request", ""),
    (TARGETS | {"expect": {}}, "invalid-request", ""),
    (TARGETS | {"connect": {"roomId": "r"}, "expect": {}}, "invalid-request", ""),
    ({"targets": []}, "invalid-request", "/targets"),
    ({"targets": PHONE}, "invalid-request", "/targets"),
    ({"targets": [PHONE] * 51}, "invalid-request", "/targets"),
    ({"targets": [5]}, "invalid-request", "/targets/0"),
    ({"targets": [PHONE, "Ada"]}, "participant-invalid", "/targets/1"),
    ({"targets": ["+1"]}, "participant-invalid", "/targets/0"),
    ({"targets": ["020 7946 0123"]}, "participant-invalid", "/targets/0"),
    (TARGETS | {"agents": ["8:nobody"]}, "participant-invalid", "/agents/0"),
    (TARGETS | {"sourceCallerId": "8:acs:a_b"}, "participant-invalid", "/sourceCallerId"),
    (TARGETS | {"sourceCallerId": "anonymous"}, "participant-invalid", "/sourceCallerId"),
    (TARGETS | {"locale": "en"}, "locale-without-region", "/locale"),
    (TARGETS | {"locale": "english"}, "locale-invalid", "/locale"),
    (TARGETS | {"locale": "en-US-NancyNeural"}, "locale-is-a-voice", "/locale"),
    (TARGETS | {"locale": 5}, "invalid-request", "/locale"),
    (TARGETS | {"locale": "x" * 101}, "invalid-request", "/locale"),
    (TARGETS | {"transcription": "always"}, "invalid-request", "/transcription"),
    (TARGETS | {"announce": {}}, "invalid-request", "/announce"),
    (TARGETS | {"announce": {"text": "a", "file": "https://b/c.wav"}}, "invalid-request", "/announce"),
    (TARGETS | {"announce": {"file": "ftp://b/c.wav"}}, "invalid-request", "/announce/file"),
    (TARGETS | {"announce": {"text": "a\x00b"}}, "invalid-request", "/announce/text"),
    (
        TARGETS | {"announce": {"text": "a", "onAnnounceFailed": "cry"}},
        "invalid-request",
        "/announce/onAnnounceFailed",
    ),
    (TARGETS | {"metadata": {"a": 5}}, "invalid-request", "/metadata/a"),
    (TARGETS | {"metadata": {str(n): "" for n in range(51)}}, "invalid-request", "/metadata"),
    (TARGETS | {"metadata": {"a": "x" * 1025}}, "invalid-request", "/metadata/a"),
    (TARGETS | {"externalId": "x" * 257}, "invalid-request", "/externalId"),
    (TARGETS | {"externalId": "a\nb"}, "invalid-request", "/externalId"),
    (TARGETS | {"external_id": "a"}, "invalid-request", "/external_id"),
    (TARGETS | {"colour": "red"}, "invalid-request", "/colour"),
    ({"connect": {}}, "invalid-request", "/connect"),
    (
        {"connect": {"roomId": "r", "groupCallId": "8d0e4a2c-7b1f-4f6e-9a3d-2c5b8e7f1a60"}},
        "invalid-request",
        "/connect",
    ),
    (
        {"connect": {"groupCallId": "8d0e4a2c7b1f4f6e9a3d2c5b8e7f1a60"}},
        "invalid-request",
        "/connect/groupCallId",
    ),
    ({"connect": {"groupCallId": "g"}}, "invalid-request", "/connect/groupCallId"),
    ({"connect": {"meetingId": "m"}}, "invalid-request", "/connect/meetingId"),
    ({"expect": True}, "invalid-request", "/expect"),
    ({"expect": {"callConnectionId": ""}}, "invalid-request", "/expect/callConnectionId"),
]


@pytest.mark.parametrize(("body", "code", "pointer"), WRONG_ORDERS, ids=lambda part: str(part)[:60])
async def test_an_order_that_cannot_be_meant(
    controller: httpx.AsyncClient, body: Any, code: str, pointer: str
) -> None:
    """is refused with the part that is wrong, and no call comes of it."""
    answer = await controller.post("/v1/calls", json=body)
    problem = assert_problem(answer, 422, code)
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert (await controller.get("/v1/calls")).json()["items"] == []


WRONG_CONTROLS: list[tuple[str, Any, str, str]] = [
    ("participants", {}, "invalid-request", "/target"),
    ("participants", {"target": "Ada"}, "participant-invalid", "/target"),
    (
        "participants",
        {"target": PHONE, "sourceCallerId": "8:acs:a"},
        "participant-invalid",
        "/sourceCallerId",
    ),
    ("participants", {"target": PHONE, "operationContext": ""}, "invalid-request", "/operationContext"),
    ("hang-up", {"forEveryone": "yes"}, "invalid-request", "/forEveryone"),
    ("hang-up", {"forEveryone": 1}, "invalid-request", "/forEveryone"),
    ("hang-up", {"everyone": True}, "invalid-request", "/everyone"),
    ("transcription/start", {"locale": 1}, "invalid-request", "/locale"),
    ("transcription/start", {"model": "m"}, "invalid-request", "/model"),
    ("transcription/start", {"operationContext": "x" * 1025}, "invalid-request", "/operationContext"),
    ("transcription/update-locale", {}, "invalid-request", "/locale"),
    ("transcription/update-locale", {"locale": None}, "invalid-request", "/locale"),
    ("transcription/stop", {"locale": "en-US"}, "invalid-request", "/locale"),
]


@pytest.mark.parametrize(
    ("action", "body", "code", "pointer"), WRONG_CONTROLS, ids=lambda part: str(part)[:60]
)
async def test_a_control_that_cannot_be_meant(
    service: Service, controller: httpx.AsyncClient, action: str, body: Any, code: str, pointer: str
) -> None:
    """is refused with the part that is wrong, and the call stays as it is."""
    call = await keep(service.ports, a_call())
    before = (await controller.get(f"/v1/calls/{call.id}")).content
    answer = await controller.post(f"/v1/calls/{call.id}/{action}", json=body)
    problem = assert_problem(answer, 422, code)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await controller.get(f"/v1/calls/{call.id}")).content == before


@pytest.mark.parametrize(
    ("path", "code", "pointer"),
    [
        ("/v1/calls?state=talking", "invalid-request", "query.state"),
        ("/v1/calls?direction=up", "invalid-request", "query.direction"),
        ("/v1/calls?limit=0", "invalid-request", "query.limit"),
        ("/v1/calls?limit=201", "invalid-request", "query.limit"),
        ("/v1/calls?limit=many", "invalid-request", "query.limit"),
        ("/v1/calls?since=yesterday", "invalid-request", "query.since"),
        ("/v1/calls?since=2026-01-31T09:00:00+01:00", "invalid-request", "query.since"),
        ("/v1/calls?participant=Ada", "participant-invalid", "query.participant"),
        ("/v1/calls?sate=connected", "invalid-request", "query.sate"),
        ("/v1/calls?cursor=", "invalid-request", "query.cursor"),
        ("/v1/calls/{id}/events?limit=501", "invalid-request", "query.limit"),
        ("/v1/calls/{id}/events?page=2", "invalid-request", "query.page"),
    ],
)
async def test_a_query_that_cannot_be_meant(
    service: Service, reader: httpx.AsyncClient, path: str, code: str, pointer: str
) -> None:
    """is refused with the parameter that is wrong."""
    call = await keep(service.ports, a_call())
    problem = assert_problem(await reader.get(path.format(id=call.id)), 422, code)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["/v1/calls", "/v1/calls/{id}/events"])
@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "é", "W10", "x" * 1025])
async def test_a_cursor_that_we_did_not_make(
    service: Service, reader: httpx.AsyncClient, path: str, cursor: str
) -> None:
    """is refused."""
    call = await keep(service.ports, a_call())
    answer = await reader.get(path.format(id=call.id), params={"cursor": cursor})
    assert_problem(answer, 422, "invalid-request")


async def test_a_problem(controller: httpx.AsyncClient) -> None:
    """repeats no value that was sent."""
    body = {
        "targets": ["words-of-the-caller"],
        "locale": "words-of-the-caller",
        "transcription": "words-of-the-caller",
    }
    answer = await controller.post("/v1/calls", json=body)
    assert_problem(answer, 422, "invalid-request")
    assert "words-of-the-caller" not in answer.text
