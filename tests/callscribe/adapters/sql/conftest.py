from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from tests.callscribe.adapters.samples import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database file of the newest schema."""
    path = tmp_path / "callscribe.db"
    await migrate(sqlite_url(path))
    return path


@pytest.fixture
async def store(path: Path, clock: SetClock) -> AsyncIterator[SqlStore]:
    async with SqlStore(sqlite_url(path), clock, sinks=("webhook", "topic")) as store:
        yield store


@pytest.fixture
async def archive(path: Path, clock: SetClock) -> AsyncIterator[SqliteArchive]:
    async with SqliteArchive(path, clock, sinks=("webhook", "topic")) as archive:
        yield archive
