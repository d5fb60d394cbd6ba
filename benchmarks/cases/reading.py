"""Reading a transcript of ten thousand segments over HTTP, against fetching its bare rows from the same database."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import statistics
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from benchmarks import install, product
from benchmarks.bench import Bench
from benchmarks.cases.commits import printed
from benchmarks.figures import PRODUCT, Case, Outcome, judged
from benchmarks.inside.commits import fill
from benchmarks.places import Failed
from benchmarks.processes import Server, serving

SEGMENTS, TIMES = 10_000, 5
SECONDS = "seconds"
CASES = (
    Case(
        "reading",
        "rows",
        SECONDS,
        1 / 3,
        "reading a transcript of 10,000 segments against its bare rows",
        True,
    ),
)


def run(bench: Bench, wanted: Collection[str]) -> list[Outcome]:
    cases = [case for case in CASES if case.name in wanted]
    if not cases:
        return []
    with product.house(1) as house:
        asyncio.run(fill(house.database, SEGMENTS))
        with serving(house.service(), house.folder) as server:
            measures = {
                PRODUCT: functools.partial(_product, server, house.api_key),
                "rows": functools.partial(_rows, house.database),
            }
            return judged(cases, bench.interleaved(measures, "reading"))


def _product(server: Server, api_key: str) -> Mapping[str, float]:
    """On a connection that is open; the first reading warms up."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as client:
        took = [_read(client, api_key) for _ in range(1 + TIMES)]
    return {SECONDS: statistics.median(seconds for seconds, _ in took[1:]), "mb": took[0][1] / 1e6}


def _read(client: http.client.HTTPConnection, api_key: str) -> tuple[float, int]:
    began = time.perf_counter()
    client.request(
        "GET", f"/v1/calls/{product.call_id(0)}/transcript", headers={"Authorization": f"Bearer {api_key}"}
    )
    answer = client.getresponse()
    body = answer.read()
    took = time.perf_counter() - began
    if answer.status != http.client.OK or body.count(b'"text":"word0') < SEGMENTS:
        raise Failed(f"the transcript came with {answer.status}: {body[:500]!r}")
    return took, len(body)


def _rows(database: Path) -> Mapping[str, float]:
    words = [
        str(install.PYTHON),
        "-m",
        "benchmarks.peers.rows",
        str(database),
        product.call_id(0),
        str(TIMES),
    ]
    rows, *took = printed(words)
    if rows != SEGMENTS:
        raise Failed(f"the call has {rows:.0f} rows")
    return {SECONDS: statistics.median(took)}
