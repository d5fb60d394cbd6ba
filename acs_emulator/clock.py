"""The emulator's clock: emulated seconds, which may pass faster than real ones."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

TICKS_PER_SECOND = 10_000_000
_UNIX_EPOCH_TICKS = 621_355_968_000_000_000


class Clock:
    """Paces rings, speech and retries. Timestamps and token lifetimes stay on the real clock, because receivers
    compare them with theirs."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._emulated = 0.0
        self._real = time.monotonic()
        self._changed = asyncio.Event()

    @property
    def speed(self) -> float:
        """Emulated seconds per real second."""
        return self._speed

    def now(self) -> float:
        """Emulated seconds since the emulator started."""
        return self._emulated + (time.monotonic() - self._real) * self._speed

    def ticks(self) -> int:
        """`now` in ticks of 100 ns."""
        return to_ticks(self.now())

    def set_speed(self, speed: float) -> None:
        """Whoever sleeps wakes at the emulated moment asked for, at the new speed."""
        self._emulated, self._real = self.now(), time.monotonic()
        self._speed = speed
        self._changed.set()
        self._changed = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Return when that many emulated seconds have passed."""
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Return when `now` has reached the moment; at once where it has passed, after other tasks had their turn."""
        await asyncio.sleep(0)
        while (remaining := (moment - self.now()) / self._speed) > 0:
            try:
                async with asyncio.timeout(remaining):
                    await self._changed.wait()
            except TimeoutError:
                return


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
