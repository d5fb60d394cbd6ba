"""What the journeys through faults have in common: a house in a hurry, and what surviving means."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.journeys.conftest import House, open_house
from tests.journeys.test_control import CALLER_ID, place

SPEED = 100.0
TEXTS = ("One.", "Two.", "Three.")
SETTINGS = {
    "CALLSCRIBE_LOOK_UP_SECONDS": "1",
    "CALLSCRIBE_OPERATION_TIMEOUT_SECONDS": "5",
}
"""Waiting for what never comes takes seconds, not minutes."""


@contextlib.asynccontextmanager
async def hasty_house(folder: Path) -> AsyncIterator[House]:
    """Onebox beside an emulator that runs at a hundred times the speed of life.

    When all journeys are over the house is as it was: the next call is transcribed to its last word.
    """
    async with open_house("onebox", folder, "", **SETTINGS) as house:
        house.emulator.clock.set_speed(SPEED)
        yield house
        await well(house)
        await ends(house, await rung(house, "All is well."), "All is well.")


def turns(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text, "seconds": 1} for text in texts]


async def rung(house: House, *texts: str, **facts: Any) -> dict[str, Any]:
    """Our call for somebody who dials in, says these texts and hangs up."""
    return await house.call_of(await house.dial_in(turns(*(texts or TEXTS)), **facts))


async def ends(house: House, call: dict[str, Any], *texts: str) -> dict[str, Any]:
    """The transcript of a call once it has ended: it has these texts, each as often as it was said, and no others."""
    ended = await house.reaches(call["id"], "disconnected")
    transcript = await house.says(ended["id"], *texts)
    assert [one["text"] for one in transcript["segments"]] == list(texts)
    return transcript


async def placed(house: House, **facts: Any) -> dict[str, Any]:
    """A call that we placed to somebody who takes it and says nothing by themselves."""
    call = await place(house, targets=["+15551239400"], sourceCallerId=CALLER_ID, **facts)
    return await house.reaches(call["id"], "connected")


async def timeline(house: House, call: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await house.api.get(f"/v1/calls/{call['id']}/events", params={"limit": 200})
    return list(answer.json()["items"])


async def transcription(house: House, call: dict[str, Any]) -> dict[str, Any]:
    return dict((await house.api.get(f"/v1/calls/{call['id']}/transcription")).json())


def fault(house: House, kind: str, **facts: Any) -> str:
    return house.emulator.faults.add({"kind": kind, **facts})


def struck(house: House, begin: int, kind: str) -> int:
    """How often faults of a kind have struck since a mark."""
    entries = house.emulator.journal.entries(("fault",), after=begin)
    return sum(entry.data["fault"]["kind"] == kind for entry in entries)  # type: ignore[index]


async def well(house: House) -> None:
    """The house is ready for the next journey, which begins with a call of its own."""
    house.emulator.faults.clear()
    house.emulator.clock.set_speed(SPEED)
    assert (await house.api.get("/readyz")).status_code == 200
