"""Connections: one engine for reading and one for writing, with what is special to each database.

On SQLite readers never wait: they have connections of their own, each transaction sees one snapshot of the
write-ahead log. Writers take turns on one connection and begin with the write lock in hand, so that what they
read stays true until they commit.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, event, exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from callscribe.adapters.sql.sqlite import PRAGMAS, sqlite_path, sqlite_url
from callscribe.domain.errors import NotConfigured, StoreUnavailable

_READERS = 4

_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Engines:
    reading: AsyncEngine
    writing: AsyncEngine

    async def dispose(self) -> None:
        await self.reading.dispose()
        await self.writing.dispose()


def open_engines(url: str, busy_seconds: float = 5.0) -> Engines:
    """Nothing is connected yet; `busy_seconds` is how long a writer waits for its turn.

    Raises NotConfigured for a database that is not supported.
    """
    path = sqlite_path(url)
    if path is None:
        raise NotConfigured(
            "CALLSCRIBE_DATABASE_URL must name a SQLite file, such as sqlite:///callscribe.sqlite3"
        )
    return Engines(
        reading=_sqlite(path, busy_seconds, _READERS, "BEGIN", (*PRAGMAS, "query_only=ON")),
        writing=_sqlite(path, busy_seconds, 1, "BEGIN IMMEDIATE", PRAGMAS),
    )


async def probe(url: str, *, create: bool = False) -> None:
    """Open the database file once, before the engines do. Raises StoreUnavailable where that fails.

    The asynchronous driver's thread outlives a failed attempt and would complain on standard error.
    """
    path = sqlite_path(url)
    if path is not None:
        await asyncio.to_thread(_open_once, f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}")


def _open_once(uri: str) -> None:
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.Error as fault:
        raise StoreUnavailable(f"the database failed: {fault}") from fault


def _sqlite(
    path: Path, busy_seconds: float, connections: int, begin: str, pragmas: tuple[str, ...]
) -> AsyncEngine:
    engine = create_async_engine(
        sqlite_url(path),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=busy_seconds,
        # The driver must not begin transactions by itself: it would do so late, and without the write lock.
        connect_args={"isolation_level": None, "timeout": busy_seconds},
    )

    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)
    return engine


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert:
    """INSERT with ON CONFLICT, which both databases have in the same words and SQLAlchemy once for each."""
    return _INSERTS[connection.dialect.name](table)  # type: ignore[return-value]


@contextmanager
def outages() -> Iterator[None]:
    """Turns the database's own failures into StoreUnavailable; defects of our statements stay what they are."""
    try:
        yield
    except (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError):
        raise
    except exc.DBAPIError as fault:
        raise StoreUnavailable(f"the database failed: {fault.orig}") from fault
    except exc.TimeoutError as fault:
        raise StoreUnavailable("the database is busy: no connection became free in time") from fault
