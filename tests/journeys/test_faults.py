"""Every fault that the emulator knows has journeys that callscribe survives; and then all of them at once."""

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any, get_args

import pytest

from acs_emulator.faults import KINDS, AnyFault, Fault
from acs_emulator.faults import kinds as faults
from tests.journeys import test_faults_deliveries as deliveries
from tests.journeys import test_faults_requests as requests
from tests.journeys import test_faults_sockets as sockets
from tests.journeys.conftest import House
from tests.journeys.survival import fault, hasty_house, struck, turns, well

pytestmark = pytest.mark.anyio

JOURNEYS: dict[type[Fault], tuple[ModuleType, tuple[str, ...]]] = {
    faults.TranscriptionFailed: (
        sockets,
        ("test_a_start_that_fails", "test_transcription_fails_at_every_stage"),
    ),
    faults.RefuseSocket: (
        sockets,
        ("test_a_socket_that_cannot_be_opened", "test_a_socket_that_cannot_be_opened_again"),
    ),
    faults.DropSocket: (
        sockets,
        ("test_a_socket_that_drops_and_comes_back", "test_a_socket_that_drops_for_good"),
    ),
    faults.SlowSocket: (sockets, ("test_a_slow_socket",)),
    faults.MalformedPacket: (sockets, ("test_a_packet_that_cannot_be_read",)),
    faults.Duplicate: (deliveries, ("test_everything_comes_twice",)),
    faults.Reorder: (deliveries, ("test_what_comes_is_overtaken", "test_words_that_are_overtaken")),
    faults.Lose: (
        deliveries,
        (
            "test_callbacks_that_never_come",
            "test_a_call_that_we_placed_and_that_nobody_told_of",
            "test_the_event_of_a_start_never_comes",
            "test_a_failure_that_nobody_told_of",
            "test_an_incoming_call_that_nobody_told_of",
            "test_words_that_never_come",
        ),
    ),
    faults.Shuffle: (deliveries, ("test_what_comes_is_shuffled",)),
    faults.Webhook: (deliveries, ("test_a_webhook_that_fails",)),
    faults.SlowWebhook: (deliveries, ("test_a_slow_webhook",)),
    faults.BadTokenFault: (
        deliveries,
        ("test_callbacks_whose_token_is_wrong", "test_a_socket_whose_token_is_wrong"),
    ),
    faults.Http: (
        requests,
        (
            "test_an_answer_that_acs_refuses_once",
            "test_a_start_that_acs_refuses_once",
            "test_a_call_that_acs_does_not_let_us_answer",
            "test_done_although_acs_answers_500",
            "test_a_call_placed_although_acs_answers_500",
            "test_nothing_is_accepted_for_a_while",
        ),
    ),
    faults.OperationFailed: (requests, ("test_an_operation_that_fails_after_it_was_accepted",)),
}


def test_every_kind_of_fault_has_its_journeys() -> None:
    """A fault that is new is survived, or this is red; a journey that is gone is missed."""
    assert {*JOURNEYS} == {*KINDS} == {*get_args(AnyFault)}
    for module, names in JOURNEYS.values():
        assert [name for name in names if not callable(getattr(module, name, None))] == []


def test_every_operation_that_can_fail_is_used_by_callscribe_or_not_at_all() -> None:
    """One that is new is to be thought about."""
    assert {*requests.USED} | requests.UNUSED == {*get_args(faults.Operation)}


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with hasty_house(tmp_path_factory.mktemp("faults")) as opened:
        yield opened


def _finals_sent(house: House, begin: int, connection_id: str) -> list[str]:
    """What the call's socket was sent, each once however often."""
    sent: dict[tuple[Any, Any], str] = {}
    for entry in house.emulator.journal.entries(("packet",), after=begin):
        packet: Any = entry.data["packet"]
        result = packet.get("transcriptionData", {})
        if entry.data["callConnectionId"] == connection_id and result.get("resultStatus") == "Final":
            sent[result["participantRawID"], result["offset"]] = result["text"]
    return list(sent.values())


async def _has(house: House, call: dict[str, Any], count: int) -> bool:
    return len((await house.transcript(call["id"]))["segments"]) >= count


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_fifth_of_everything_goes_wrong(house: House, seed: int) -> None:
    """Ten calls at once: all that were told of end, and every final word that was delivered is there once."""
    begin = house.mark()
    house.emulator.faults.seed(seed)
    for what in ("callbacks", "packets"):
        fault(house, "lose", what=what, rate=0.2)
    for what in ("callbacks", "packets", "eventgrid"):
        fault(house, "duplicate", what=what, rate=0.2)
    for what in ("callbacks", "packets"):
        fault(house, "reorder", what=what, rate=0.2)
    for what in ("callbacks", "eventgrid"):
        fault(house, "webhook", what=what, rate=0.2)
    fault(house, "malformedPacket", rate=0.2)
    fault(house, "http", status=503, rate=0.2)
    said = [f"Line {number}." for number in range(8)]
    dialled = [await house.dial_in(turns(*said)) for _ in range(10)]
    calls = await asyncio.gather(*(house.call_of(one) for one in dialled))
    await asyncio.gather(*(house.reaches(call["id"], "disconnected") for call in calls))
    for call in calls:
        ended = await house.call(call["id"])
        sent = _finals_sent(house, begin, ended["callConnectionId"])
        assert {*sent} <= {*said}
        await house.until(lambda call=call, sent=sent: _has(house, call, len(sent)), "all words are there")
        kept = [one["text"] for one in (await house.transcript(call["id"]))["segments"]]
        assert sorted(kept) == sorted(sent)
    for kind in ("lose", "duplicate", "reorder", "webhook", "malformedPacket"):
        assert struck(house, begin, kind), kind
    await well(house)
