import asyncio

import pytest

from acs_emulator.journal import Entry, Journal

pytestmark = pytest.mark.anyio


async def test_waiting_for_an_entry() -> None:
    """Everything that matches, as soon as something does."""
    journal = Journal()
    waiting = asyncio.create_task(journal.wait("packet", after=1))
    journal.add("packet", n=1)
    journal.add("call", n=2)
    journal.add("packet", n=3)
    assert [entry.data["n"] for entry in await waiting] == [3]


async def test_nothing_comes() -> None:
    """Empty after the time, and at once when the journal is closed."""
    journal = Journal()
    assert await journal.wait("packet", within=0.01) == []
    waiting = asyncio.create_task(journal.wait("packet", within=60))
    await asyncio.sleep(0)
    journal.close()
    assert await waiting == []


async def test_old_entries_give_way() -> None:
    """Numbers go on, a clearing included."""
    journal = Journal(limit=2)
    for _ in range(3):
        journal.add("call")
    assert [entry.number for entry in journal.entries()] == [2, 3]
    journal.clear()
    assert journal.add("call").to_json()["number"] == 4


async def test_who_waits_looks_at_an_entry_once() -> None:
    """However much is in the journal, and however often something is added."""
    journal = Journal()
    seen: list[int] = []

    def where(entry: Entry) -> bool:
        seen.append(entry.number)
        return entry.kind == "call"

    journal.add("speech")
    waiting = asyncio.create_task(journal.wait(where=where))
    for kind in ("speech", "speech", "call"):
        await asyncio.sleep(0)
        journal.add(kind)
    assert [entry.number for entry in await waiting] == [4]
    assert sorted(seen) == [1, 2, 3, 4]
