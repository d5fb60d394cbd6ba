import asyncio

import pytest

from acs_emulator.clock import Clock, dotnet_ticks, timestamp


@pytest.mark.anyio
async def test_a_sleeper_keeps_the_emulated_moment_when_the_speed_changes() -> None:
    """An hour is slept in no time once the clock runs fast."""
    clock = Clock(1.0)
    sleeper = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.set_speed(1_000_000)
    await asyncio.wait_for(sleeper, 5)
    assert clock.now() >= 3600


@pytest.mark.anyio
async def test_a_moment_that_has_passed() -> None:
    """Returns at once."""
    clock = Clock()
    await asyncio.wait_for(clock.sleep_until(-1), 1)


def test_timestamps_as_captured() -> None:
    """Up to seven digits, zeros at the end dropped, +00:00."""
    assert timestamp(1_757_618_051_893_295_300) == "2025-09-11T19:14:11.8932953+00:00"
    assert timestamp(1_749_841_812_924_611_000) == "2025-06-13T19:10:12.924611+00:00"
    assert timestamp(1_749_841_812_000_000_000) == "2025-06-13T19:10:12+00:00"


def test_dotnet_ticks() -> None:
    """1970-01-01 and 2000-01-01."""
    assert dotnet_ticks(0) == 621_355_968_000_000_000
    assert dotnet_ticks(946_684_800_000_000_000) == 630_822_816_000_000_000
