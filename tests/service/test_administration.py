import argparse
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain.access import Scope, admits, split
from callscribe.domain.errors import DatabaseNotMigrated, KeyNotFound
from callscribe.runtime.trouble import sentences
from service.administration import Desk, add_commands, run

pytestmark = pytest.mark.anyio


@dataclass
class Terminal:
    """Runs commands on one database and shows what they print."""

    url: str
    out: str = ""
    err: str = ""

    async def __call__(self, *words: str) -> None:
        parser = argparse.ArgumentParser()
        add_commands(parser.add_subparsers(dest="command", required=True))
        out, err = io.StringIO(), io.StringIO()
        clock = SystemClock()

        @asynccontextmanager
        async def open_store() -> AsyncIterator[SqlStore]:
            async with SqlStore(self.url, clock) as store:
                yield store

        desk = Desk(lambda: migrate(self.url), open_store, clock, RandomIds(clock), out, err)
        try:
            await run(parser.parse_args(words), desk)
        finally:
            self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(sqlite_url(tmp_path / "callscribe.db"))


async def test_migrate(terminal: Terminal) -> None:
    """makes the database, and does no harm when it is repeated."""
    await terminal("migrate")
    await terminal("migrate")
    assert terminal.out == "The database has the newest schema.\n"
    async with SqlStore(terminal.url, SystemClock()) as store:
        await store.ping()


async def test_keys_before_the_database(terminal: Terminal) -> None:
    """say in a sentence what to do."""
    with pytest.raises(DatabaseNotMigrated) as refused:
        await terminal("keys", "list")
    assert terminal.out == ""
    assert sentences(refused.value).endswith(". Run `python -m service migrate`.")


async def test_a_new_key(terminal: Terminal) -> None:
    """is written alone to standard output, once; the list shows it without its secret."""
    await terminal("migrate")
    await terminal("keys", "create", "--name", "console", "--scope", "control", "--scope", "read")
    written = terminal.out.removesuffix("\n")
    parts = split(written)
    assert parts is not None
    key_id, secret = parts
    assert secret not in terminal.err
    async with SqlStore(terminal.url, SystemClock()) as store:
        key = await store.api_key(key_id)
    assert key is not None
    assert admits(key, secret)
    assert key.scopes == {Scope.READ, Scope.CONTROL}
    await terminal("keys", "list")
    header, row = terminal.out.splitlines()
    assert header.split() == ["ID", "SCOPES", "CREATED", "REVOKED", "NAME"]
    assert row.split() == [key_id, "read,control", row.split()[2], "-", "console"]
    assert secret not in terminal.out


async def test_a_key_for_a_program(terminal: Terminal) -> None:
    """is written as JSON, and nothing else is."""
    await terminal("migrate")
    await terminal("keys", "create", "--name", "demo", "--scope", "control", "--json")
    shown = json.loads(terminal.out)
    assert split(shown["key"]) is not None
    assert shown == {"id": shown["id"], "key": shown["key"], "scopes": ["control"]}
    assert terminal.err == ""


async def test_a_key_without_a_scope(terminal: Terminal) -> None:
    """may read."""
    await terminal("migrate")
    await terminal("keys", "create", "--name", "console")
    assert "(read)" in terminal.err


async def test_a_revoked_key(terminal: Terminal) -> None:
    """is listed with the time of its end."""
    await terminal("migrate")
    await terminal("keys", "create", "--name", "console")
    [key_id, _] = split(terminal.out.strip()) or ("", "")
    await terminal("keys", "revoke", key_id)
    assert terminal.out == f"Key {key_id} is revoked.\n"
    await terminal("keys", "list")
    assert terminal.out.splitlines()[1].split()[3].endswith("Z")


async def test_an_unknown_key(terminal: Terminal) -> None:
    """cannot be revoked."""
    await terminal("migrate")
    with pytest.raises(KeyNotFound):
        await terminal("keys", "revoke", "nokey")


@pytest.mark.parametrize(
    "words",
    [
        ("keys",),
        ("keys", "create"),
        ("keys", "create", "--name", " "),
        ("keys", "create", "--name", "a\nb"),
        ("keys", "create", "--name", "x" * 101),
        ("keys", "create", "--name", "x", "--scope", "all"),
        ("keys", "revoke"),
        ("key", "list"),
    ],
)
async def test_a_command_that_is_none(
    terminal: Terminal, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """is refused by its usage, with status 2."""
    with pytest.raises(SystemExit) as caught:
        await terminal(*words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
