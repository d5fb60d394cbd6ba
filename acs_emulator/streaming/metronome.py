"""Wakes all media streams together: a machine that wakes once for many calls does far less than one that wakes for
each."""

from __future__ import annotations

import asyncio

from acs_emulator.clock import TICKS_PER_SECOND, Clock
from acs_emulator.tasks import Tasks

FRAME = 200_000
"""Ticks: the 20 ms of a frame. Every frame of every stream begins at a multiple of it."""


def grid(moment: int) -> int:
    """The last beginning of a frame."""
    return moment - moment % FRAME


class Metronome:
    """Sets the events of those who joined whenever a frame is over; while nobody has joined it stands still."""

    def __init__(self, clock: Clock, tasks: Tasks) -> None:
        self._clock = clock
        self._tasks = tasks
        self._joined: set[asyncio.Event] = set()
        self._runs = False

    def join(self, event: asyncio.Event) -> None:
        self._joined.add(event)
        if not self._runs:
            self._runs = True
            self._tasks.start(self._run(), scope="metronome")

    def leave(self, event: asyncio.Event) -> None:
        self._joined.discard(event)

    async def _run(self) -> None:
        try:
            while self._joined:
                await self._clock.sleep_until((grid(self._clock.ticks()) + FRAME) / TICKS_PER_SECOND)
                for event in self._joined:
                    event.set()
        finally:
            self._runs = False
