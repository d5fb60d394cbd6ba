"""Sockets that are only open: what one of five thousand costs, and how long a thousand at once take to open."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from benchmarks import packets, product
from benchmarks.bench import Bench, Measure
from benchmarks.cases.packets import peer, sides
from benchmarks.figures import PRODUCT, Case, Outcome, judged
from benchmarks.generator import load
from benchmarks.processes import Program, Server, Watch, scratch, serving

IDLE, AT_ONCE = 5000, 1000
KIB, OPENED = "kib_per_socket", "seconds_to_open"
CASES = (
    Case(
        "idle-memory",
        "fastapi",
        KIB,
        1.8,
        "memory of an idle call at 5,000 sockets against a FastAPI socket",
        True,
    ),
)
BURSTS = (
    Case(
        "burst", "websockets", OPENED, 5.0, less_is_better=True,
        says="a burst of 1,000 connections against the library's default backlog",
    ),
)  # fmt: skip
Measured = Callable[[Server, Path, Path], Mapping[str, float]]
"""A measurement of a server, given its sockets' paths and the packets."""


def run(bench: Bench, wanted: Collection[str]) -> list[Outcome]:
    idle = [case for case in CASES if case.name in wanted]
    bursts = [case for case in BURSTS if case.name in wanted]
    done = []
    if idle:
        measures = {name: _measure(name, _memory) for name in sides(idle)}
        done += judged(idle, bench.interleaved(measures, "idle memory"))
    if bursts:
        measures = {name: _measure(name, _burst) for name in sides(bursts)}
        done += judged(bursts, bench.interleaved(measures, "burst"))
    return done


def _measure(name: str, what: Measured) -> Measure:
    return functools.partial(_product if name == PRODUCT else functools.partial(_peer, peer(name)), what)


def _peer(program: Program, what: Measured) -> Mapping[str, float]:
    with scratch() as folder:
        paths = folder / "paths"
        paths.write_text("/\n", encoding="utf-8")
        with serving(program, folder) as server:
            return what(server, paths, packets.write(folder / "packets"))


def _product(what: Measured) -> Mapping[str, float]:
    with product.house(product.MOST_CALLS) as house, serving(house.sockets(), house.folder) as server:
        return what(server, house.paths, packets.write(house.folder / "packets"))


def _memory(server: Server, paths: Path, packets: Path) -> Mapping[str, float]:
    """Each socket has had the packet that opens it; memory is taken when the server has done with that."""
    Watch(server).settled()
    before = server.resident()
    with load("hold", server.port, paths, packets, IDLE):
        Watch(server).settled()
        return {KIB: (server.resident() - before) / IDLE}


def _burst(server: Server, paths: Path, packets: Path) -> Mapping[str, float]:
    Watch(server).settled()
    watch = Watch(server)
    with load("burst", server.port, paths, packets, AT_ONCE) as opened:
        busy = watch.settled()
        return {OPENED: opened.opened, "cpu_us_per_socket": busy.cpu / AT_ONCE * 1e6}
