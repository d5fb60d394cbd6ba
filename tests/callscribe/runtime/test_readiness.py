"""Whether what a process needs answers."""

import asyncio

import pytest

from callscribe.domain.errors import StoreUnavailable
from callscribe.runtime.readiness import answering

pytestmark = pytest.mark.anyio


async def at_once() -> None:
    """Answers."""


async def never() -> None:
    await asyncio.Future()


async def fails() -> None:
    raise StoreUnavailable("a secret address")


async def breaks() -> None:
    raise ConnectionResetError


async def test_each_is_told_by_its_name() -> None:
    """Whether it answered, refused, broke off or said nothing in time."""
    pings = {"store": at_once, "bus": fails, "wire": breaks, "sleeper": never}
    assert await answering(pings, within=0.05) == {
        "store": True,
        "bus": False,
        "wire": False,
        "sleeper": False,
    }


async def test_all_are_asked_at_once() -> None:
    """Each of these two answers only when the other is asked."""
    here, there = asyncio.Event(), asyncio.Event()

    async def one() -> None:
        here.set()
        await there.wait()

    async def other() -> None:
        there.set()
        await here.wait()

    assert await answering({"one": one, "other": other}) == {"one": True, "other": True}


async def test_a_defect_is_no_answer() -> None:
    """It is not taken for something that is away."""

    async def defect() -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await answering({"store": defect})
