import asyncio

import pytest

from callscribe.actions.valve import Valve

pytestmark = pytest.mark.anyio


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_marks() -> None:
    """It closes above the high one, and opens at the low one."""
    valve = Valve(high=3, low=1)
    seen = []
    for queued in (3, 4, 3, 2, 1, 3, 4):
        valve.level(queued)
        seen.append(valve.closed)
    assert seen == [False, True, True, True, False, False, True]


async def test_those_who_wait() -> None:
    """They go on in order, one in each turn, and those behind whoever fills the queue wait on."""
    valve, gone = Valve(high=0, low=0), list[str]()
    valve.level(1)
    valve.when_open(lambda: gone.append("first"))
    valve.when_open(lambda: (gone.append("second"), valve.level(1)))  # type: ignore[func-returns-value]
    valve.when_open(lambda: gone.append("third"))
    await turns(3)
    assert gone == []
    valve.level(0)
    await turns(1)
    assert gone == ["first"]
    await turns(5)
    assert gone == ["first", "second"]
    valve.level(0)
    await turns(2)
    assert gone == ["first", "second", "third"]


async def test_one_who_waits_no_more() -> None:
    """It is not called, nor kept."""
    valve, gone = Valve(high=0, low=0), list[str]()
    valve.level(1)
    leaving, staying = (lambda: gone.append("leaving")), (lambda: gone.append("staying"))
    valve.when_open(leaving)
    valve.when_open(staying)
    valve.forget(leaving)
    valve.forget(leaving)
    valve.level(0)
    await turns(3)
    assert gone == ["staying"]


async def test_all_who_waited_have_left() -> None:
    """Nothing is left to do when it opens."""
    valve, gone = Valve(high=0, low=0), list[str]()
    leaving = lambda: gone.append("leaving")  # noqa: E731
    valve.when_open(leaving)
    valve.forget(leaving)
    await turns(2)
    assert gone == []


async def test_release() -> None:
    """Whoever waits goes on, and it does not close again."""
    valve = Valve(high=0, low=0)
    valve.level(1)
    waiting = asyncio.create_task(valve.opened())
    await turns(2)
    assert not waiting.done()
    valve.release()
    await waiting
    valve.level(100)
    assert not valve.closed
