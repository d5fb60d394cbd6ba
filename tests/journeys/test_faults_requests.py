"""callscribe survives what Azure answers to its requests, and operations that fail after they were accepted."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.journeys.conftest import House
from tests.journeys.survival import TEXTS, ends, fault, hasty_house, placed, rung, struck, transcription, well
from tests.journeys.test_control import WAIT, control, hang_up, say

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with hasty_house(tmp_path_factory.mktemp("requests")) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def afterwards(house: House) -> AsyncIterator[None]:
    """The next call finds a house that is well."""
    yield
    await well(house)


def _asked(house: House, begin: int, operation: str) -> list[int]:
    """The statuses that an operation was answered with since a mark."""
    return [
        int(str(entry.data["status"]))
        for entry in house.emulator.journal.entries(("request",), after=begin)
        if entry.data["operation"] == operation
    ]


@pytest.mark.parametrize(
    ("status", "retry_after"),
    [(429, 1), (429, 0), (429, None), (500, None), (502, None), (503, None), (504, None)],
)
async def test_an_answer_that_acs_refuses_once(house: House, status: int, retry_after: int | None) -> None:
    """It is asked again while the telephone rings, and no word is missed."""
    begin = house.mark()
    fault(house, "http", operation="answerCall", status=status, retryAfter=retry_after)
    transcript = await ends(house, await rung(house), *TEXTS)
    assert transcript["complete"] is True
    assert _asked(house, begin, "answerCall") == [status, 200]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_start_that_acs_refuses_once(house: House, status: int) -> None:
    """Either the SDK has asked again, or the refusal is a typed problem and the next start works."""
    call = await placed(house, transcription="manual")
    fault(house, "http", operation="startTranscription", status=status)
    answer = await house.api.post(f"/v1/calls/{call['id']}/transcription/start", json={}, headers=WAIT)
    if status in (500, 503):
        assert answer.status_code == 200, answer.text
    else:
        assert answer.json()["code"] == ("acs-throttled" if status == 429 else "acs-unavailable")
        assert (await transcription(house, call))["failure"]["code"] == answer.json()["code"]
        await control(house, call["id"], "start")
    await house.transcribes(call["id"])
    await say(house, call, "Now.")
    await house.says(call["id"], "Now.")
    await hang_up(house, call["id"])
    await ends(house, call, "Now.")


async def test_a_call_that_acs_does_not_let_us_answer(house: House) -> None:
    """It has failed, with the reason on its record."""
    fault(house, "http", operation="answerCall", status=403, times=None)
    call = await rung(house)
    failed = await house.reaches(call["id"], "failed")
    assert failed["failure"]["code"] == "acs-forbidden"


@pytest.mark.parametrize("operation", ["answerCall", "startTranscription", "terminateCall"])
async def test_done_although_acs_answers_500(house: House, operation: str) -> None:
    """Asked again, ACS says the same as before or finds it done: one call, every word once."""
    begin = house.mark()
    fault(house, "http", operation=operation, status=500, applied=True)
    if operation == "answerCall":
        await ends(house, await rung(house), *TEXTS)
    else:
        call = await placed(house, transcription="manual")
        await control(house, call["id"], "start")
        await house.transcribes(call["id"])
        await say(house, call, "Once.")
        await house.says(call["id"], "Once.")
        await hang_up(house, call["id"])
        await ends(house, call, "Once.")
    assert _asked(house, begin, operation)[0] == 500
    assert len(_asked(house, begin, operation)) > 1


async def test_a_call_placed_although_acs_answers_500(house: House) -> None:
    """Repeatability: the second request finds the first one's call."""
    begin = house.mark()
    fault(house, "http", operation="createCall", status=500, applied=True)
    call = await placed(house)
    assert _asked(house, begin, "createCall") == [500, 201]
    rang = house.emulator.journal.entries(
        ("call",), after=begin, where=lambda one: one.data["what"] == "ringing"
    )
    assert len(rang) == 1
    await hang_up(house, call["id"])


async def test_nothing_is_accepted_for_a_while(house: House) -> None:
    """Every request is refused some times; all that was asked for is done in the end."""
    begin = house.mark()
    fault(house, "http", status=503, times=4)
    await ends(house, await rung(house), *TEXTS)
    assert struck(house, begin, "http") == 4


async def _play(house: House) -> None:
    await ends(house, await rung(house, to="+15559870004"), *TEXTS)


async def _add_participant(house: House) -> None:
    call = await placed(house)
    await house.transcribes(call["id"])
    added = await house.api.post(f"/v1/calls/{call['id']}/participants", json={"target": "8:acs:nobody"})
    assert added.status_code in (200, 202), added.text
    await say(house, call, "Alone.")
    await house.says(call["id"], "Alone.")
    await hang_up(house, call["id"])
    await ends(house, call, "Alone.")


async def _remove_participant(house: House) -> None:
    call = await placed(house)
    await house.transcribes(call["id"])
    removed = await house.api.delete(f"/v1/calls/{call['id']}/participants/4:+15551239400")
    assert removed.status_code in (200, 202), removed.text
    await say(house, call, "I stay.")
    await house.says(call["id"], "I stay.")
    await hang_up(house, call["id"])
    await ends(house, call, "I stay.")


USED: dict[str, Callable[[House], Awaitable[None]]] = {
    "play": _play,
    "addParticipant": _add_participant,
    "removeParticipant": _remove_participant,
}
"""Operations of callscribe's that can fail after they were accepted."""
UNUSED = {
    "recognize",
    "startContinuousDtmfRecognition",
    "sendDtmfTones",
    "hold",
    "startMediaStreaming",
    "transferToParticipant",
    "moveParticipants",
    "cancelAddParticipant",
}
"""callscribe never asks for these."""


@pytest.mark.parametrize("operation", USED)
async def test_an_operation_that_fails_after_it_was_accepted(house: House, operation: str) -> None:
    """The call goes on without it, and is transcribed."""
    begin = house.mark()
    fault(house, "operationFailed", operation=operation)
    await USED[operation](house)
    assert struck(house, begin, "operationFailed") == 1
