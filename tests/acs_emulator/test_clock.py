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


@pytest.mark.anyio
async def test_a_clock_that_is_held() -> None:
    """Stands still, and nobody wakes until it is released."""
    clock = Clock(1_000_000)
    clock.hold()
    stood = clock.now()
    sleeper = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0.01)
    assert clock.now() == stood
    assert not sleeper.done()
    clock.set_speed(2_000_000)
    assert clock.held
    clock.release()
    await asyncio.wait_for(sleeper, 5)


@pytest.mark.anyio
async def test_a_step_moves_on_exactly_that_far() -> None:
    """What becomes due runs at its own moment, in order, what it sets in motion included; the rest waits."""
    clock = Clock(1)
    clock.hold()
    start, woke = clock.now(), []

    async def nap(name: str, *naps: float) -> None:
        for each in naps:
            await clock.sleep(each)
            woke.append((name, round(clock.now() - start, 6)))

    sleepers = [
        asyncio.create_task(nap("late", 3, 1.5)),
        asyncio.create_task(nap("chain", 1, 1, 0.5, 0)),
        asyncio.create_task(nap("never", 10.001)),
    ]
    await clock.step(4)
    assert woke == [("chain", 1), ("chain", 2), ("chain", 2.5), ("chain", 2.5), ("late", 3)]
    assert clock.now() == start + 4
    await clock.step(6)
    assert woke[-1] == ("late", 4.5)
    assert clock.now() == start + 10
    sleepers[-1].cancel()


@pytest.mark.anyio
async def test_a_step_waits_for_work_under_way() -> None:
    """Whoever works holds up the next moment."""
    clock = Clock(1)
    clock.hold()
    answer, seen = asyncio.Event(), []

    async def ask() -> None:
        await clock.sleep(1)
        with clock.working():
            asyncio.get_running_loop().call_later(0.02, answer.set)
            await answer.wait()
        seen.append("answered")

    async def later() -> None:
        await clock.sleep(1.001)
        seen.append("later")

    both = [asyncio.create_task(later()), asyncio.create_task(ask())]
    await clock.step(2)
    assert seen == ["answered", "later"]
    await asyncio.gather(*both)


@pytest.mark.anyio
async def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    """However late the clock's timer is."""
    clock, woke = Clock(1_000_000), []
    clock.hold()

    async def nap(moment: float) -> None:
        await clock.sleep_until(moment)
        woke.append(moment)

    moments = [clock.now() + 1 + number / 1000 for number in (5, 3, 9, 1, 7)]
    naps = [asyncio.create_task(nap(moment)) for moment in moments]
    await asyncio.sleep(0.01)
    clock.release()
    await asyncio.wait_for(asyncio.gather(*naps), 5)
    assert woke == sorted(moments)


@pytest.mark.anyio
async def test_cancelled_sleepers_are_forgotten() -> None:
    """However far away their moments are."""
    clock = Clock()
    naps = [asyncio.create_task(clock.sleep(3600)) for _ in range(1000)]
    await asyncio.sleep(0.01)
    for nap in naps[1:]:
        nap.cancel()
    await asyncio.gather(*naps[1:], return_exceptions=True)
    assert len(clock._sleepers) < 200
    clock.set_speed(1_000_000)
    await asyncio.wait_for(naps[0], 5)


def test_timestamps_as_captured() -> None:
    """Up to seven digits, zeros at the end dropped, +00:00."""
    assert timestamp(1_757_618_051_893_295_300) == "2025-09-11T19:14:11.8932953+00:00"
    assert timestamp(1_749_841_812_924_611_000) == "2025-06-13T19:10:12.924611+00:00"
    assert timestamp(1_749_841_812_000_000_000) == "2025-06-13T19:10:12+00:00"


def test_dotnet_ticks() -> None:
    """1970-01-01 and 2000-01-01."""
    assert dotnet_ticks(0) == 621_355_968_000_000_000
    assert dotnet_ticks(946_684_800_000_000_000) == 630_822_816_000_000_000
