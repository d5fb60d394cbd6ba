"""Live deliveries: how many events a second reach a thousand readers of one call, beyond what any server can bear."""

from __future__ import annotations

import functools
import urllib.request
from collections.abc import Collection, Mapping

from benchmarks import install, packets, product
from benchmarks.bench import Bench, Measure
from benchmarks.cases.packets import sides
from benchmarks.figures import PRODUCT, Case, Outcome, judged
from benchmarks.generator import Heard, load, readers
from benchmarks.places import Failed
from benchmarks.processes import OTHER_CORE, Program, Server, Watch, scratch, serving

READERS, EVENTS, RATE = 1000, 100, 200.0
FIGURE = "deliveries_per_second"
CASES = (
    Case(
        "streams-queue",
        "queues",
        FIGURE,
        2.5,
        "live deliveries/s to 1,000 readers against StreamingResponse + Queue",
    ),
    Case(
        "streams-starlette",
        "sse-starlette",
        FIGURE,
        4.0,
        "live deliveries/s to 1,000 readers against sse-starlette",
    ),
)
_FILES = {"queues": "stream_queues", "sse-starlette": "stream_starlette"}


def run(bench: Bench, wanted: Collection[str]) -> list[Outcome]:
    cases = [case for case in CASES if case.name in wanted]
    if not cases:
        return []
    measures = {name: _measure(name) for name in sides(cases)}
    return judged(cases, bench.interleaved(measures, "live streams"))


def _measure(name: str) -> Measure:
    return _product if name == PRODUCT else functools.partial(_peer, _FILES[name])


def _peer(file: str) -> Mapping[str, float]:
    with (
        scratch() as folder,
        serving(Program([str(install.PYTHON), "-m", f"benchmarks.peers.{file}", "{port}"]), folder) as server,
    ):
        paths = folder / "streams"
        paths.write_text("/stream\n", encoding="utf-8")
        with readers(server.port, paths, READERS, READERS * EVENTS) as reading:
            Watch(server).settled()
            watch = Watch(server)
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/publish/{EVENTS}/{RATE}") as answer:
                answer.read()
            return _figures(server, watch, reading.heard())


def _product() -> Mapping[str, float]:
    """The transcript server, which takes the finals, is on the other core, with the bus."""
    with (
        product.house(1) as house,
        serving(house.sockets(), house.folder, OTHER_CORE) as sockets,
        serving(house.service(), house.folder) as server,
    ):
        paths = house.folder / "streams"
        paths.write_text(f"/v1/calls/{product.call_id(0)}/transcript/stream\n", encoding="utf-8")
        spoken = packets.write(house.folder / "packets", stamped=True, finals_only=True)
        bearer = f"Bearer {house.api_key}"
        with (
            readers(server.port, paths, READERS, READERS * EVENTS, bearer) as reading,
            load("paced", sockets.port, house.paths, spoken, 1, EVENTS, RATE) as sender,
        ):
            Watch(server).settled()
            watch = Watch(server)
            sender.send()
            return _figures(server, watch, reading.heard())


def _figures(server: Server, watch: Watch, heard: Heard) -> Mapping[str, float]:
    if heard.deliveries < READERS * EVENTS:
        raise Failed(f"{heard.deliveries} of {READERS * EVENTS} events were delivered")
    watch.look()
    return {
        FIGURE: heard.deliveries / (heard.last - watch.began),
        "cpu_us_per_delivery": watch.used / heard.deliveries * 1e6,
        "p50_ms": heard.p50 * 1000,
    }
