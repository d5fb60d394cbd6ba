"""A commit per segment through aiosqlite: a hundred producers share a connection in autocommit mode, and each waits
until its segment is on disk (`synchronous=FULL`). `python -m benchmarks.peers.commits DATABASE PRODUCERS SEGMENTS` prints segments, seconds and
CPU seconds.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import aiosqlite
import uvloop

TABLE = """
CREATE TABLE segments (call TEXT, id TEXT, participant TEXT, text TEXT, "offset" INTEGER, duration INTEGER, words TEXT,
                       UNIQUE (call, id))"""
INSERT = 'INSERT INTO segments (call, id, participant, text, "offset", duration, words) VALUES (?, ?, ?, ?, ?, ?, ?)'


def row(producer: int, number: int) -> tuple[object, ...]:
    """A segment of twelve words, as the product's."""
    offset = 2_516_998_782_481_234_401 + number * 48_000_000
    words = [(f"word{place}", offset + place * 4_000_000, 3_600_000) for place in range(12)]
    text = " ".join(word for word, _, _ in words)
    return f"call_{producer}", f"seg_{number}", "4:+4930123456", text, offset, 48_000_000, json.dumps(words)


async def produce(connection: aiosqlite.Connection, producer: int, segments: int) -> None:
    for number in range(segments):
        await connection.execute(INSERT, row(producer, number))


async def main(path: Path, producers: int, segments: int) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        await connection.execute(TABLE)
        began, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(produce(connection, number, segments) for number in range(producers)))
        took, cpu = time.perf_counter() - began, time.process_time() - used
    sys.stdout.write(f"{producers * segments} {took:.6f} {cpu:.6f}\n")


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
