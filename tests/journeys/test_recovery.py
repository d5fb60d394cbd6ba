"""Transcription comes back by itself, from what ACS or the way to it may do to a call."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.journeys.conftest import House, open_house
from tests.journeys.survival import SPEED, ends, fault, placed, transcription, well
from tests.journeys.test_control import control, hang_up, say

pytestmark = pytest.mark.anyio

SETTINGS = {
    "CALLSCRIBE_OPERATION_TIMEOUT_SECONDS": "5",
    "CALLSCRIBE_RETRY_FIRST_SECONDS": "0.4",
    "CALLSCRIBE_RETRY_LONGEST_SECONDS": "1",
    "CALLSCRIBE_RETRY_ATTEMPTS": "3",
    "CALLSCRIBE_RECONNECT_SECONDS": "1",
}


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house in which waiting takes moments."""
    async with open_house("onebox", tmp_path_factory.mktemp("recovery"), "", **SETTINGS) as opened:
        opened.emulator.clock.set_speed(SPEED)
        yield opened


@pytest.fixture(autouse=True)
async def afterwards(house: House) -> AsyncIterator[None]:
    yield
    await well(house)


async def _comes_back(house: House, call: dict[str, Any], *before: str, attempts: int = 1) -> dict[str, Any]:
    """Transcription is active again with nobody's help, words are heard, and what was missed is told."""

    async def settled() -> dict[str, Any] | None:
        kept = await transcription(house, call)
        planned = (kept["recovery"] or {}).get("nextAttemptAt") or kept["operation"]
        return kept if kept["state"] == "active" and not planned else None

    kept = await house.until(settled, "transcription is active and nothing is planned")
    assert (kept["recovery"]["attempts"], kept["recovery"]["gaveUp"]) == (attempts, None)
    await say(house, call, "Here again.")
    await house.says(call["id"], *before, "Here again.")
    await hang_up(house, call["id"])
    transcript = await ends(house, call, *before, "Here again.")
    (gap,) = transcript["gaps"]
    assert (gap["endedBy"], transcript["complete"]) == ("packets", False)
    return transcript


async def _waits(house: House, call: dict[str, Any]) -> dict[str, Any]:
    """The state of transcription while a start is planned."""

    async def look() -> dict[str, Any] | None:
        kept = await transcription(house, call)
        return kept if (kept["recovery"] or {}).get("nextAttemptAt") else None

    return dict(await house.until(look, "a start is planned"))


@pytest.mark.parametrize(
    ("code", "sub_code"), [(500, 8578), (500, 8579), (500, 8580), (429, 8565), (500, 9999), (400, 8581)]
)
async def test_a_start_that_fails_for_a_passing_reason(house: House, code: int, sub_code: int) -> None:
    """It is repeated until it works, and the call tells what it waits for meanwhile."""
    fault(house, "transcriptionFailed", on="setup", code=code, subCode=sub_code)
    fault(house, "transcriptionFailed", on="start", code=code, subCode=sub_code)
    call = await placed(house)
    waiting = await _waits(house, call)
    expected = "quota" if code == 429 else "back-off"
    assert waiting["recovery"]["waitsFor"] in (expected, "connection")
    transcript = await _comes_back(house, call, attempts=2)
    assert transcript["completeness"]["state"] == "incomplete"
    assert transcript["completeness"]["causes"] == ["transcription-failed"]


async def test_a_transcription_that_fails_in_the_middle(house: House) -> None:
    """The failure is a gap from its moment on, and the next start ends it."""
    call = await placed(house)
    await house.transcribes(call["id"])
    await say(house, call, "Before.")
    await house.says(call["id"], "Before.")
    fault(house, "transcriptionFailed", on="streaming", code=500, subCode=8580)
    await say(house, call, "Lost.")
    await _waits(house, call)
    await _comes_back(house, call, "Before.")


async def test_a_socket_that_drops_for_good(house: House) -> None:
    """ACS gives it up: transcription is started again."""
    call = await placed(house)
    await house.transcribes(call["id"])
    await say(house, call, "Before.")
    await house.says(call["id"], "Before.")
    fault(house, "dropSocket", reconnect=False)
    await say(house, call, "Lost.")
    await _waits(house, call)
    await _comes_back(house, call, "Before.")


async def test_a_socket_that_cannot_be_opened(house: House) -> None:
    """As when our transcript server restarts: the starts go on until it can."""
    fault(house, "refuseSocket", times=2)
    await _comes_back(house, await placed(house), attempts=2)


async def test_a_throttled_start(house: House) -> None:
    """429 with Retry-After: as long as ACS says, and no sooner."""
    fault(house, "transcriptionFailed", on="setup", code=500, subCode=9999)
    fault(house, "http", operation="startTranscription", status=429, retryAfter=2)
    call = await placed(house)

    async def told() -> bool:
        kept = await transcription(house, call)
        return bool((kept["recovery"] or {}).get("waitsFor") == "retry-after")

    await house.until(told, "it waits as long as ACS said")
    await _comes_back(house, call, attempts=2)


async def test_a_budget_that_is_spent(house: House) -> None:
    """Three starts by itself; then the state says so, and what somebody must do; a start by hand works."""
    fault(house, "transcriptionFailed", on="setup", code=500, subCode=9999)
    fault(house, "transcriptionFailed", on="start", code=500, subCode=9999, times=3)
    call = await placed(house)

    async def spent() -> dict[str, Any] | None:
        kept = await transcription(house, call)
        return kept if (kept["recovery"] or {}).get("gaveUp") else None

    kept = await house.until(spent, "the budget is spent")
    assert (kept["state"], kept["recovery"]["gaveUp"]) == ("failed", "attempts-spent")
    assert (kept["recovery"]["attempts"], bool(kept["failure"]["remedy"])) == (3, True)
    completeness = (await house.call(call["id"]))["completeness"]
    assert (completeness["state"], bool(completeness["missingSince"])) == ("incomplete", True)
    await control(house, call["id"], "start")
    await house.transcribes(call["id"])
    await hang_up(house, call["id"])


async def test_a_failure_that_somebody_must_remove(house: House) -> None:
    """Nothing is repeated; the state says what is to be done."""
    fault(house, "transcriptionFailed", on="setup", code=401, subCode=8565)
    call = await placed(house)
    kept = await house.transcribes(call["id"], "failed")
    assert (kept["recovery"]["gaveUp"], kept["recovery"]["attempts"]) == ("not-retryable", 0)
    assert kept["failure"]["fixer"] == "azure-admin"
    await hang_up(house, call["id"])


async def test_a_stop_cancels_what_waits(house: House) -> None:
    """ACS is asked for nothing more."""
    fault(house, "transcriptionFailed", on="setup", code=500, subCode=9999)
    fault(house, "http", operation="startTranscription", status=429, retryAfter=3, times=None)
    call = await placed(house)

    async def waits_long() -> bool:
        kept = await transcription(house, call)
        return bool((kept["recovery"] or {}).get("waitsFor") == "retry-after")

    await house.until(waits_long, "it waits as long as ACS said")
    begin = house.mark()
    await control(house, call["id"], "stop")
    kept = await transcription(house, call)
    assert (kept["state"], kept["recovery"]) == ("inactive", None)
    await asyncio.sleep(3.2)
    asked = house.emulator.journal.entries(("request",), after=begin)
    assert "startTranscription" not in [entry.data["operation"] for entry in asked]
    await hang_up(house, call["id"])
