from pathlib import Path

import pytest

from callscribe.adapters.sql.sqlite import sqlite_path, sqlite_url


def test_a_path_comes_back_from_its_url(tmp_path: Path) -> None:
    """Absolute, so that both programs mean the same file wherever they were started."""
    assert sqlite_path(sqlite_url(tmp_path / "a b.db")) == tmp_path / "a b.db"
    assert sqlite_path(sqlite_url("a.db")) == Path.cwd() / "a.db"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///callscribe.db", Path("callscribe.db")),
        ("sqlite+aiosqlite:////data/callscribe.db?timeout=5", Path("/data/callscribe.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("postgresql+asyncpg://host/callscribe", None),
    ],
)
def test_only_a_url_of_a_file_has_a_path(url: str, path: Path | None) -> None:
    """Two processes cannot share a database in memory."""
    assert sqlite_path(url) == path
