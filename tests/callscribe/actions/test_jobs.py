"""Commands are carried out once, tried again while that helps, and never lost."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from callscribe.actions.calls import CallOrder, place
from callscribe.actions.jobs import MOST_ATTEMPTS, Worker, perform
from callscribe.actions.steps import later
from callscribe.domain.call import CallState, Operation, OperationKind, StartMode, WaitsFor
from callscribe.domain.changes import JOBS_TOPIC, JobsDue
from callscribe.domain.commands import HangUp, Reject, StartTranscription, StopTranscription
from callscribe.domain.errors import StoreUnavailable
from callscribe.domain.observations import LookUpDue, PacketsBegan, SocketClosed, SocketOpened
from callscribe.ports import Job
from tests.callscribe.actions.bench import Bench

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def working(bench: Bench) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(bench.ports).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_worker_answers_a_call_as_it_comes_in(bench: Bench) -> None:
    """Rung for by the bus, without waiting for its next look."""
    async with working(bench), bench.ports.bus.subscribe("rings"):
        await bench.inbox.event_grid([await bench.ring()])
        found = await bench.emulator.journal.wait(
            "request", where=lambda one: one.data["operation"] == "answerCall", within=10
        )
        assert found


async def test_the_worker_comes_back_when_something_is_due(bench: Bench) -> None:
    """A job put back for a second is done after it, with nobody ringing."""
    bench.emulator.faults.add({"kind": "http", "operation": "answerCall", "status": 429, "retryAfter": 1})
    async with working(bench):
        await bench.inbox.event_grid([await bench.ring()])
        for _ in range(2):
            await bench.emulator.journal.wait("request", within=10)
        call = await bench.reaches(await bench.only_call(), CallState.CONNECTED, "CallConnected")
    assert bench.asked() == ["answerCall", "answerCall"]
    assert call.failure is None


async def test_a_passing_refusal_is_tried_again_until_patience_ends(bench: Bench) -> None:
    """Five tries, each later than the one before; then the call has failed."""
    bench.emulator.faults.add(
        {"kind": "http", "operation": "answerCall", "status": 429, "retryAfter": 0, "times": None}
    )
    await bench.inbox.event_grid([await bench.ring()])
    for _ in range(MOST_ATTEMPTS):
        bench.clock.shift += 1000
        await bench.work()
    assert bench.asked() == ["answerCall"] * MOST_ATTEMPTS
    assert (await bench.only_call()).state is CallState.FAILED


async def test_a_back_off_grows_where_acs_names_no_time(bench: Bench) -> None:
    """Half a second, then one, then two."""
    bench.emulator.faults.add({"kind": "http", "operation": "answerCall", "status": 502, "times": None})
    await bench.inbox.event_grid([await bench.ring()])
    await bench.work()
    due = await bench.ports.store.next_due()
    assert due is not None
    assert 0 < due - bench.clock.now() <= 500


async def test_a_command_whose_time_is_gone_is_dropped(bench: Bench) -> None:
    """An answer to a call that rings no more, a start nobody waits for: ACS is not asked."""
    await bench.inbox.event_grid([await bench.ring()])
    (answer, *_) = await bench.ports.store.claim_jobs("w", 1, 10)
    call = await bench.only_call()
    await perform(bench.ports, answer, again=True)
    stale = (Reject(incoming_call_context="x", reason="none"), StartTranscription(operation_id="op_old"))
    for work in stale:
        job = Job(bench.ports.ids.new("job"), call.id, work, 0, 0)
        async with bench.ports.store.transaction() as tx:
            await tx.enqueue(job)
        await perform(bench.ports, job, again=True)
    assert bench.asked() == ["answerCall"]


async def test_doing_a_job_twice_is_harmless(bench: Bench) -> None:
    """The second time it is off the list, and nothing changes."""
    call = await place(bench.ports, CallOrder(expect=True))
    job = later(bench.ports, call, SocketOpened(at=1, socket_id="s", call_connection_id="c"), 1)
    async with bench.ports.store.transaction() as tx:
        await tx.enqueue(job)
    first = await perform(bench.ports, job, again=True)
    assert first is not None
    assert first.call_connection_id == "c"
    assert await perform(bench.ports, job, again=True) == first


async def test_a_job_of_a_call_that_is_gone_is_dropped(bench: Bench) -> None:
    """There is nobody to hang up on, and nobody to tell."""
    for work in (HangUp(), SocketOpened(at=1, socket_id="s")):
        job = Job(bench.ports.ids.new("job"), "call_gone", work, 0, 0)
        assert await perform(bench.ports, job, again=True) is None


async def test_leases_of_long_jobs_are_held(bench: Bench) -> None:
    """A start that ACS takes its time for is not taken by another worker meanwhile."""
    call = await place(bench.ports, CallOrder(targets=("8:acs:alone",)))
    await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    (job,) = await bench.ports.store.claim_jobs("w1", 3000, 10)
    bench.clock.shift += 2000
    await bench.ports.store.renew_jobs("w1", [job.id], 3000)
    bench.clock.shift += 2000
    assert await bench.ports.store.claim_jobs("w2", 3000, 10) == ()
    await bench.ports.store.renew_jobs("w2", [job.id], 60_000)
    bench.clock.shift += 2000
    assert [one.id for one in await bench.ports.store.claim_jobs("w2", 3000, 10)] == [job.id]
    bench.ports.bus.publish(JOBS_TOPIC, JobsDue())


async def test_a_store_that_is_away_only_costs_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker waits, and does what is due when the store is back."""
    store = bench.ports.store
    tried = asyncio.Event()
    real_claim, real_due = store.claim_jobs, store.next_due

    async def away(*_: object) -> Any:
        tried.set()
        raise StoreUnavailable("taken away by a test")

    monkeypatch.setattr(store, "claim_jobs", away)
    monkeypatch.setattr(store, "next_due", away)
    async with asyncio.timeout(20), working(bench):
        await tried.wait()
        monkeypatch.setattr(store, "claim_jobs", real_claim)
        monkeypatch.setattr(store, "next_due", real_due)
        await bench.inbox.event_grid([await bench.ring()])
        call = await bench.reaches(await bench.only_call(), CallState.CONNECTED, "CallConnected")
    assert call.call_connection_id


async def test_more_jobs_than_hands_wait_their_turn(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen at a time; leases of those in hand are held meanwhile."""
    calls = [await place(bench.ports, CallOrder(expect=True)) for _ in range(20)]
    async with bench.ports.store.transaction() as tx:
        for call in calls:
            await tx.enqueue(Job(bench.ports.ids.new("job"), call.id, HangUp(), 0, 0))
    hands, held, done = 0, asyncio.Event(), 0
    go = asyncio.Event()
    renewed: list[str] = []

    class Slow:
        async def carry_out(self, *_: object) -> None:
            nonlocal hands, done
            hands += 1
            if hands == 16:
                held.set()
            await go.wait()
            done += 1

    async def renew(worker: str, job_ids: list[str], lease_ms: int) -> None:
        renewed.extend(job_ids)
        go.set()
        raise StoreUnavailable("taken away by a test")

    monkeypatch.setattr(bench.ports.store, "renew_jobs", renew)
    ports = dataclasses.replace(bench.ports, acs=Slow())  # type: ignore[arg-type]
    task = asyncio.create_task(Worker(ports).run())
    async with asyncio.timeout(20):
        await held.wait()
        assert hands == 16
        await go.wait()
        while done < 20:
            ports.bus.publish(JOBS_TOPIC, JobsDue())
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(set(renewed)) == 16


async def test_a_refusal_is_told_in_the_log_without_its_words(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The code and the job; what ACS wrote is on the call's record."""
    bench.emulator.faults.add({"kind": "http", "operation": "answerCall", "status": 403, "times": None})
    async with asyncio.timeout(20), working(bench), bench.ports.bus.subscribe("rings") as rings:
        await bench.inbox.event_grid([await bench.ring()])
        while (await bench.only_call()).state is not CallState.FAILED:
            await anext(rings)
    assert any(record.getMessage() == "A job did not succeed." for record in caplog.records)


class Defective:
    """Call control with a defect."""

    def __init__(self) -> None:
        self.asked = 0

    async def carry_out(self, *_: object) -> None:
        self.asked += 1
        raise ZeroDivisionError("a defect made by a test")


async def test_a_defect_met_in_one_job_stops_no_other(bench: Bench) -> None:
    """It is tried again a few times, and then said on the call's record; other calls' jobs go on."""
    broken = Defective()
    ports = dataclasses.replace(bench.ports, acs=broken)  # type: ignore[arg-type]
    await bench.inbox.event_grid([await bench.ring()])
    async with asyncio.timeout(30):
        async with asyncio.TaskGroup() as group, bench.ports.bus.subscribe("rings") as rings:
            task = group.create_task(Worker(ports).run())
            while (await bench.only_call()).state is CallState.RINGING:
                bench.clock.shift += 2000
                bench.ports.bus.publish(JOBS_TOPIC, JobsDue())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await anext(rings)
            task.cancel()
    call = await bench.only_call()
    assert broken.asked == MOST_ATTEMPTS
    assert (call.state, call.failure.code if call.failure else "") == (CallState.FAILED, "internal")


async def test_an_observation_that_meets_a_defect_is_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last try it is dropped, so that it is not tried for ever."""
    call = await place(bench.ports, CallOrder(expect=True))
    job = later(bench.ports, call, SocketOpened(at=1, socket_id="s"), 1)
    async with bench.ports.store.transaction() as tx:
        await tx.enqueue(job)

    def defect(*_: object) -> None:
        raise ZeroDivisionError("a defect made by a test")

    monkeypatch.setattr("callscribe.actions.jobs.advance", defect)
    async with asyncio.timeout(30), working(bench):
        while await bench.ports.store.next_due() is not None:
            bench.clock.shift += 10_000
            bench.ports.bus.publish(JOBS_TOPIC, JobsDue())
            await asyncio.sleep(0.02)


async def test_what_was_seen_of_a_call_is_told_in_its_order(bench: Bench) -> None:
    """Opened, packets, closed: taken together, each after the other, and on the timeline."""
    call = await place(bench.ports, CallOrder(expect=True, call_connection_id="c"))
    seen = [
        SocketOpened(at=1, socket_id="s"),
        PacketsBegan(at=2, socket_id="s", stream_id="x", locale="en-US"),
        SocketClosed(at=3, socket_id="s", code=1006, remaining=0),
    ]
    for one in seen:
        async with bench.ports.store.transaction() as tx:
            await tx.enqueue(later(bench.ports, call, one, one.at))
    async with asyncio.timeout(20), working(bench):
        while await bench.ports.store.next_due() is not None:
            bench.ports.bus.publish(JOBS_TOPIC, JobsDue())
            await asyncio.sleep(0.02)
    events, _ = await bench.ports.store.events(call.id, 10, None)
    assert [event.type for event in events] == [
        "callscribe.SocketOpened",
        "callscribe.PacketsBegan",
        "callscribe.SocketClosed",
    ]
    assert events[2].data is not None
    assert msgspec.json.decode(events[2].data) == {"socketId": "s", "code": 1006, "remaining": 0}


async def test_an_answer_that_takes_long_is_not_begun_twice_here(bench: Bench) -> None:
    """Its lease runs out so that other workers may take it; this one has it in hand."""
    begun = asyncio.Event()
    go = asyncio.Event()
    asked = 0
    real = bench.ports.acs

    class Slow:
        async def carry_out(self, command: Any, call: Any, job_id: str) -> Any:
            nonlocal asked
            asked += 1
            begun.set()
            await go.wait()
            return await real.carry_out(command, call, job_id)

    ports = dataclasses.replace(bench.ports, acs=Slow())  # type: ignore[arg-type]
    await bench.inbox.event_grid([await bench.ring()])
    task = asyncio.create_task(Worker(ports).run())
    async with asyncio.timeout(20):
        await begun.wait()
        bench.clock.shift += 4000
        real_claim = bench.ports.store.claim_jobs
        claimed = asyncio.Event()

        async def claim(*facts: Any) -> Any:
            found = await real_claim(*facts)
            if found:
                claimed.set()
            return found

        bench.ports.store.claim_jobs = claim  # type: ignore[method-assign]
        bench.ports.bus.publish(JOBS_TOPIC, JobsDue())
        await claimed.wait()
        go.set()
        await bench.reaches(await bench.only_call(), CallState.CONNECTED, "CallConnected")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert asked == 1


async def _look_up(bench: Bench) -> None:
    """A minute goes by; the worker asks ACS how the calls are."""
    bench.clock.shift += bench.ports.config.rules.silence_ms + 2000
    await bench.work()
    await bench.work()


async def test_a_call_whose_end_nobody_told_is_found_to_have_ended(bench: Bench) -> None:
    """CallDisconnected is lost; ACS is asked every minute, also after it has answered, and then no more."""
    call = await place(bench.ports, CallOrder(targets=("8:acs:alone",), mode=StartMode.MANUAL))
    call = await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    for _ in range(2):
        await _look_up(bench)
    bench.emulator.faults.add({"kind": "lose", "what": "callbacks", "types": ["CallDisconnected"]})
    gone = {"speaker": "8:acs:alone", "everyone": True}
    await bench.control.post(f"/_emulator/calls/{call.call_connection_id}/hang-up", json=gone)
    assert (await bench.only_call()).state is CallState.CONNECTED
    await _look_up(bench)
    assert (await bench.only_call()).state is CallState.DISCONNECTED
    await _look_up(bench)
    assert bench.asked().count("getCall") == 3
    timeline, _ = await bench.ports.store.events(call.id, 100, None)
    types = [one.type for one in timeline]
    assert "callscribe.LookUpDue" not in types
    assert types.count("callscribe.CommandFailed") == 1


async def test_a_connection_that_nobody_told_is_found(bench: Bench) -> None:
    """CallConnected is lost; a refused look-up is followed by another."""
    bench.emulator.faults.add({"kind": "lose", "what": "callbacks", "types": ["CallConnected"]})
    await place(bench.ports, CallOrder(targets=("8:acs:alone",)))
    await bench.emulator.journal.wait("callback", within=10)
    bench.emulator.faults.add({"kind": "http", "operation": "getCall", "status": 403})
    await _look_up(bench)
    assert (await bench.only_call()).state is CallState.CONNECTING
    await _look_up(bench)
    assert (await bench.only_call()).state is CallState.CONNECTED


async def test_a_call_without_an_id_is_asked_about_later(bench: Bench) -> None:
    """There is nothing to ask ACS yet; the reminder stays."""
    call = await place(bench.ports, CallOrder(expect=True))
    async with bench.ports.store.transaction() as tx:
        await tx.save_call(msgspec.structs.replace(call, state=CallState.CONNECTING))
        job = later(bench.ports, call, LookUpDue(at=1), 1)
        await tx.enqueue(job)
    await perform(bench.ports, job, again=True)
    assert bench.asked() == []
    due = await bench.ports.store.next_due()
    assert due is not None
    assert due > bench.clock.now() + bench.ports.config.rules.silence_ms - 5000


async def test_a_start_that_is_throttled_is_planned_where_all_can_see_it(bench: Bench) -> None:
    """429 with Retry-After: the call says what it waits for, and the start is repeated then and no sooner."""
    bench.emulator.faults.add(
        {"kind": "http", "operation": "startTranscription", "status": 429, "retryAfter": 7}
    )
    call = await place(bench.ports, CallOrder(targets=("8:acs:alone",)))
    await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    await bench.work()
    recovery = (await bench.call(call.id)).transcription.recovery
    assert recovery is not None
    assert recovery.waits_for is WaitsFor.RETRY_AFTER
    assert recovery.next_at is not None
    assert recovery.next_at >= bench.clock.now() + 5000
    await bench.work()
    assert bench.asked().count("startTranscription") == 1
    bench.clock.shift += 8000
    await bench.work()
    await bench.work()
    assert bench.asked().count("startTranscription") == 2


async def test_a_stop_that_is_done_is_not_repeated(bench: Bench) -> None:
    """It would stop the start that followed it."""
    call = await place(bench.ports, CallOrder(targets=("8:acs:alone",), mode=StartMode.MANUAL))
    call = await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    operation = Operation("op_1", OperationKind.START, 1, restart=True, halted=True)
    halted = msgspec.structs.replace(call.transcription, operation=operation)
    job = Job(bench.ports.ids.new("job"), call.id, StopTranscription(operation_id="op_1"), 0, 0)
    async with bench.ports.store.transaction() as tx:
        await tx.save_call(msgspec.structs.replace(call, transcription=halted))
        await tx.enqueue(job)
    await perform(bench.ports, job, again=True)
    assert "stopTranscription" not in bench.asked()
