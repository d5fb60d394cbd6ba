import asyncio

import pytest

from acs_emulator.clock import Clock
from acs_emulator.journal import Journal
from acs_emulator.streaming.metronome import FRAME, Metronome
from acs_emulator.tasks import Tasks

pytestmark = pytest.mark.anyio


async def test_those_who_joined_are_woken_whenever_a_frame_is_over() -> None:
    """Together, at multiples of 20 ms; and it begins again after all had left."""
    clock = Clock()
    clock.hold()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        metronome = Metronome(clock, Tasks(group, Journal()))
        for _ in range(2):
            events = [asyncio.Event(), asyncio.Event()]
            for event in events:
                metronome.join(event)
            moments = []
            for _ in range(3):
                await clock.step(FRAME / 10_000_000)
                assert [event.is_set() for event in events] == [True, True]
                moments.append(clock.ticks() // FRAME)
                for event in events:
                    event.clear()
            assert moments == [moments[0] + one for one in range(3)]
            for event in events:
                metronome.leave(event)
            await clock.step(FRAME / 10_000_000)
            assert [event.is_set() for event in events] == [False, False]
