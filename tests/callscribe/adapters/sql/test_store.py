import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest

from callscribe.adapters.sql.access import UNANSWERED_MS
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.domain.access import ApiKey, Scope
from callscribe.domain.call import CallState, Direction, Operation, OperationKind
from callscribe.domain.changes import ChangeKind
from callscribe.domain.errors import InvalidRequest, StoreUnavailable
from callscribe.domain.participants import Participant
from callscribe.ports import CallFilter, EventRecord, Idempotent, OperationRecord, StoredCall, Transaction
from tests.callscribe.adapters.samples import NOW, SetClock, a_call

pytestmark = pytest.mark.anyio

DAY = 24 * 3600 * 1000


def an_event(number: int, **fields: object) -> EventRecord:
    plain = {
        "id": f"event_{number:03}",
        "key": f"key {number}",
        "source": "callback",
        "type": "Microsoft.Communication.CallConnected",
        "at": NOW + number,
        "received_at": NOW + number + 5,
        "call_id": "call_1",
        "note": None,
        "data": msgspec.Raw(b'{"callConnectionId": "\xc3\xa9", "offset": 2516942161212568046}'),
    }
    return EventRecord(**plain | fields)


ANY = CallFilter()


async def ids(store: SqlStore, where: CallFilter = ANY) -> list[str]:
    page, cursor = await store.calls(where, 100, None)
    assert cursor is None
    return [stored.call.id for stored in page]


# --- calls


async def test_a_call_comes_back_as_it_was_stored(store: SqlStore) -> None:
    """By our id and by ACS's, within its transaction and after it."""
    call = a_call(
        call_connection_id="connection",
        metadata={"ticket": "Übung"},
        participants=(Participant("4:+49301", display_name="Ann"),),
    )
    async with store.transaction() as transaction:
        await transaction.insert_call(call)
        assert await transaction.call("call_1") == call
        assert await transaction.call_by_key("key-1") == call
        assert await transaction.call("connection") == call
    assert await store.call("call_1") == StoredCall(call, 0, None)
    assert await store.call("connection") == StoredCall(call, 0, None)
    assert await store.call_id_of_key("key-1") == "call_1"


async def test_what_nobody_stored_is_not_found(store: SqlStore) -> None:
    """None, wherever one asks."""
    assert await store.call("call_1") is None
    assert await store.call_id_of_key("key-1") is None
    assert await store.transcript("call_1") is None
    assert await store.operation("operation_1") is None
    assert await store.api_key("id") is None
    async with store.transaction() as transaction:
        assert await transaction.call("call_1") is None
        assert await transaction.call_by_key("key-1") is None
        assert await transaction.call("connection") is None
        assert await transaction.calls_of_correlation("correlation") == ()
        assert await transaction.job("job_1") is None
        with pytest.raises(LookupError):
            await transaction.save_call(a_call())
        with pytest.raises(LookupError):
            await transaction.change("call_1", ChangeKind.CALL, NOW, b"{}")


async def test_a_saved_call_replaces_the_one_before(store: SqlStore) -> None:
    """And keeps its change numbers."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())
        assert await transaction.change("call_1", ChangeKind.CALL, NOW, b"{}") == 1
        ended = a_call(state=CallState.DISCONNECTED, ended_at=NOW + 99, correlation_id="correlation")
        await transaction.save_call(ended)
        assert await transaction.calls_of_correlation("correlation") == (ended,)
    assert await store.call("call_1") == StoredCall(ended, 1, None)


async def test_an_exception_takes_the_whole_transaction_back(store: SqlStore) -> None:
    """Nothing of it is ever seen."""

    async def half(transaction: Transaction) -> None:
        await transaction.insert_call(a_call())
        await transaction.record(an_event(1))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        async with store.transaction() as transaction:
            await half(transaction)
    assert await store.call("call_1") is None
    async with store.transaction() as transaction:
        assert await transaction.record(an_event(1))


async def test_readers_do_not_wait_for_a_transaction_and_do_not_see_it(store: SqlStore) -> None:
    """They see what was committed before."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())
        assert await store.call("call_1") is None
    assert await store.call("call_1") is not None


async def test_transactions_of_one_process_take_turns(store: SqlStore) -> None:
    """What one reads stays true until it commits: no update is lost."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call(metadata={"count": "0"}))

    async def count() -> None:
        async with store.transaction() as transaction:
            call = await transaction.call("call_1")
            assert call is not None
            await asyncio.sleep(0)
            metadata = {"count": str(int(call.metadata["count"]) + 1)}
            await transaction.save_call(msgspec.structs.replace(call, metadata=metadata))

    await asyncio.gather(*(count() for _ in range(20)))
    stored = await store.call("call_1")
    assert stored is not None
    assert stored.call.metadata == {"count": "20"}


async def test_a_cancelled_transaction_frees_the_store(store: SqlStore) -> None:
    """The next one gets its turn, and nothing was changed."""
    entered = asyncio.Event()

    async def hang() -> None:
        async with store.transaction() as transaction:
            await transaction.insert_call(a_call())
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.transaction() as transaction:
        assert await transaction.call("call_1") is None


async def test_calls_of_one_correlation_are_found_newest_first(store: SqlStore) -> None:
    """Whoever was called; likewise those of one server call."""
    async with store.transaction() as transaction:
        for number in (1, 2, 3):
            await transaction.insert_call(
                a_call(number, correlation_id="same", server_call_id=f"server {number % 2}")
            )
        assert [call.id for call in await transaction.calls_of_correlation("same")] == [
            "call_3",
            "call_2",
            "call_1",
        ]
        assert [call.id for call in await transaction.calls_of_server_call("server 1")] == [
            "call_3",
            "call_1",
        ]


async def test_pages_give_every_call_once_newest_first(store: SqlStore) -> None:
    """Also where many began in the same millisecond."""
    async with store.transaction() as transaction:
        for number in range(1, 8):
            await transaction.insert_call(a_call(number, created_at=NOW + number // 3))
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = await store.calls(CallFilter(), 2, cursor)
        assert 1 <= len(page) <= 2
        seen += [stored.call.id for stored in page]
        if cursor is None:
            break
    assert seen == ["call_7", "call_6", "call_5", "call_4", "call_3", "call_2", "call_1"]


async def test_each_filter_narrows_the_list(store: SqlStore) -> None:
    """Alone and together."""
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call(1, from_id="4:+1", external_id="ticket"))
        await transaction.insert_call(a_call(2, to=("4:+1", "4:+2"), direction=Direction.OUTGOING))
        await transaction.insert_call(
            a_call(3, participants=(Participant("4:+2"),), state=CallState.DISCONNECTED)
        )
        await transaction.save_call(a_call(3, participants=(), state=CallState.DISCONNECTED))
    assert await ids(store) == ["call_3", "call_2", "call_1"]
    assert await ids(store, CallFilter(state=CallState.CONNECTED)) == ["call_2", "call_1"]
    assert await ids(store, CallFilter(direction=Direction.OUTGOING)) == ["call_2"]
    assert await ids(store, CallFilter(participant="4:+1")) == ["call_2", "call_1"]
    assert await ids(store, CallFilter(participant="4:+2")) == ["call_3", "call_2"]
    assert await ids(store, CallFilter(external_id="ticket")) == ["call_1"]
    assert await ids(store, CallFilter(since=NOW + 2)) == ["call_3", "call_2"]
    assert await ids(store, CallFilter(participant="4:+1", since=NOW + 2)) == ["call_2"]
    assert await ids(store, CallFilter(participant="4:+1", state=CallState.DISCONNECTED)) == []


async def test_a_cursor_of_somebody_else_is_an_invalid_request(store: SqlStore) -> None:
    """Both lists say so."""
    with pytest.raises(InvalidRequest):
        await store.calls(CallFilter(), 10, "garbage")
    with pytest.raises(InvalidRequest):
        await store.events("call_1", 10, "garbage")


# --- the record


async def test_an_event_delivered_twice_is_stored_once(store: SqlStore) -> None:
    """By its key, whatever its id; in the same transaction and later."""
    async with store.transaction() as transaction:
        assert await transaction.record(an_event(1))
        assert not await transaction.record(an_event(2, key="key 1"))
    async with store.transaction() as transaction:
        assert not await transaction.record(an_event(3, key="key 1"))
    page, _ = await store.events("call_1", 10, None)
    assert [event.id for event in page] == ["event_001"]


async def test_the_timeline_gives_events_unchanged_and_oldest_first(store: SqlStore) -> None:
    """In pages, with ACS's data as it came, offsets beyond 2^53 included."""
    async with store.transaction() as transaction:
        for number in (3, 1, 2):
            await transaction.record(an_event(number, at=NOW if number < 3 else NOW + 1))
        await transaction.record(an_event(4, call_id="call_2"))
        await transaction.record(an_event(5, call_id=None, data=None, note="no call is known"))
    first, cursor = await store.events("call_1", 2, None)
    second, end = await store.events("call_1", 2, cursor)
    assert [event.id for event in (*first, *second)] == ["event_001", "event_002", "event_003"]
    assert end is None
    assert first[0] == an_event(1, at=NOW)


async def test_data_that_is_no_utf_8_is_kept_readable(store: SqlStore) -> None:
    """The wrong bytes are replaced; the event is not lost by them."""
    async with store.transaction() as transaction:
        await transaction.record(an_event(1, data=msgspec.Raw(b'"\xff"')))
    page, _ = await store.events("call_1", 10, None)
    assert page[0].data is not None
    assert bytes(page[0].data).decode() == '"\ufffd"'


async def test_an_operation_is_kept_as_it_ended(store: SqlStore) -> None:
    """Saving again replaces it."""
    operation = Operation("operation_1", OperationKind.START, NOW, locale="en-US")
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())
        await transaction.save_operation(OperationRecord(operation, "call_1", "running"))
    async with store.transaction() as transaction:
        await transaction.save_operation(OperationRecord(operation, "call_1", "succeeded", ended_at=NOW + 1))
    assert await store.operation("operation_1") == OperationRecord(operation, "call_1", "succeeded", NOW + 1)


# --- API keys and idempotent answers


async def test_api_keys_are_kept_replaced_and_revoked(store: SqlStore) -> None:
    """Revoking tells whether there was one to revoke."""
    first = ApiKey("one", "console", b"\x00digest", frozenset({Scope.READ}), NOW)
    second = ApiKey("two", "crm", b"digest", frozenset({Scope.CONTROL, Scope.ADMIN}), NOW + 1)
    await store.save_api_key(second)
    await store.save_api_key(first)
    assert await store.api_keys() == (first, second)
    assert await store.revoke_api_key("one", NOW + 2)
    assert not await store.revoke_api_key("one", NOW + 3)
    assert not await store.revoke_api_key("three", NOW + 3)
    assert await store.api_key("one") == msgspec.structs.replace(first, revoked_at=NOW + 2)
    await store.save_api_key(first)
    assert await store.api_key("one") == first


async def test_an_idempotency_key_belongs_to_its_first_request(store: SqlStore) -> None:
    """A second one, even at the same time, is told what is kept of the first."""
    begun = await asyncio.gather(*(store.begin_idempotent("crm", "key", b"print", NOW) for _ in range(5)))
    assert sorted(begun, key=lambda kept: kept is not None) == [None, *[Idempotent(b"print")] * 4]
    answer = Idempotent(b"print", 201, b"\x00{}", "/v1/calls/call_1")
    await store.end_idempotent("crm", "key", answer)
    assert await store.begin_idempotent("crm", "key", b"other", NOW + 1) == answer
    assert await store.begin_idempotent("another", "key", b"print", NOW) is None


async def test_an_idempotent_answer_is_kept_for_a_day(store: SqlStore) -> None:
    """Not longer, and not where its request may be tried again."""
    assert await store.begin_idempotent("crm", "key", b"print", NOW) is None
    await store.end_idempotent("crm", "key", Idempotent(b"print", 204))
    assert await store.begin_idempotent("crm", "key", b"print", NOW + DAY - 1) == Idempotent(b"print", 204)
    assert await store.begin_idempotent("crm", "key", b"print", NOW + DAY) is None
    await store.forget_idempotent("crm", "key")
    assert await store.begin_idempotent("crm", "key", b"print", NOW + DAY) is None


async def test_a_request_that_was_never_answered(store: SqlStore) -> None:
    """After its lease the same request may take its place, once; another request may not."""
    assert await store.begin_idempotent("crm", "key", b"print", NOW) is None
    over = NOW + UNANSWERED_MS
    assert await store.begin_idempotent("crm", "key", b"print", over - 1) == Idempotent(b"print")
    assert await store.begin_idempotent("crm", "key", b"other", over) == Idempotent(b"print")
    assert await store.begin_idempotent("crm", "key", b"print", over) is None
    assert await store.begin_idempotent("crm", "key", b"print", over + 1) == Idempotent(b"print")


# --- when the database fails


async def test_a_store_that_is_there_answers_ping(store: SqlStore) -> None:
    """Without an answer it would raise."""
    await store.ping()


async def test_a_locked_database_is_an_unavailable_store(path: Path, clock: SetClock) -> None:
    """Writers give up in time, readers do not notice, and afterwards all is as before."""
    async with SqlStore(sqlite_url(path), clock, busy_seconds=0.05) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            async with store.transaction() as transaction:
                await transaction.insert_call(a_call())
        await store.ping()
        other.execute("ROLLBACK")
        other.close()
        async with store.transaction() as transaction:
            await transaction.insert_call(a_call())
        assert await ids(store) == ["call_1"]


async def test_a_transaction_that_waits_too_long_for_its_turn_gives_up(path: Path, clock: SetClock) -> None:
    """The store says that it is busy."""
    async with SqlStore(sqlite_url(path), clock, busy_seconds=0.05) as store, store.transaction():
        with pytest.raises(StoreUnavailable, match="busy"):
            await store.claim_jobs("worker", 1000, 1)
