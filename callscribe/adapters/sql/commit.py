"""Group commit: one transaction for all that the transcript server has queued.

The one hot statement of the product, so it speaks to the driver itself. The write lock is held from the first
statement, which makes reading a call's last change number and counting on from it safe against other processes.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from callscribe.adapters.sql.rows import event_row, job_row
from callscribe.adapters.sql.words import pack
from callscribe.domain.reading import stream_shift_view
from callscribe.domain.transcript import Segment, Stream
from callscribe.ports import (
    Clock,
    Committed,
    EventRecord,
    Ids,
    Write,
    WriteNote,
    WriteObservation,
    WriteSegment,
    WriteStream,
)

_log = logging.getLogger(__name__)

_SEGMENT = """
INSERT INTO segments (call_id, number, id, stream_id, participant, text, "offset", duration, confidence, locale,
                      sentiment, words, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (call_id, id) DO NOTHING"""
_STREAM = """
INSERT INTO streams (call_id, id, subscription_id, locale, model, incarnation, started_at, origin)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_EVENT = """
INSERT INTO events (id, key, source, type, at, received_at, call_id, note, data)
VALUES (:id, :key, :source, :type, :at, :received_at, :call_id, :note, :data) ON CONFLICT (key) DO NOTHING"""
_JOB = """
INSERT INTO jobs (id, call_id, family, work, created_at, due_at, deadline, attempts)
VALUES (:id, :call_id, :family, :work, :created_at, :due_at, :deadline, :attempts) ON CONFLICT (id) DO NOTHING"""
_PUSH = """
INSERT INTO pushes (call_id, sink, delivered, due, next_at, attempts) VALUES (?, ?, 0, 1, 0, 0)
ON CONFLICT (call_id, sink) DO UPDATE SET due = 1"""


class GroupCommit:
    """Writes batches on one connection, which must be in autocommit mode (`isolation_level=None`)."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock, ids: Ids, sinks: Sequence[str]) -> None:
        self._connection = connection
        self._clock = clock
        self._ids = ids
        self._sinks = sinks

    def commit(self, batch: Sequence[Write]) -> Committed:
        """What was done, once it is on disk; all of it or, where this raises, nothing.

        A write that cannot be stored (a row at fault, not the database) is left out; an entry on the record says
        which and why. Raises sqlite3.DatabaseError where the database fails: the same batch may be tried again.
        """
        try:
            return self._transaction(batch, _Transaction.write)
        except Exception as fault:  # whatever is wrong with one row must not stop the others
            if is_outage(fault):
                raise
            return self._transaction(batch, self._write_or_refuse)

    def _transaction(
        self, batch: Sequence[Write], step: Callable[["_Transaction", Write], None]
    ) -> Committed:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            transaction = _Transaction(self._connection, self._clock.now())
            for write in batch:
                step(transaction, write)
            committed = transaction.finish(self._sinks)
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        return committed

    def _write_or_refuse(self, transaction: "_Transaction", write: Write) -> None:
        execute = self._connection.execute
        execute("SAVEPOINT one")
        try:
            transaction.write(write)
        except Exception as fault:  # as above; the refusal is put on the record
            if is_outage(fault):
                raise
            execute("ROLLBACK TO one")
            transaction.write(WriteNote(self._refusal(write, fault)))
        execute("RELEASE one")

    def _refusal(self, write: Write, fault: Exception) -> EventRecord:
        call_id, what = _subject(write)
        reason = f"{type(fault).__name__}: {fault}"[:500]
        _log.error("a write was refused", extra={"call_id": call_id, "what": what, "reason": reason})
        now = self._clock.now()
        event_id = self._ids.new("evt")
        return EventRecord(
            id=event_id,
            key=event_id,
            source="callscribe",
            type="callscribe.WriteRefused",
            at=now,
            received_at=now,
            call_id=call_id,
            note=f"{what} could not be stored: {reason}",
        )


class _Transaction:
    """The writes of one transaction and the change numbers they take."""

    def __init__(self, connection: sqlite3.Connection, now: int) -> None:
        self._execute = connection.execute
        self._executemany = connection.executemany
        self._now = now
        self._last: dict[str, int] = {}
        self._changed: dict[str, int] = {}
        self._jobs = False

    def write(self, write: Write) -> None:
        if type(write) is WriteSegment:
            self._segment(write.call_id, write.segment)
        elif isinstance(write, WriteStream):
            self._stream(write.call_id, write.stream)
        elif isinstance(write, WriteNote):
            self._execute(_EVENT, event_row(write.event))
        elif isinstance(write, WriteObservation):
            self._execute(_JOB, job_row(write.job))
            self._jobs = True

    def finish(self, sinks: Sequence[str]) -> Committed:
        """Note the numbers taken, and who is to be told of them."""
        changed = self._changed
        if changed:
            numbers = [(number, call_id) for call_id, number in changed.items()]
            self._executemany("UPDATE calls SET last_change = ? WHERE id = ?", numbers)
            self._executemany(_PUSH, [(call_id, sink) for call_id in changed for sink in sinks])
        return Committed(numbers=changed, jobs=self._jobs)

    def _segment(self, call_id: str, segment: Segment) -> None:
        number = self._next(call_id)
        row = (
            call_id,
            number,
            segment.id,
            segment.stream_id,
            segment.participant,
            segment.text,
            segment.offset,
            segment.duration,
            segment.confidence,
            segment.locale,
            segment.sentiment,
            pack(segment.words, segment.offset),
            segment.received_at,
        )
        if self._execute(_SEGMENT, row).rowcount == 1:
            self._last[call_id] = self._changed[call_id] = number

    def _stream(self, call_id: str, stream: Stream) -> None:
        kept = self._execute(
            "SELECT origin, started_at FROM streams WHERE call_id = ? AND id = ?", (call_id, stream.id)
        ).fetchone()
        if kept is None:
            row = (stream.id, stream.subscription_id, stream.locale, stream.model, stream.incarnation)
            self._execute(_STREAM, (call_id, *row, stream.started_at, stream.origin))
            self._execute(
                "UPDATE calls SET zero = ? WHERE id = ? AND zero IS NULL", (stream.started_at, call_id)
            )
            return
        origin, started_at = kept
        if stream.origin is not None and (origin is None or stream.origin < origin):
            self._lower(call_id, stream.id, stream.origin, started_at)

    def _lower(self, call_id: str, stream_id: str, origin: int, started_at: int) -> None:
        """Lower a stream's origin; readers who have segments of it already are told to shift them."""
        self._execute(
            "UPDATE streams SET origin = ? WHERE call_id = ? AND id = ?", (origin, call_id, stream_id)
        )
        told = "SELECT 1 FROM segments WHERE call_id = ? AND stream_id = ? LIMIT 1"
        if self._execute(told, (call_id, stream_id)).fetchone() is None:
            return
        (zero,) = self._execute("SELECT zero FROM calls WHERE id = ?", (call_id,)).fetchone()
        body = stream_shift_view(stream_id, origin, started_at, zero)
        number = self._next(call_id)
        self._execute(
            "INSERT INTO changes (call_id, number, kind, at, body) VALUES (?, ?, 'transcription', ?, ?)",
            (call_id, number, self._now, msgspec.json.encode(body).decode()),
        )
        self._last[call_id] = self._changed[call_id] = number

    def _next(self, call_id: str) -> int:
        last = self._last.get(call_id)
        if last is None:
            row = self._execute("SELECT last_change FROM calls WHERE id = ?", (call_id,)).fetchone()
            if row is None:
                raise LookupError("no such call")
            last = self._last[call_id] = row[0]
        return last + 1


def is_outage(fault: Exception) -> bool:
    """Whether the database failed, not what it was given; such a failure may pass."""
    return type(fault) in (sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.InternalError)


def _subject(write: Write) -> tuple[str | None, str]:
    """Of which call a write is and what it would store; never the words."""
    if isinstance(write, WriteSegment):
        return write.call_id, f"segment {write.segment.id}"
    if isinstance(write, WriteStream):
        return write.call_id, f"stream {write.stream.id}"
    if isinstance(write, WriteNote):
        return write.event.call_id, f"event {write.event.id}"
    return write.job.call_id, f"job {write.job.id}"
