"""Brings a database to the newest schema. Alembic does it, run by the program itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from callscribe.adapters.sql.engine import open_engines, outages, probe
from callscribe.domain.errors import NotConfigured

_MIGRATIONS = Path(__file__).with_name("migrations")


async def migrate(url: str) -> None:
    """Create or upgrade the tables in one transaction; harmless where they are there, also from two processes.

    Raises StoreUnavailable, or NotConfigured for a database that is not supported or has a newer schema.
    """
    engines = open_engines(url)
    await probe(url, create=True)
    try:
        with outages():
            async with engines.writing.begin() as connection:
                await connection.run_sync(_upgrade)
    finally:
        await engines.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    _check_known(ScriptDirectory.from_config(config), connection)
    command.upgrade(config, "head")


def _check_known(revisions: ScriptDirectory, connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {known.revision for known in revisions.walk_revisions()}:
        raise NotConfigured(
            f"CALLSCRIBE_DATABASE_URL names a database with the schema {found}, which this version does not know: "
            "a newer one made it. Run that version, or name another file"
        )
