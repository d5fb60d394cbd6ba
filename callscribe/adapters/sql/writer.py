"""The transcript server's store on SQLite: a thread of its own that commits in groups.

No SQL toolkit is loaded. `put` only queues; the thread takes all that is queued, commits it in one transaction
and then tells the event loop. Durable before visible: nobody is told of anything before it is on disk.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from callscribe.adapters.sql.admission import Admissions
from callscribe.adapters.sql.commit import GroupCommit
from callscribe.adapters.sql.sqlite import connect
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain.errors import Overloaded, StoreUnavailable
from callscribe.ports import Admission, Clock, Committed, Write

_T = TypeVar("_T")

_LONGEST_BATCH = 1000
_LINGER_SECONDS = 0.002
"""Least time between two commits: nothing where writes are rare, larger groups where they are many."""
_FIRST_RETRY_SECONDS = 0.05
_LAST_RETRY_SECONDS = 1.0
_COMPLAIN_SECONDS = 60.0
_log = logging.getLogger(__name__)


class SqliteArchive:
    """See `ports.Archive`. `sinks` names those to whom changes are delivered onwards.

    While the database fails, the same writes are tried again and again and nothing is dropped; `ping` raises, and
    `put` too once `capacity` writes wait.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Clock | None = None,
        sinks: tuple[str, ...] = (),
        *,
        capacity: int = 10_000,
        busy_seconds: float = 5.0,
        close_seconds: float = 10.0,
    ) -> None:
        self._path = Path(path)
        self._clock = clock or SystemClock()
        self._sinks = sinks
        self._capacity = capacity
        self._busy_seconds = busy_seconds
        self._close_seconds = close_seconds
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._put = 0
        self._done = 0
        self._fault: Exception | None = None
        self._give_up_at: float | None = None
        self._taken = 0.0
        self._complained = 0.0
        self._told: list[Callable[[Committed], None]] = []
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._admissions = Admissions(self._path, busy_seconds)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="admission")
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)

    async def __aenter__(self) -> Self:
        """Raises StoreUnavailable where the database is missing or has not the newest schema."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._read(self._admissions.check)
        except BaseException:
            self._reader.shutdown()
            raise
        self._thread.start()
        return self

    async def __aexit__(self, *_exit: object) -> None:
        """Commits what is queued; raises StoreUnavailable where that cannot be done within `close_seconds`."""
        self._give_up_at = time.monotonic() + self._close_seconds
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await self._read(self._admissions.close)
        self._reader.shutdown()
        if self.queued:
            raise self._lost() from self._fault

    async def admit(self, key: str) -> Admission | None:
        return await self._read(lambda: self._admissions.admit(key))

    async def live(self) -> tuple[tuple[str, int | None], ...]:
        return await self._read(self._admissions.live)

    def put(self, write: Write) -> None:
        if self._give_up_at is not None:
            raise RuntimeError("the archive is closed")
        if self._put - self._done >= self._capacity:
            raise Overloaded(f"{self._capacity} writes wait to be committed")
        self._put += 1
        self._queue.put(write)

    @property
    def queued(self) -> int:
        return self._put - self._done

    async def drained(self) -> None:
        if not self.queued:
            return
        future = self._loop.create_future()
        self._waiters.append((self._put, future))
        await future

    def on_commit(self, told: Callable[[Committed], None]) -> None:
        self._told.append(told)

    async def ping(self) -> None:
        if self._fault is not None:
            raise StoreUnavailable(f"the database cannot be written: {self._fault}") from self._fault
        await self._read(self._admissions.ping)

    async def _read(self, what: Callable[[], _T]) -> _T:
        return await self._loop.run_in_executor(self._reader, what)

    def _lost(self) -> StoreUnavailable:
        """The error for whoever closes, and for those who wait for their writes."""
        lost = StoreUnavailable(f"{self.queued} writes were lost on closing: {self._fault}")
        for _target, future in self._waiters:
            if not future.done():
                future.set_exception(lost)
        return lost

    def _tell(self, many: int, committed: Committed) -> None:
        """On the event loop, once for each commit; who waits for `drained` goes on after all were told."""
        self._done += many
        waiting = []
        for target, future in self._waiters:
            if target > self._done:
                waiting.append((target, future))
            elif not future.done():
                future.set_result(None)
        self._waiters = waiting
        for told in self._told:
            told(committed)

    # --- on the thread

    def _run(self) -> None:
        writer = _Writer(self._path, self._busy_seconds, self._clock, self._sinks)
        last = 0.0
        # Before sockets take the process's last descriptors; where it fails, the first commit tries again.
        with suppress(sqlite3.Error):
            writer.open()
        try:
            while batch := self._take(last):
                committed = self._persist(writer, batch)
                if committed is None:
                    return
                last = time.monotonic()
                committed = msgspec.structs.replace(committed, seconds=last - self._taken)
                self._loop.call_soon_threadsafe(self._tell, len(batch), committed)
        finally:
            writer.close()

    def _take(self, last: float) -> list[Write]:
        """All that is queued, at most 1000, waiting for the first; nothing when the archive closes."""
        first = self._queue.get()
        if first is None:
            return []
        self._taken = time.monotonic()
        pause = last + _LINGER_SECONDS - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        batch = [first]
        while len(batch) < _LONGEST_BATCH:
            try:
                write = self._queue.get_nowait()
            except queue.Empty:
                break
            if write is None:
                self._queue.put(None)
                break
            batch.append(write)
        return batch

    def _complain(self, fault: Exception) -> None:
        """Say so at the first failure, and once a minute while it lasts."""
        if self._fault is None or time.monotonic() - self._complained >= _COMPLAIN_SECONDS:
            self._complained = time.monotonic()
            _log.warning(
                "The database cannot be written; writes wait.",
                extra={"reason": str(fault), "writes": self.queued},
            )
        self._fault = fault

    def _persist(self, writer: "_Writer", batch: list[Write]) -> Committed | None:
        """Try until it is done; None where the archive is closing and its time is over."""
        delay = _FIRST_RETRY_SECONDS
        while True:
            try:
                committed = writer.commit(batch)
            except Exception as fault:  # noqa: BLE001 - the thread's supervisor: nothing queued may be dropped
                self._complain(fault)
            else:
                if self._fault is not None:
                    _log.warning("The database can be written again.", extra={"writes": self.queued})
                self._fault = None
                return committed
            if self._give_up_at is not None and time.monotonic() >= self._give_up_at:
                return None
            time.sleep(delay)
            delay = min(2 * delay, _LAST_RETRY_SECONDS)


class _Writer:
    """The thread's connection, opened anew after each failure."""

    def __init__(self, path: Path, busy_seconds: float, clock: Clock, sinks: tuple[str, ...]) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._sinks = sinks
        self._ids = RandomIds(clock)
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Raises sqlite3.Error."""
        if self._connection is None:
            self._connection = connect(self._path, self._busy_seconds)
            self._group = GroupCommit(self._connection, self._clock, self._ids, self._sinks)

    def commit(self, batch: list[Write]) -> Committed:
        try:
            self.open()
            return self._group.commit(batch)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
