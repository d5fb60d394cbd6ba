"""Packets per second with a hundred sockets, and CPU time per packet where each comes in a read of its own."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import install, packets, product
from benchmarks.bench import Bench, Measure
from benchmarks.figures import PRODUCT, Case, Outcome, judged
from benchmarks.generator import Sent, load
from benchmarks.places import Failed
from benchmarks.processes import Busy, Program, Server, Watch, scratch, serving

RATE, CPU = "packets_per_second", "cpu_us_per_packet"
CASES = (
    Case("websockets", "websockets", RATE, 1.0, "packets/s against a bare websockets + uvloop receive loop"),
    Case("tutorial", "tutorial", RATE, 20.0, "packets/s against Microsoft's Python tutorial as printed"),
    Case(
        "tutorial-silent", "tutorial-silent", RATE, 3.0, "packets/s against the tutorial without its prints"
    ),
    Case("node", "node", RATE, 1.5, "packets/s against Node ws + Microsoft's parser, storing nothing"),
    Case("fastapi", "fastapi", RATE, 5.0, "packets/s against FastAPI + pydantic, storing nothing"),
    Case(
        "sqlalchemy", "sqlalchemy", RATE, 30.0, "packets/s against FastAPI + SQLAlchemy, a commit per final"
    ),
)
WAVES = (
    Case(
        "websockets-cpu", "websockets", CPU, 1.0, less_is_better=True,
        says="CPU per packet, one per read over 1,000 sockets, against the bare receive loop",
    ),
)  # fmt: skip
SOCKETS, WAVE_SOCKETS = 100, 1000
WAVE_COUNT, WAVES_PER_SECOND = 40, 20
_EACH = {"tutorial": 100, "sqlalchemy": 60, "fastapi": 400, "tutorial-silent": 700}
"""Packets on each of a hundred connections: about a second's work."""
_MOST = 1500


@dataclass(frozen=True, slots=True)
class Shape:
    """How packets come: `amount` is that of the generator's mode."""

    mode: str
    sockets: int
    amount: int
    rate: float = 0.0


def run(bench: Bench, wanted: Collection[str]) -> list[Outcome]:
    blast = [case for case in CASES if case.name in wanted]
    waves = [case for case in WAVES if case.name in wanted]
    if any(case.peer == "node" for case in blast) and (missing := install.node_peers()):
        bench.left_out["node"] = missing
        blast = [case for case in blast if case.peer != "node"]
    done = []
    if blast:
        measures = {name: _measure(name, _blast(name)) for name in sides(blast)}
        done += judged(blast, bench.interleaved(measures, "packets"))
    if waves:
        shape = Shape("paced", WAVE_SOCKETS, WAVE_COUNT, WAVES_PER_SECOND)
        measures = {name: _measure(name, shape) for name in sides(waves)}
        done += judged(waves, bench.interleaved(measures, "one packet per read"))
    return done


def sides(cases: Collection[Case]) -> list[str]:
    return [PRODUCT, *dict.fromkeys(case.peer for case in cases)] if cases else []


def _blast(name: str) -> Shape:
    return Shape("blast", SOCKETS, _EACH.get(name, _MOST))


def _measure(name: str, shape: Shape) -> Measure:
    return functools.partial(_product if name == PRODUCT else functools.partial(_peer, name), shape)


def _peer(name: str, shape: Shape) -> Mapping[str, float]:
    with scratch() as folder:
        paths = folder / "paths"
        paths.write_text("/\n", encoding="utf-8")
        with serving(peer(name), folder) as server:
            busy, sent = push(server, shape, paths, packets.write(folder / "packets"))
    return _figures(busy, sent)


def _product(shape: Shape) -> Mapping[str, float]:
    with product.house() as house, serving(house.sockets(), house.folder) as server:
        busy, sent = push(server, shape, house.paths, packets.write(house.folder / "packets"))
        stored = house.count("segments")
        if stored != sent.finals:
            raise Failed(f"of {sent.finals} finals {stored} were stored")
    return _figures(busy, sent)


def push(server: Server, shape: Shape, paths: Path, packets: Path) -> tuple[Busy, Sent]:
    """What the server did from the first packet until it had nothing more to do; connections stay open meanwhile."""
    with load(shape.mode, server.port, paths, packets, shape.sockets, shape.amount, shape.rate) as sender:
        Watch(server).settled()
        watch = Watch(server)
        sender.send()
        sent = sender.sent()
        return watch.settled(), sent


def _figures(busy: Busy, sent: Sent) -> Mapping[str, float]:
    return {RATE: sent.packets / busy.seconds, CPU: busy.cpu / sent.packets * 1e6}


def peer(name: str) -> Program:
    """How a peer of the packet cases is started."""
    python = str(install.PYTHON)
    match name:
        case "websockets":
            return Program([python, "-m", "benchmarks.peers.bare_websockets", "{port}"])
        case "tutorial":
            return Program([python, "-m", "benchmarks.peers.tutorial", "{port}", "printing"], silent=True)
        case "tutorial-silent":
            return Program([python, "-m", "benchmarks.peers.tutorial", "{port}", "silent"])
        case "node":
            return Program(["node", str(install.NODE / "node.mjs"), "{port}"])
        case "fastapi":
            return Program([python, "-m", "benchmarks.peers.fastapi_sockets", "{port}", "nothing"])
        case "sqlalchemy":
            return Program(
                [python, "-m", "benchmarks.peers.fastapi_sockets", "{port}", "{folder}/peer.sqlite3"]
            )
    raise Failed(f"there is no peer {name!r}")
