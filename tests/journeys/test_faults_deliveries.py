"""callscribe survives lost, doubled, late, disordered and unsigned deliveries."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from acs_emulator.faults import Delivery, Hook
from acs_emulator.signing import BadToken
from tests.journeys.conftest import House
from tests.journeys.survival import (
    TEXTS,
    ends,
    fault,
    hasty_house,
    placed,
    rung,
    struck,
    timeline,
    transcription,
    well,
)
from tests.journeys.test_control import WAIT, control, hang_up, say

pytestmark = pytest.mark.anyio

EVENTS = ("CallConnected", "ParticipantsUpdated", "TranscriptionStarted", "CallDisconnected")


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with hasty_house(tmp_path_factory.mktemp("deliveries")) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def afterwards(house: House) -> AsyncIterator[None]:
    """The next call finds a house that is well."""
    yield
    await well(house)


def _answers(house: House, begin: int, dialled: dict[str, Any]) -> int:
    """How often the application asked to answer since a mark."""
    return sum(
        entry.data["operation"] == "answerCall"
        for entry in house.emulator.journal.entries(("request",), after=begin)
    )


@pytest.mark.parametrize("what", get_args(Delivery))
async def test_everything_comes_twice(house: House, what: str) -> None:
    """One call, one answer, every word once."""
    begin = house.mark()
    fault(house, "duplicate", what=what, times=None)
    call = await rung(house)
    transcript = await ends(house, call, *TEXTS)
    assert struck(house, begin, "duplicate")
    assert transcript["complete"] is True
    assert _answers(house, begin, call) == 1


@pytest.mark.parametrize("what", get_args(Hook))
async def test_what_comes_is_overtaken(house: House, what: str) -> None:
    """Every second event overtakes the one before."""
    begin = house.mark()
    fault(house, "reorder", what=what, times=10)
    transcript = await ends(house, await rung(house), *TEXTS)
    assert struck(house, begin, "reorder")
    assert transcript["complete"] is True


async def test_words_that_are_overtaken(house: House) -> None:
    """The transcript is in the order of speech; at the speed of life, and late as a recogniser's words are."""
    begin = house.mark()
    house.emulator.clock.set_speed(1)
    fault(house, "slowSocket", seconds=0.3, times=None)
    fault(house, "reorder", what="packets")
    dialogue = [{"text": text, "seconds": 0.3} for text in TEXTS]
    await ends(house, await house.call_of(await house.dial_in(dialogue)), *TEXTS)
    assert struck(house, begin, "reorder")


@pytest.mark.parametrize("what", get_args(Hook))
async def test_what_comes_is_shuffled(house: House, what: str) -> None:
    """The last may be first: the call begins, is transcribed and ends all the same."""
    begin = house.mark()
    fault(house, "shuffle", what=what, windowSeconds=5)
    await ends(house, await rung(house), *TEXTS)
    assert struck(house, begin, "shuffle")


@pytest.mark.parametrize("types", [*((name,) for name in EVENTS), ()], ids=[*EVENTS, "all"])
async def test_callbacks_that_never_come(house: House, types: tuple[str, ...]) -> None:
    """Words come by the socket; how the call is, ACS is asked."""
    begin = house.mark()
    fault(house, "lose", what="callbacks", types=types, times=None)
    await ends(house, await rung(house), *TEXTS)
    assert struck(house, begin, "lose")


async def test_a_call_that_we_placed_and_that_nobody_told_of(house: House) -> None:
    """Neither its connection nor its end is told, and both are found."""
    fault(house, "lose", what="callbacks", times=None)
    call = await placed(house)
    await say(house, call, "Hello?")
    await house.says(call["id"], "Hello?")
    await house.control.post(f"/_emulator/calls/{call['callConnectionId']}/hang-up", json={"everyone": True})
    await ends(house, call, "Hello?")


async def test_the_event_of_a_start_never_comes(house: House) -> None:
    """The operation fails with a typed problem, and the words that come are kept."""
    call = await placed(house, transcription="manual")
    fault(house, "lose", what="callbacks", types=["TranscriptionStarted"])
    answer = await house.api.post(f"/v1/calls/{call['id']}/transcription/start", json={}, headers=WAIT)
    assert answer.json()["code"] == "operation-timed-out"
    await say(house, call, "You are heard.")
    await house.says(call["id"], "You are heard.")
    assert (await transcription(house, call))["failure"]["code"] == "operation-timed-out"
    await hang_up(house, call["id"])
    await ends(house, call, "You are heard.")


async def test_a_failure_that_nobody_told_of(house: House) -> None:
    """The socket closes and stays away: a gap, until somebody starts transcription again."""
    call = await placed(house)
    await house.transcribes(call["id"])
    fault(house, "transcriptionFailed", on="streaming", code=500, subCode=8580)
    fault(house, "lose", what="callbacks", types=["TranscriptionFailed"])
    await say(house, call, "Not heard.")

    async def gap() -> list[dict[str, Any]]:
        return list((await house.transcript(call["id"]))["gaps"])

    (open_,) = await house.until(gap, "the gap is on the record")
    assert (open_["cause"], open_["endedAt"]) == ("socket-dropped", None)
    await control(house, call["id"], "start")
    await house.transcribes(call["id"])
    await say(house, call, "Heard.")
    await house.says(call["id"], "Heard.")
    await hang_up(house, call["id"])
    transcript = await ends(house, call, "Heard.")
    assert [one["endedAt"] is not None for one in transcript["gaps"]] == [True]


async def test_an_incoming_call_that_nobody_told_of(house: House) -> None:
    """There is nothing to be known of it; no other call suffers."""
    begin = house.mark()
    fault(house, "lose", what="eventgrid")
    dialled = await house.dial_in([])
    await house.emulator.journal.wait("fault", after=begin, within=10)
    listed = (await house.api.get("/v1/calls", params={"limit": 100})).json()["items"]
    assert dialled["correlationId"] not in [one.get("correlationId") for one in listed]


async def test_words_that_never_come(house: House) -> None:
    """The transcript has exactly those that did."""
    begin = house.mark()
    fault(house, "lose", what="packets", types=["Final"], times=1)
    await ends(house, await rung(house), "Two.", "Three.")
    fault(house, "lose", what="packets", types=["Intermediate"], times=None)
    await ends(house, await rung(house, "Four five six."), "Four five six.")
    assert struck(house, begin, "lose") >= 2


@pytest.mark.parametrize(("status", "received"), [(None, True), (500, True), (503, False), (429, False)])
@pytest.mark.parametrize("what", get_args(Hook))
async def test_a_webhook_that_fails(house: House, what: str, status: int | None, received: bool) -> None:
    """ACS and Event Grid try again; what had come the first time is not acted on twice."""
    begin = house.mark()
    fault(house, "webhook", what=what, status=status, received=received, times=2)
    call = await rung(house)
    transcript = await ends(house, call, *TEXTS)
    assert struck(house, begin, "webhook")
    assert transcript["complete"] is True
    assert _answers(house, begin, call) == 1


@pytest.mark.parametrize("what", get_args(Hook))
async def test_a_slow_webhook(house: House, what: str) -> None:
    """Late events come behind later ones."""
    begin = house.mark()
    fault(house, "slowWebhook", what=what, seconds=20, times=2)
    await ends(house, await rung(house), *TEXTS)
    assert struck(house, begin, "slowWebhook")


@pytest.mark.parametrize("what", get_args(BadToken))
async def test_callbacks_whose_token_is_wrong(house: House, what: str) -> None:
    """Each is refused with 401 and none is believed: that the call has ended is found out by asking.

    In development, which this is, a callback may have no token at all.
    """
    begin = house.mark()
    fault(house, "badToken", where="callback", what=what, times=None)
    call = await rung(house)
    await ends(house, call, *TEXTS)
    answers = {entry.data["status"] for entry in house.emulator.journal.entries(("callback",), after=begin)}
    believed = "callback" in {one["source"] for one in await timeline(house, call)}
    assert (answers, believed) == (({200}, True) if what == "missing" else ({401}, False))


@pytest.mark.parametrize("what", get_args(BadToken))
async def test_a_socket_whose_token_is_wrong(house: House, what: str) -> None:
    """It is refused, which ACS tells as a failure; the next one is admitted."""
    fault(house, "badToken", where="socket", what=what)
    call = await placed(house)
    failed = await house.transcribes(call["id"], "failed")
    assert failed["failure"]["subCode"] == 8581
    await control(house, call["id"], "start")
    await house.transcribes(call["id"])
    await say(house, call, "At last.")
    await house.says(call["id"], "At last.")
    await hang_up(house, call["id"])
    await ends(house, call, "At last.")
