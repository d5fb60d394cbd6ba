"""The transcript server's own archive: a hundred producers, each of which waits until its segment is on disk.

`python -m benchmarks.inside.commits DATABASE PRODUCERS SEGMENTS` prints segments, seconds and CPU seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from benchmarks.product import call_id
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.transcript import Segment, Stream, Word
from callscribe.ports import WriteSegment, WriteStream
from callscribe.runtime.loop import run

_STREAM = "stream"


def segment(number: int) -> Segment:
    """A segment of twelve words."""
    offset = 2_516_998_782_481_234_401 + number * 48_000_000
    words = tuple(Word(f"word{place}", offset + place * 4_000_000, 3_600_000) for place in range(12))
    return Segment(
        id=f"seg_{number}",
        stream_id=_STREAM,
        participant="4:+4930123456",
        text=" ".join(word.text for word in words),
        offset=offset,
        duration=48_000_000,
        confidence=0.87,
        locale=None,
        words=words,
        sentiment=None,
        received_at=1_800_000_000_000,
    )


async def _produce(archive: SqliteArchive, producer: int, segments: int) -> None:
    for number in range(segments):
        archive.put(WriteSegment(call_id(producer), segment(number)))
        await archive.drained()


async def fill(path: Path, segments: int) -> None:
    """Give the first call of a database so many segments."""
    async with SqliteArchive(path, capacity=segments + 1) as archive:
        archive.put(_stream(0))
        for number in range(segments):
            archive.put(WriteSegment(call_id(0), segment(number)))
        await archive.drained()


def _stream(call: int) -> WriteStream:
    return WriteStream(call_id(call), Stream(_STREAM, "subscription", "en-US", None, 1, 1_800_000_000_000))


async def main(path: Path, producers: int, segments: int) -> None:
    async with SqliteArchive(path) as archive:
        for number in range(producers):
            archive.put(_stream(number))
        await archive.drained()
        began, used = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for number in range(producers):
                group.create_task(_produce(archive, number, segments))
        took, cpu = time.perf_counter() - began, time.process_time() - used
    sys.stdout.write(f"{producers * segments} {took:.6f} {cpu:.6f}\n")


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
