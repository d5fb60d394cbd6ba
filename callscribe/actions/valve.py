"""When to read on: a valve between those who bring more and the queue that it goes into."""

import asyncio
from collections.abc import Callable


class Valve:
    """Closes when more than `high` wait, and opens when no more than `low` do. Belongs to one event loop."""

    __slots__ = ("_high", "_low", "_open", "_released", "_stepping", "_waiting", "closed")

    def __init__(self, high: int, low: int) -> None:
        self.closed = False
        """A plain attribute, since it is looked at for each packet."""
        self._high = high
        self._low = low
        self._released = False
        self._open = asyncio.Event()
        self._open.set()
        self._waiting: dict[Callable[[], None], None] = {}
        self._stepping = False

    def level(self, queued: int) -> None:
        """So many wait now."""
        if self.closed:
            if queued <= self._low:
                self._let_through()
        elif queued > self._high and not self._released:
            self.closed = True
            self._open.clear()

    def release(self) -> None:
        """Open, and never close again."""
        self._released = True
        self._let_through()

    async def opened(self) -> None:
        """Returns once it is open."""
        await self._open.wait()

    def when_open(self, go_on: Callable[[], None]) -> None:
        """Call `go_on` once, when its turn has come; those who wait are called in order."""
        self._waiting[go_on] = None
        self._step_soon()

    def forget(self, go_on: Callable[[], None]) -> None:
        """Whoever waits no more."""
        self._waiting.pop(go_on, None)

    def _let_through(self) -> None:
        self.closed = False
        self._open.set()
        self._step_soon()

    def _step_soon(self) -> None:
        if self._waiting and not self.closed and not self._stepping:
            self._stepping = True
            asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        """One in each turn of the loop, as long as it stays open: together they might bring more than there is room for."""
        self._stepping = False
        if self._waiting and not self.closed:
            go_on = next(iter(self._waiting))
            del self._waiting[go_on]
            go_on()
        self._step_soon()
