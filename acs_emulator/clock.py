"""The emulator's clock: emulated seconds, which may pass faster than real ones, stand still, or be stepped."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

TICKS_PER_SECOND = 10_000_000
_UNIX_EPOCH_TICKS = 621_355_968_000_000_000
_LONGEST_TIMER = 3600.0
_TURNS = 25
"""Turns of the event loop after which those that a sleeper set in motion are taken to be at rest."""
STEP_PATIENCE = 5.0
"""Real seconds for which a step waits for answers that are on their way."""


@dataclass(order=True, slots=True)
class _Sleeper:
    moment: float
    number: int
    woken: asyncio.Future[None] = field(compare=False)


class Clock:
    """Paces rings, speech and retries. Timestamps and token lifetimes stay on the real clock, because receivers
    compare them with theirs.

    Sleepers wake in the order of their moments, each after the one before had its turn. A held clock stands still;
    `step` moves it on exactly that far.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._held = False
        self._emulated = 0.0
        self._real = time.monotonic()
        self._sleepers: list[_Sleeper] = []
        self._numbers = itertools.count()
        self._dead = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stepping = asyncio.Lock()
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def speed(self) -> float:
        """Emulated seconds per real second, while the clock is not held."""
        return self._speed

    @property
    def held(self) -> bool:
        return self._held

    def now(self) -> float:
        """Emulated seconds since the emulator started."""
        if self._held:
            return self._emulated
        return self._emulated + (time.monotonic() - self._real) * self._speed

    def ticks(self) -> int:
        """`now` in ticks of 100 ns."""
        return to_ticks(self.now())

    def set_speed(self, speed: float) -> None:
        """Whoever sleeps wakes at the emulated moment asked for, at the new speed; a held clock stays held."""
        self._emulated, self._real = self.now(), time.monotonic()
        self._speed = speed
        self._set_timer()

    def hold(self) -> None:
        """Nobody wakes any more until the clock is stepped or released."""
        self._emulated = self.now()
        self._held = True
        self._set_timer()

    def release(self) -> None:
        """Time goes on from where it stands."""
        self._emulated, self._real = self.now(), time.monotonic()
        self._held = False
        self._set_timer()

    async def step(self, seconds: float) -> None:
        """Move on exactly that far and hold; returns when everything that became due has run.

        Sleepers wake in order, at their moments; before the next one, what the last one set in motion comes to rest.
        An answer that a receiver owes is waited for, for a few real seconds at most.
        """
        async with self._stepping:
            self.hold()
            end = self._emulated + seconds
            await self._rest()
            while self._held and (due := self._first()) is not None and due.moment <= end:
                self._emulated = max(self._emulated, due.moment)
                self._wake_first()
                await self._rest()
            if self._held:
                self._emulated = max(self._emulated, end)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Around what takes real time but none of the emulated: a step waits for its end."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    async def sleep(self, seconds: float) -> None:
        """Return when that many emulated seconds have passed."""
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Return when `now` has reached the moment; at once where it has passed, after other tasks had their turn."""
        await asyncio.sleep(0)
        if self.now() >= moment:
            return
        sleeper = _Sleeper(moment, next(self._numbers), asyncio.get_running_loop().create_future())
        heapq.heappush(self._sleepers, sleeper)
        if self._sleepers[0] is sleeper:
            self._set_timer()
        try:
            await sleeper.woken
        except asyncio.CancelledError:
            self._bury()
            raise

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP_PATIENCE):
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                while self._working:
                    await self._idle.wait()
                    for _ in range(_TURNS):
                        await asyncio.sleep(0)

    def _first(self) -> _Sleeper | None:
        while self._sleepers and self._sleepers[0].woken.done():
            heapq.heappop(self._sleepers)
            self._dead = max(0, self._dead - 1)
        return self._sleepers[0] if self._sleepers else None

    def _wake_first(self) -> None:
        heapq.heappop(self._sleepers).woken.set_result(None)

    def _bury(self) -> None:
        """Those who were cancelled leave at their moment, or as soon as they are the most."""
        self._dead += 1
        if self._dead > 64 and self._dead * 2 > len(self._sleepers):
            self._sleepers = [one for one in self._sleepers if not one.woken.done()]
            heapq.heapify(self._sleepers)
            self._dead = 0

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        first = self._first()
        if first is None or self._held:
            return
        delay = min(max((first.moment - self.now()) / self._speed, 0.0), _LONGEST_TIMER)
        self._timer = first.woken.get_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        """Wake one; the next has its turn in a later round of the loop, after this one's."""
        self._timer = None
        first = self._first()
        if first is not None and not self._held and first.moment <= self.now():
            self._wake_first()
        self._set_timer()


def to_ticks(seconds: float) -> int:
    """Seconds as ticks of 100 ns."""
    return round(seconds * TICKS_PER_SECOND)


def dotnet_ticks(nanoseconds: int) -> int:
    """Unix time in nanoseconds as .NET's `DateTime.Ticks`."""
    return _UNIX_EPOCH_TICKS + nanoseconds // 100


def timestamp(nanoseconds: int) -> str:
    """Unix time in nanoseconds as ACS writes it: up to seven fractional digits, `+00:00`."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{rest // 100:07d}".rstrip("0")
    return f"{whole}.{fraction}+00:00" if fraction else f"{whole}+00:00"
