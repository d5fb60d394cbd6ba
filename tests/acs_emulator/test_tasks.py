import asyncio
import gc
import warnings

import pytest

from acs_emulator.journal import Journal
from acs_emulator.tasks import Tasks

pytestmark = pytest.mark.anyio


async def test_a_task_that_fails_takes_nobody_down(caplog: pytest.LogCaptureFixture) -> None:
    """The error is logged and in the journal; the others go on."""
    journal = Journal()

    async def fail() -> None:
        raise ZeroDivisionError("by zero")

    async with asyncio.TaskGroup() as group:
        tasks = Tasks(group, journal)
        tasks.start(fail(), scope="one")
        other = tasks.start(asyncio.sleep(0.01), scope="one")
    assert not other.cancelled()
    assert journal.entries(["error"])[0].data["message"] == "ZeroDivisionError: by zero"
    assert "a task of the emulator failed" in caplog.text


async def test_a_scope_is_canceled_by_one_of_its_own() -> None:
    """All but the one that asks."""
    done = []

    async with asyncio.TaskGroup() as group:
        tasks = Tasks(group, Journal())

        async def end() -> None:
            tasks.cancel("call")
            await asyncio.sleep(0)
            done.append("end")

        sleeping = tasks.start(asyncio.sleep(3600), scope="call")
        tasks.start(end(), scope="call")
    assert sleeping.cancelled()
    assert done == ["end"]


async def test_a_task_that_moves_outlives_its_first_scope() -> None:
    """Alone, or with all of its scope but the one that asks."""
    async with asyncio.TaskGroup() as group:
        tasks = Tasks(group, Journal())

        async def move() -> None:
            tasks.move_all("lobby", "hall")
            tasks.cancel("lobby")
            await asyncio.sleep(0)

        alone = tasks.start(asyncio.sleep(3600), scope="street")
        tasks.move(alone, "street", "hall")
        tasks.cancel("street")
        waiting = tasks.start(asyncio.sleep(3600), scope="lobby")
        await tasks.start(move(), scope="lobby")
        still = (alone.cancelled(), waiting.cancelled())
        tasks.cancel("hall")
    assert still == (False, False)
    assert alone.cancelled()
    assert waiting.cancelled()


async def test_a_task_that_is_canceled_before_its_first_step() -> None:
    """Its work, which never began, is put away without a warning."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group, Journal())
            task = tasks.start(asyncio.sleep(3600), scope="call")
            tasks.cancel("call")
        gc.collect()
    assert task.cancelled()
    assert [str(one.message) for one in warned] == []
