"""Durable acknowledgements: how many segments a second are on disk when each producer waits for its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence

from benchmarks import install, product
from benchmarks.bench import Bench
from benchmarks.figures import PRODUCT, Case, Outcome, judged
from benchmarks.places import ROOT, Failed
from benchmarks.processes import SERVER_CORE, pin, scratch

PRODUCERS = 100
CASES = (
    Case(
        "acknowledgements", "aiosqlite", "segments_per_second", 12.0,
        "segments/s, each waited for until it is on disk, by 100 producers against a commit per segment",
    ),
)  # fmt: skip
_EACH = {PRODUCT: 200, "aiosqlite": 30}


def run(bench: Bench, wanted: Collection[str]) -> list[Outcome]:
    cases = [case for case in CASES if case.name in wanted]
    if not cases:
        return []
    return judged(cases, bench.interleaved({PRODUCT: _product, "aiosqlite": _aiosqlite}, "acknowledgements"))


def _product() -> Mapping[str, float]:
    with product.database() as path:
        return _measured([sys.executable, "-m", "benchmarks.inside.commits", str(path)], _EACH[PRODUCT])


def _aiosqlite() -> Mapping[str, float]:
    with scratch() as folder:
        words = [str(install.PYTHON), "-m", "benchmarks.peers.commits", str(folder / "peer.sqlite3")]
        return _measured(words, _EACH["aiosqlite"])


def _measured(words: Sequence[str], each: int) -> Mapping[str, float]:
    segments, seconds, cpu = printed([*words, str(PRODUCERS), str(each)])
    return {"segments_per_second": segments / seconds, "cpu_us_per_segment": cpu / segments * 1e6}


def printed(words: Sequence[str]) -> list[float]:
    """The numbers that a program prints, which runs on the server's core. Raises Failed."""
    ended = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=lambda: pin(SERVER_CORE),
    )  # fmt: skip
    if ended.returncode:
        raise Failed(f"{' '.join(words)} failed:\n{ended.stderr[-2000:]}")
    return [float(number) for number in ended.stdout.split()]
