"""Two processes write one call, and one of them is killed."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.changes import ChangeKind
from callscribe.ports import WriteSegment, WriteStream
from tests.callscribe.adapters.samples import NOW, a_call, a_segment, a_stream

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[4]

WRITER = """
import asyncio, itertools, sys
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.ports import WriteSegment, WriteStream
from tests.callscribe.adapters.samples import a_segment, a_stream

async def main(path, name, most):
    async with SqliteArchive(path) as archive:
        archive.on_commit(lambda committed: print(committed.numbers.get("call_1", 0), flush=True))
        archive.put(WriteStream("call_1", a_stream()))
        for number in itertools.count() if most == 0 else range(most):
            archive.put(WriteSegment("call_1", a_segment(number, id=f"{name}_{number}")))
            if archive.queued > 50:
                await archive.drained()
            elif number % 7 == 0:
                await asyncio.sleep(0)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def writer(path: Path, name: str, most: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), name, str(most), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


@pytest.fixture(autouse=True)
async def call_1(store: SqlStore) -> None:
    async with store.transaction() as transaction:
        await transaction.insert_call(a_call())


async def test_numbers_have_no_holes_though_two_processes_take_them(store: SqlStore, path: Path) -> None:
    """The service's changes and the transcript server's segments of one call, and another archive beside it."""
    process = await writer(path, "child", 400)
    async with SqliteArchive(path) as archive:
        archive.put(WriteStream("call_1", a_stream()))
        for number in range(100):
            archive.put(WriteSegment("call_1", a_segment(number, id=f"own_{number}")))
            async with store.transaction() as transaction:
                await transaction.change("call_1", ChangeKind.CALL, NOW, b"{}")
        await archive.drained()
        await process.communicate()
    assert process.returncode == 0
    changes = await store.tail("call_1", 0, 1000)
    assert [one.number for one in changes] == list(range(1, 601))
    assert sum(one.kind is ChangeKind.SEGMENT for one in changes) == 500
    stored = await store.call("call_1")
    assert stored is not None
    assert stored.last_change == 600


async def test_what_was_told_survives_kill_9(store: SqlStore, path: Path) -> None:
    """However often: every number told before is on the record, and the next process goes on without a hole."""
    for number in range(3):
        process = await writer(path, f"run{number}", 0)
        assert process.stdout is not None
        told = 0
        for _ in range(10):
            told = max(told, int(await process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        rest = await process.stdout.read()
        await process.wait()
        told = max([told, *(int(line) for line in rest.split(b"\n")[:-1])])
        transcript = await store.transcript("call_1")
        assert transcript is not None
        assert told > 0
        assert transcript.stored.last_change >= told
        assert [one.number for one in transcript.segments] == list(
            range(1, transcript.stored.last_change + 1)
        )
