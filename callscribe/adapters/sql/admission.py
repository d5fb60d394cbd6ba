"""What the transcript server must know of a call before it takes its packets; reads only, on SQLite's own driver."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from callscribe.adapters.sql.sqlite import HEAD, REVISION, connect
from callscribe.domain.call import AT_ACS, Call
from callscribe.domain.errors import DatabaseNotMigrated, StoreUnavailable
from callscribe.domain.reading import names_of
from callscribe.domain.transcript import Stream
from callscribe.ports import Admission

_decode = msgspec.json.Decoder(Call).decode

_CALL = "SELECT body, zero FROM calls WHERE key = ?"
_STREAMS = """
SELECT id, subscription_id, locale, model, incarnation, started_at, origin FROM streams
WHERE call_id = ? ORDER BY started_at, id"""
_SEEN = "SELECT id FROM segments WHERE call_id = ?"
_LAST = "SELECT received_at FROM segments WHERE call_id = ? ORDER BY number DESC LIMIT 1"


_LIVE = f"""
SELECT id, (SELECT received_at FROM segments WHERE call_id = calls.id ORDER BY number DESC LIMIT 1) FROM calls
WHERE state IN ({", ".join(f"'{state}'" for state in sorted(AT_ACS))})"""


class Admissions:
    """Reads on a connection of its own; every method belongs on one and the same worker thread."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._connection: sqlite3.Connection | None = None

    def check(self) -> None:
        """Raises DatabaseNotMigrated where the database is missing or has not the newest schema."""
        try:
            with self._reading() as connection:
                row = connection.execute(REVISION).fetchone()
        except StoreUnavailable as fault:
            raise DatabaseNotMigrated(fault.detail) from fault
        if row != (HEAD,):
            raise DatabaseNotMigrated()

    def ping(self) -> None:
        with self._reading() as connection:
            connection.execute("SELECT 1 FROM alembic_version").fetchone()

    def admit(self, key: str) -> Admission | None:
        with self._reading() as connection:
            row = connection.execute(_CALL, (key,)).fetchone()
            if row is None:
                return None
            call = _decode(row[0])
            streams = connection.execute(_STREAMS, (call.id,)).fetchall()
            seen = connection.execute(_SEEN, (call.id,)).fetchall()
            last = connection.execute(_LAST, (call.id,)).fetchone()
        return Admission(
            call_id=call.id,
            direction=call.direction,
            state=call.state,
            call_connection_id=call.call_connection_id,
            correlation_id=call.correlation_id,
            zero=row[1],
            names=names_of(call),
            streams=tuple(Stream(*stream) for stream in streams),
            heard_until=last[0] if last else None,
            seen=frozenset(segment_id for (segment_id,) in seen),
        )

    def live(self) -> tuple[tuple[str, int | None], ...]:
        with self._reading() as connection:
            return tuple(connection.execute(_LIVE).fetchall())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot; a connection that failed is replaced by the next caller."""
        try:
            if self._connection is None:
                self._connection = connect(self._path, self._busy_seconds)
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as fault:
            self.close()
            raise StoreUnavailable(f"the database failed: {fault}") from fault
