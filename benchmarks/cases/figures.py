"""What is only printed: latencies, the highest rate, what idling costs, and how long the servers take to start."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping

from benchmarks import packets, product
from benchmarks.bench import Bench
from benchmarks.cases.answering import answering
from benchmarks.cases.commits import printed
from benchmarks.cases.packets import Shape, push
from benchmarks.generator import Heard, load, readers
from benchmarks.places import ROOT, TROUBLE, Failed
from benchmarks.processes import CORES, OTHER_CORE, Program, Watch, serving

READERS, PER_SECOND, SECONDS = 100, 5000, 5
RATES = (10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000)
BUSY = 0.95
BEHIND_S = 0.5
"""A server that needs longer than this after the last packet was due does not keep up."""
IDLE_S = 21.0
"""Longer than the time between two pings of a socket."""
STARTS = 3
_IMPORTS = """
import resource, sys, time
used = time.process_time()
import {module}
found = {{name.split('.')[0] for name in sys.modules}}
print(time.process_time() - used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, *(
    int(name in found) for name in ('azure', 'fastapi')))
"""


def run(bench: Bench, wanted: Collection[str]) -> None:
    for name, measure in FIGURES.items():
        if name in wanted:
            try:
                bench.figures[name] = measure(bench)
            except TROUBLE as trouble:
                bench.left_out[name] = str(trouble) or repr(trouble)
            else:
                bench.say(f"{name}: {bench.figures[name]}")


def _latency(bench: Bench) -> str:
    plain, deaf = _heard(0), _heard(1)
    return (
        f"packet to durable to live reader at {PER_SECOND} packets/s with {READERS} readers: {_percentiles(plain)}; "
        f"with one more that never reads: {_percentiles(deaf)}"
    )


def _percentiles(heard: Heard) -> str:
    return f"p50 {heard.p50 * 1000:.1f} ms, p99 {heard.p99 * 1000:.1f} ms"


def _heard(deaf: int) -> Heard:
    """A call for each reader; the transcript server has a core, everything else the other."""
    each = PER_SECOND * SECONDS // READERS
    expected = READERS * (each // packets.PIECES)
    with (
        product.house(READERS) as house,
        serving(house.sockets(), house.folder) as sockets,
        serving(house.service(), house.folder, OTHER_CORE) as service,
    ):
        paths = house.folder / "streams"
        calls = [*range(deaf), *range(READERS)]
        paths.write_text(
            "".join(f"/v1/calls/{product.call_id(call)}/transcript/stream\n" for call in calls),
            encoding="utf-8",
        )
        spoken = packets.write(house.folder / "packets", stamped=True)
        bearer, rate = f"Bearer {house.api_key}", -PER_SECOND / READERS
        with (
            readers(service.port, paths, READERS, expected, bearer, deaf) as reading,
            load("paced", sockets.port, house.paths, spoken, READERS, each, rate) as sender,
        ):
            Watch(service).settled()
            sender.send()
            heard = reading.heard()
    if heard.deliveries < expected:
        raise Failed(f"{heard.deliveries} of {expected} finals were delivered")
    return heard


def _highest_rate(bench: Bench) -> str:
    told, highest = [], 0
    for rate in RATES:
        used, kept_up = _load_at(rate)
        told.append(f"{rate:,}/s {used:.0%}{'' if kept_up else ' and behind'}")
        if used > BUSY or not kept_up:
            break
        highest = rate
    return (
        f"{highest:,} packets/s over 1,000 sockets at no more than {BUSY:.0%} of a core ({', '.join(told)})"
    )


def _load_at(rate: int) -> tuple[float, bool]:
    """The part of its core that the transcript server uses, and whether it keeps up."""
    shape = Shape("paced", 1000, rate * 2 // 1000, rate / 1000)
    with product.house() as house, serving(house.sockets(), house.folder) as server:
        busy, sent = push(server, shape, house.paths, packets.write(house.folder / "packets"))
    due = sent.packets / rate
    return busy.cpu / due, busy.seconds < due + BEHIND_S


def _idle(bench: Bench) -> str:
    many = product.MOST_CALLS
    with product.house(many) as house, serving(house.sockets(), house.folder) as server:
        Watch(server).settled()
        before = server.resident()
        with load("hold", server.port, house.paths, packets.write(house.folder / "packets"), many) as held:
            Watch(server).settled()
            kib = (server.resident() - before) / many
            idle = _used(server.cpu)
    return (
        f"{many:,} open in {held.opened:.1f} s, {kib:.1f} KiB each; CPU {idle:.1%} of a core over {IDLE_S:.0f} s "
        "with all of them idle, pings included"
    )


def _used(clock: Callable[[], float]) -> float:
    """The part of a core that a server uses while nothing happens."""
    began, used = time.monotonic(), clock()
    time.sleep(IDLE_S)
    return (clock() - used) / (time.monotonic() - began)


def _starting(bench: Bench) -> str:
    told = []
    with product.house(1) as house:
        servers: Mapping[str, Program] = {"transcript_ws": house.sockets(), "service": house.service()}
        for name, program in servers.items():
            took = []
            for _ in range(STARTS):
                began = time.monotonic()
                with serving(program, house.folder):
                    took.append(time.monotonic() - began)
            code = _IMPORTS.format(module=f"{name}.__main__")
            imports = [printed([sys.executable, "-c", code]) for _ in range(STARTS)]
            cpu, kib, azure, web = (statistics.median(column) for column in zip(*imports, strict=True))
            loads = [what for what, there in (("Azure's SDK", azure), ("a web framework", web)) if there]
            told.append(
                f"{name} listens after {statistics.median(took):.2f} s, imports for {cpu * 1000:.0f} ms of CPU and "
                f"{kib / 1024:.0f} MiB, loads {' and '.join(loads) or 'neither Azure SDK nor web framework'}"
            )
    return "; ".join(told)


def _emulator(bench: Bench) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.emulator"], cwd=ROOT, capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, CORES),
    )  # fmt: skip
    if ended.returncode:
        raise Failed(ended.stderr[-2000:])
    return "; ".join(" ".join(line.split()) for line in ended.stdout.splitlines())


FIGURES: Mapping[str, Callable[[Bench], str]] = {
    "latency": _latency,
    "answering": answering,
    "highest-rate": _highest_rate,
    "idle-sockets": _idle,
    "starting": _starting,
    "emulator": _emulator,
}
"""By name, each a sentence."""
