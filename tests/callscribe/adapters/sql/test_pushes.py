from pathlib import Path

import pytest

from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.changes import ChangeKind
from callscribe.ports import Push, WriteSegment, WriteStream
from tests.callscribe.adapters.samples import NOW, SetClock, a_call, a_segment, a_stream

pytestmark = pytest.mark.anyio


async def change(store: SqlStore, times: int = 1) -> int:
    async with store.transaction() as transaction:
        if await transaction.call("call_1") is None:
            await transaction.insert_call(a_call())
        for _ in range(times):
            number = await transaction.change("call_1", ChangeKind.CALL, NOW, b"{}")
    return number


async def test_every_sink_gets_a_call_from_its_first_change(store: SqlStore) -> None:
    """Each on its own."""
    await change(store)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 0, 0),)
    assert await store.claim_pushes("topic", "worker", 1000, 10) == (Push("topic", "call_1", 0, 0),)
    assert await store.claim_pushes("other", "worker", 1000, 10) == ()


async def test_segments_of_the_archive_are_pushed_too(store: SqlStore, archive: SqliteArchive) -> None:
    """Both ways of writing mark the call."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())
    archive.put(WriteStream("call_1", a_stream()))
    await archive.drained()
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == ()
    archive.put(WriteSegment("call_1", a_segment()))
    await archive.drained()
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 0, 0),)


async def test_a_leased_push_is_left_to_its_worker(store: SqlStore, clock: SetClock) -> None:
    """So that a call is delivered in order; when the lease runs out the next worker takes it."""
    await change(store)
    await store.claim_pushes("webhook", "worker", 1000, 10)
    await change(store)
    assert await store.claim_pushes("webhook", "other", 1000, 10) == ()
    clock.time += 1000
    assert await store.claim_pushes("webhook", "other", 1000, 10) == (Push("webhook", "call_1", 0, 0),)


async def test_an_accepted_push_is_due_again_only_for_later_changes(store: SqlStore) -> None:
    """Also those that were committed while it was delivered."""
    last = await change(store, times=3)
    await store.claim_pushes("webhook", "worker", 1000, 10)
    await change(store)
    await store.pushed("webhook", "call_1", last)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 3, 0),)
    await store.pushed("webhook", "call_1", 4)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == ()
    await change(store)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 4, 0),)


async def test_a_failed_push_waits_and_counts_its_attempts(store: SqlStore, clock: SetClock) -> None:
    """A new change does not cut the waiting short; success ends the count."""
    await change(store)
    await store.claim_pushes("webhook", "worker", 60_000, 10)
    await store.push_failed("webhook", "call_1", NOW + 500)
    await change(store)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == ()
    clock.time += 500
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 0, 1),)
    await store.pushed("webhook", "call_1", 1)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 1, 0),)


async def test_a_push_of_an_unknown_call_changes_nothing(store: SqlStore) -> None:
    """The call may be gone by the time its delivery is told."""
    await store.pushed("webhook", "call_9", 1)
    await store.push_failed("webhook", "call_9", NOW)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == ()


async def test_where_no_sink_is_set_nothing_is_queued(store: SqlStore, path: Path, clock: SetClock) -> None:
    """A sink that is set later gets the whole call with its next change."""
    async with SqlStore(sqlite_url(path), clock) as quiet:
        await change(quiet, times=2)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == ()
    await change(store)
    assert await store.claim_pushes("webhook", "worker", 1000, 10) == (Push("webhook", "call_1", 0, 0),)
