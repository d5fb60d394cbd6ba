import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from callscribe.adapters.sql import migrate as module
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.schema import metadata
from callscribe.adapters.sql.sqlite import HEAD, sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.errors import DatabaseNotMigrated, NotConfigured, StoreUnavailable
from tests.callscribe.adapters.samples import SetClock

pytestmark = pytest.mark.anyio


async def test_the_migrated_schema_is_the_declared_one(path: Path) -> None:
    """Nothing is left that a new revision would have to add."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_both_hot_tables_are_kept_by_call_and_number(path: Path) -> None:
    """Reading a transcript reads neighbouring pages (what the comparison of schemas does not see)."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    without_rowid = {name for name, sql in rows if "WITHOUT ROWID" in sql}
    assert without_rowid == {"segments", "changes"}


async def test_the_known_head_is_alembics() -> None:
    """Opening a database compares with a constant instead of loading Alembic."""
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_migrating_twice_at_once_and_again_is_harmless(tmp_path: Path) -> None:
    """Both programs may do it at their start."""
    url = sqlite_url(tmp_path / "new.db")
    await asyncio.gather(migrate(url), migrate(url))
    await migrate(url)
    async with SqlStore(url, SetClock()) as store:
        await store.ping()


async def test_a_database_without_tables_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    """By the store and by the transcript server's archive."""
    path = tmp_path / "empty.db"
    sqlite3.connect(path).close()
    with pytest.raises(DatabaseNotMigrated):
        await SqlStore(sqlite_url(path), SetClock()).__aenter__()
    with pytest.raises(DatabaseNotMigrated):
        await SqliteArchive(path).__aenter__()
    assert "python -m service migrate" in DatabaseNotMigrated.remedy


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """The cause is kept in the detail."""
    path = tmp_path / "callscribe.db"
    with pytest.raises(DatabaseNotMigrated, match="unable to open"):
        await SqlStore(sqlite_url(path), SetClock()).__aenter__()
    assert not path.exists()


async def test_a_file_that_is_no_database_is_an_unavailable_store(tmp_path: Path) -> None:
    """And it is left alone."""
    path = tmp_path / "callscribe.db"
    path.write_text("This is a letter, not a database. " * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        await migrate(sqlite_url(path))
    with pytest.raises(StoreUnavailable, match="not a database"):
        await SqliteArchive(path).__aenter__()
    assert path.read_text().startswith("This is a letter")


async def test_a_database_of_another_version_is_refused(path: Path) -> None:
    """An older program must not write into newer tables, nor the other way round."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'other'")
    connection.close()
    with pytest.raises(StoreUnavailable):
        await SqlStore(sqlite_url(path), SetClock()).__aenter__()
    with pytest.raises(StoreUnavailable):
        await SqliteArchive(path).__aenter__()


async def test_a_database_of_a_newer_version_is_not_migrated(path: Path) -> None:
    """The detail says what to do, and the database stays as it was."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NotConfigured, match="schema 9999") as refused:
        await migrate(sqlite_url(path))
    assert "CALLSCRIBE_DATABASE_URL" in refused.value.detail
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    connection.close()


async def test_a_missing_folder_is_an_unavailable_store(tmp_path: Path) -> None:
    """The detail has the database's own words."""
    with pytest.raises(StoreUnavailable, match="unable to open"):
        await migrate(sqlite_url(tmp_path / "missing" / "callscribe.db"))
    with pytest.raises(StoreUnavailable, match="unable to open"):
        await SqliteArchive(tmp_path / "missing" / "callscribe.db").__aenter__()


async def test_an_unsupported_database_is_refused() -> None:
    """Before anything is connected."""
    with pytest.raises(NotConfigured):
        await migrate("postgresql+asyncpg://127.0.0.1/callscribe")
    with pytest.raises(NotConfigured):
        SqlStore("sqlite://", SetClock())
