import subprocess
import sys

PROGRAM = """
import sys
import callscribe.adapters.sql.writer
heavy = {"sqlalchemy", "alembic", "aiosqlite", "greenlet", "redis", "pydantic", "azure"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_archive_loads_no_sql_toolkit() -> None:
    """The transcript server starts fast and small."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "[]\n"
