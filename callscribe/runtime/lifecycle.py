"""How a process of ours ends: on a signal, in numbered sentences, within a deadline."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

_log = structlog.stdlib.get_logger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LAST_CHANCE = 0.5
"""Seconds that a step of a shutdown gets although the deadline has passed."""

Loop = Callable[[], Awaitable[None]]


@asynccontextmanager
async def stop_on_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM or SIGINT sets; the second signal ends the process at once.

    To be entered on the main thread.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def stopped(number: signal.Signals) -> None:
        _log.info("Stopping; a second signal ends the process at once.", signal=number.name)
        _let_go(loop)
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        stop.set()

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        loop.add_signal_handler(number, stopped, number)
    try:
        yield stop
    finally:
        _let_go(loop)
        for number, handler in before.items():
            signal.signal(number, handler)


def _let_go(loop: asyncio.AbstractEventLoop) -> None:
    for number in _SIGNALS:
        loop.remove_signal_handler(number)


@dataclass(frozen=True, slots=True)
class Drain:
    """The moment at which a shutdown's patience ends."""

    ends_at: float

    @classmethod
    def of(cls, seconds: float) -> "Drain":
        """The drain that begins now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def left(self, before: float = 0.0) -> float:
        """Seconds left until so many before the end, or the last chance that every step gets."""
        return max(_LAST_CHANCE, self.ends_at - before - asyncio.get_running_loop().time())


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a shutdown, such as "Open sockets are drained.", and what makes it true."""

    sentence: str
    act: Callable[[], Awaitable[None]]
    leaves: float = 0.0
    """Seconds before the deadline at which it is cut off, so that those that follow have time as well."""


async def shut_down(steps: Sequence[Step], drain: Drain) -> None:
    """Carry the steps out in order; one that fails or takes too long is logged, and the next one begins."""
    for number, step in enumerate(steps, 1):
        _log.info("Shutting down.", step=f"{number}/{len(steps)}", sentence=step.sentence)
        try:
            async with asyncio.timeout(drain.left(step.leaves)):
                await step.act()
        except TimeoutError:
            _log.warning("A step of the shutdown was cut off: its time was over.", sentence=step.sentence)
        except Exception:  # noqa: BLE001 - the steps that follow must still be carried out
            _log.exception("A step of the shutdown failed.", sentence=step.sentence)


async def supervise(
    name: str,
    run: Loop,
    *,
    first: float = 0.1,
    longest: float = 30.0,
    failed: Callable[[str], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Run a background loop until it returns; one that raises is logged and started anew.

    The wait before a restart doubles from `first` to `longest` seconds, with jitter, and is short again once the
    loop has run for longer than `longest`. `failed` is told the loop's name at every failure.
    """
    clock = asyncio.get_running_loop().time
    wait = first
    while True:
        began = clock()
        try:
            await run()
        except Exception:  # noqa: BLE001 - this is the supervisor: whatever it was, the loop is restarted
            if clock() - began > longest:
                wait = first
            _log.exception("A background loop failed and is restarted.", loop=name, wait_seconds=wait)
        else:
            return
        if failed is not None:
            failed(name)
        await sleep(wait * random.uniform(0.5, 1.0))
        wait = min(wait * 2, longest)


async def run_until_stopped(
    stop: asyncio.Event,
    loops: Mapping[str, Loop],
    steps: Sequence[Step],
    *,
    drain_seconds: float,
    failed: Callable[[str], None] | None = None,
) -> None:
    """Keep the loops running until `stop` is set, then carry out the steps, then end the loops.

    The loops go on while the steps are carried out, since draining may need them.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(supervise(name, run, failed=failed), name=name) for name, run in loops.items()
        ]
        await stop.wait()
        await shut_down(steps, Drain.of(drain_seconds))
        for task in tasks:
            task.cancel()
    _log.info("Stopped.")
