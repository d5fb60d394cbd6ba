"""Calls are looked after: asked about when they have fallen silent, and when the service begins."""

import dataclasses

import pytest

from callscribe.actions.calls import CallOrder, place
from callscribe.actions.jobs import perform
from callscribe.actions.reap import reconcile, reconciled
from callscribe.actions.steps import next_look_up
from callscribe.domain.call import CallState, Rules, StartMode, WaitsFor
from callscribe.domain.errors import StoreUnavailable
from tests.callscribe.actions.bench import Bench

pytestmark = pytest.mark.anyio


async def _connected(bench: Bench) -> str:
    call = await place(bench.ports, CallOrder(targets=("8:acs:alone",), mode=StartMode.MANUAL))
    return (await bench.reaches(call, CallState.CONNECTED, "CallConnected")).id


async def test_a_call_that_ended_while_nobody_was_here_is_found(bench: Bench) -> None:
    """The service begins again and asks ACS at once, not when a minute of silence has passed."""
    call = await bench.call(await _connected(bench))
    bench.emulator.faults.add({"kind": "lose", "what": "callbacks", "types": ["CallDisconnected"]})
    gone = {"speaker": "8:acs:alone", "everyone": True}
    await bench.control.post(f"/_emulator/calls/{call.call_connection_id}/hang-up", json=gone)
    assert await reconcile(bench.ports) == 1
    assert await reconcile(bench.ports) == 1
    await bench.work()
    assert (await bench.call(call.id)).state is CallState.DISCONNECTED
    assert bench.asked().count("getCall") == 1
    assert await reconcile(bench.ports) == 0


async def test_a_call_that_goes_on_is_looked_after_once(bench: Bench) -> None:
    """However often the service begins, there is one reminder of a call."""
    call_id = await _connected(bench)
    for _ in range(3):
        await reconcile(bench.ports)
        await bench.work()
    assert (await bench.call(call_id)).state is CallState.CONNECTED
    bench.clock.shift += bench.ports.config.rules.silence_ms + 2000
    (reminder,) = await bench.ports.store.claim_jobs("bench", 3000, 10)
    assert reminder.id == next_look_up(bench.ports, await bench.call(call_id)).id


async def test_a_call_with_signs_of_life_is_not_asked_about(bench: Bench) -> None:
    """The reminder comes, finds that something was heard since, and is set anew."""
    call_id = await _connected(bench)
    call = await bench.call(call_id)
    job = next_look_up(bench.ports, call)
    await perform(bench.ports, job, again=True)
    assert bench.asked().count("getCall") == 0
    due = await bench.ports.store.next_due()
    assert due is not None
    assert due == (call.heard_at or 0) + bench.ports.config.rules.silence_ms


async def test_a_store_that_is_away_at_the_beginning_only_costs_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later look-ups find out."""

    async def away(*_: object) -> None:
        raise StoreUnavailable("taken away by a test")

    monkeypatch.setattr(bench.ports.store, "calls", away)
    await reconciled(bench.ports)


async def test_a_call_that_lasts_too_long_is_hung_up(bench: Bench) -> None:
    """The reminder comes when its time is over, although words come all the while; then ACS is asked as ever."""
    call = await bench.call(await _connected(bench))
    rules = Rules(longest_call_ms=90_000)
    ports = dataclasses.replace(bench.ports, config=dataclasses.replace(bench.ports.config, rules=rules))
    bench.clock.shift += 60_000
    job = next_look_up(ports, call, heard_until=bench.clock.now())
    assert job.due_at == (call.connected_at or 0) + 90_000
    bench.clock.shift += 40_000
    ended = await perform(ports, job, again=True)
    assert ended is not None
    assert ended.state is CallState.DISCONNECTING
    assert next_look_up(ports, ended).due_at > bench.clock.now()


async def test_calls_that_come_in_while_the_quota_is_spent_take_slots(bench: Bench) -> None:
    """Each waits for its own, says so, and starts when it has come; what starts raises the pace."""
    quota = bench.ports.quota
    for at in (0, 10_000, 20_000, 40_000, 80_000, 160_000):
        quota.refused(None, bench.clock.now() - 200_000 + at)
    quota.refused(None, bench.clock.now(), 30_000)
    planned = []
    for target in ("8:acs:one", "8:acs:two"):
        call = await place(bench.ports, CallOrder(targets=(target,)))
        recovery = (await bench.reaches(call, CallState.CONNECTED, "CallConnected")).transcription.recovery
        assert recovery is not None
        assert (recovery.waits_for, recovery.next_at is not None) == (WaitsFor.QUOTA, True)
        planned.append(recovery.next_at or 0)
    assert planned[0] < planned[1]
    assert "startTranscription" not in bench.asked()
    before = quota.room(None)
    bench.clock.shift += planned[0] - bench.clock.now() + 1
    await bench.work()
    await bench.work()
    assert bench.asked().count("startTranscription") == 1
    assert quota.room(None).next_slot > before.next_slot
