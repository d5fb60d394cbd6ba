"""SQLite itself: where a database is, how it is opened, and which schema it must have; no SQL toolkit."""

import sqlite3
from pathlib import Path

HEAD = "0001"
"""The newest revision of `migrations`; known here so that opening a database needs no migration tool."""

REVISION = "SELECT version_num FROM alembic_version"

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""Of every connection: readers never wait for writers, and what is committed survives a power cut."""

_PREFIXES = ("sqlite+aiosqlite:///", "sqlite:///")


def sqlite_url(path: str | Path) -> str:
    """The SQLAlchemy URL of a SQLite file."""
    return f"{_PREFIXES[0]}{Path(path).absolute()}"


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for any other database and for one in memory."""
    for prefix in _PREFIXES:
        if url.startswith(prefix):
            name = url.removeprefix(prefix).partition("?")[0]
            return Path(name) if name and name != ":memory:" else None
    return None


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection in autocommit mode, durable at each commit. Never creates the file. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=busy_seconds, cached_statements=64
    )
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
