import sqlite3
from pathlib import Path

import pytest

from callscribe.adapters.sql.store import SqlStore
from callscribe.domain.commands import HangUp, Play
from callscribe.domain.observations import RingingOver, SocketClosed
from callscribe.ports import Job
from tests.callscribe.adapters.samples import NOW, SetClock, a_call

pytestmark = pytest.mark.anyio


def a_job(number: int = 1, **fields: object) -> Job:
    plain = {"id": f"job_{number}", "call_id": "call_1", "work": HangUp(), "created_at": NOW, "due_at": NOW}
    return Job(**plain | fields)


async def put(store: SqlStore, *jobs: Job) -> None:
    async with store.transaction() as transaction:
        if await transaction.call("call_1") is None:
            await transaction.insert_call(a_call())
        for job in jobs:
            await transaction.enqueue(job)


async def test_commands_and_observations_come_back_as_they_were(store: SqlStore) -> None:
    """Each as its own class, with its deadline."""
    jobs = (
        a_job(1, work=Play(text="This call is transcribed.", locale="en-US"), deadline=NOW + 30_000),
        a_job(2, work=SocketClosed(at=NOW, socket_id="socket", code=1006, remaining=0)),
        a_job(3, work=RingingOver(at=NOW)),
    )
    await put(store, *jobs)
    assert await store.claim_jobs("worker", 3000, 10) == jobs
    async with store.transaction() as transaction:
        assert await transaction.job("job_2") == jobs[1]


async def test_due_jobs_are_claimed_oldest_first_by_one_worker(store: SqlStore) -> None:
    """Nobody gets them a second time while the lease runs, and none before it is due."""
    await put(
        store,
        a_job(1, due_at=NOW),
        a_job(2, due_at=NOW - 5),
        a_job(3, due_at=NOW + 1),
        a_job(4, due_at=NOW - 9),
    )
    assert [job.id for job in await store.claim_jobs("one", 3000, 2)] == ["job_4", "job_2"]
    assert [job.id for job in await store.claim_jobs("two", 3000, 10)] == ["job_1"]
    assert await store.claim_jobs("two", 3000, 10) == ()


async def test_a_dead_workers_jobs_go_to_the_next(store: SqlStore, clock: SetClock) -> None:
    """As soon as the lease has run out."""
    await put(store, a_job())
    await store.claim_jobs("dead", 3000, 1)
    clock.time += 2999
    assert await store.claim_jobs("next", 3000, 1) == ()
    clock.time += 1
    assert [job.id for job in await store.claim_jobs("next", 3000, 1)] == ["job_1"]


async def test_a_job_put_with_a_lease_is_left_to_its_taker(store: SqlStore, clock: SetClock) -> None:
    """Who carries it out at once; others only step in when the lease runs out."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())
        await transaction.enqueue(a_job(), leased_to="taker", lease_until=NOW + 3000)
    assert await store.claim_jobs("other", 3000, 1) == ()
    clock.time += 3000
    assert [job.id for job in await store.claim_jobs("other", 3000, 1)] == ["job_1"]


async def test_a_finished_job_is_gone(store: SqlStore, clock: SetClock) -> None:
    """Also for those who waited for its lease."""
    await put(store, a_job())
    await store.claim_jobs("worker", 3000, 1)
    async with store.transaction() as transaction:
        await transaction.finish("job_1")
        await transaction.finish("job_1")
        assert await transaction.job("job_1") is None
    clock.time += 3000
    assert await store.claim_jobs("worker", 3000, 1) == ()


async def test_a_rescheduled_job_counts_its_attempt_and_waits(store: SqlStore, clock: SetClock) -> None:
    """Its lease is given up."""
    await put(store, a_job())
    await store.claim_jobs("worker", 60_000, 1)
    async with store.transaction() as transaction:
        await transaction.reschedule("job_1", NOW + 500)
    assert await store.claim_jobs("other", 3000, 1) == ()
    clock.time += 500
    assert await store.claim_jobs("other", 3000, 1) == (a_job(due_at=NOW + 500, attempts=1),)


async def test_the_same_job_put_twice_is_one(store: SqlStore) -> None:
    """Whoever could not know whether the first was stored may put it again."""
    await put(store, a_job(), a_job())
    assert len(await store.claim_jobs("worker", 3000, 10)) == 1


async def test_the_next_time_to_look_is_told(store: SqlStore) -> None:
    """When a job becomes due or a lease runs out, whichever is first."""
    assert await store.next_due() is None
    await put(store, a_job(1, due_at=NOW + 9000))
    assert await store.next_due() == NOW + 9000
    await put(store, a_job(2, due_at=NOW - 5))
    assert await store.next_due() == NOW - 5
    await store.claim_jobs("worker", 3000, 1)
    assert await store.next_due() == NOW + 3000


async def test_a_job_of_another_version_does_not_hold_up_the_others(
    store: SqlStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged and left to a worker that can read it."""
    await put(store, a_job(1), a_job(2))
    with sqlite3.connect(path) as connection:
        connection.execute("""UPDATE jobs SET work = '{"kind": "not-yet-known"}' WHERE id = 'job_1'""")
    connection.close()
    assert [job.id for job in await store.claim_jobs("worker", 3000, 10)] == ["job_2"]
    assert "another version" in caplog.text
