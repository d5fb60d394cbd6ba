"""How a process ends."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from callscribe.runtime.lifecycle import Drain, Step, run_until_stopped, shut_down, stop_on_signals, supervise

pytestmark = pytest.mark.anyio

_STUBBORN = """
import asyncio
from callscribe.runtime.lifecycle import stop_on_signals

async def main():
    async with stop_on_signals() as stop:
        print("ready", flush=True)
        await stop.wait()
        print("stopping", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def step(done: list[str], sentence: str, act: Callable[[], Awaitable[None]] | None = None) -> Step:
    async def note() -> None:
        if act is not None:
            await act()
        done.append(sentence)

    return Step(sentence, note)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_signal_asks_to_stop() -> None:
    """The event is set, and the process goes on until it has stopped."""
    async with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 5)


async def test_handlers_are_as_before_afterwards() -> None:
    """Whoever runs inside another program leaves no trace."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    async with stop_on_signals():
        pass

    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_the_second_signal_ends_a_process_that_hangs() -> None:
    """Nobody needs kill -9."""
    with subprocess.Popen([sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        while process.stdout.readline() != "stopping\n":
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM


async def test_steps_are_carried_out_in_order() -> None:
    """A shutdown reads as it is written."""
    done: list[str] = []
    await shut_down([step(done, "one"), step(done, "two"), step(done, "three")], Drain.of(5))

    assert done == ["one", "two", "three"]


async def test_a_step_that_fails_or_hangs_does_not_stop_the_others() -> None:
    """The last step, which closes the database, is always reached."""
    done: list[str] = []

    async def fail() -> None:
        raise OSError("broken")

    await shut_down(
        [step(done, "fails", fail), step(done, "hangs", forever), step(done, "last")], Drain.of(0.01)
    )

    assert done == ["last"]


async def test_a_step_that_leaves_time_to_those_that_follow() -> None:
    """It is cut off before the deadline, however long it would go on."""
    drain, left = Drain.of(60), []

    async def note() -> None:
        left.append(drain.left())

    await shut_down([Step("It hangs.", forever, leaves=60), Step("It has time.", note)], drain)

    assert left[0] > 10


async def test_a_loop_that_fails_is_started_anew_with_growing_waits() -> None:
    """Waits double up to the longest; a loop that returns is finished."""
    waits: list[float] = []
    told: list[str] = []
    attempts = iter(range(6))

    async def flaky() -> None:
        if next(attempts) < 5:
            raise RuntimeError("no")

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    await supervise("worker", flaky, first=1, longest=4, failed=told.append, sleep=sleep)

    assert told == ["worker"] * 5
    assert all(limit / 2 <= wait <= limit for wait, limit in zip(waits, (1, 2, 4, 4, 4), strict=True))


async def test_cancelling_a_supervised_loop_ends_it() -> None:
    """A shutdown is not a failure to recover from."""
    task = asyncio.create_task(supervise("worker", forever))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_loops_run_until_the_steps_are_done() -> None:
    """Draining may need the loops, so they end last."""
    done: list[str] = []
    stop, worked = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            stop.set()
            worked.set()
            await forever()
        finally:
            done.append("loop ended")

    await run_until_stopped(stop, {"worker": work}, [step(done, "drained")], drain_seconds=5)

    assert worked.is_set()
    assert done == ["drained", "loop ended"]
