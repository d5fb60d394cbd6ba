"""Servers under measurement: a process of its own on a core of its own, and what it has used of it.

The server is pinned to the first core that this process may use, everything else to the last: on a machine with one
core they share it, and wall rates mean little. CPU time is the clock of the whole process, so it survives a machine
that others use too.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.places import ROOT, WORK, Failed

if not hasattr(os, "sched_setaffinity"):
    raise SystemExit("The benchmarks need Linux: they give each server a core, and read its CPU clock.")

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, OTHER_CORE = CORES[0], CORES[-1]
PATIENCE_S = 60.0
ENDING_S = 3.0
"""After SIGTERM; what a server does at its end is not measured."""
QUIET_S = 0.25
QUIET_CPU_S = 0.001
"""A server that has used less than this within `QUIET_S` has done its work."""
_PORTS = range(20_000, 30_000)
"""Below the range from which outgoing connections take theirs."""


def free_port() -> int:
    """A port on which nobody listens."""
    for port in random.sample(_PORTS, 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise Failed("no free port was found")


def pin(core: int, pid: int = 0) -> None:
    os.sched_setaffinity(pid, {core})


@dataclass(frozen=True, slots=True)
class Server:
    """A process that listens on `port` of this machine."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu(self) -> float:
        """Seconds of CPU time of all its threads (clock_getcpuclockid(3): the process's clock by its number)."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def resident(self) -> float:
        """KiB of memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return float(line.split()[1])

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


@dataclass(frozen=True, slots=True)
class Program:
    """How a server is started; `{port}` and `{folder}` in its words are replaced."""

    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    """Its standard output is thrown away."""


@contextlib.contextmanager
def serving(
    program: Program, folder: Path, core: int = SERVER_CORE, port: int | None = None
) -> Iterator[Server]:
    """A server that accepts connections; ended by SIGTERM. Raises Failed."""
    port = port or free_port()
    words = [word.replace("{port}", str(port)).replace("{folder}", str(folder)) for word in program.words]
    env = {
        name: value.replace("{port}", str(port)).replace("{folder}", str(folder))
        for name, value in program.env.items()
    }
    log = folder / f"{port}.log"
    with log.open("wb") as err, subprocess.Popen(
        words, cwd=ROOT, env=_clean() | env, stdin=subprocess.DEVNULL, stderr=err,
        stdout=subprocess.DEVNULL if program.silent else err, preexec_fn=functools.partial(pin, core),
        start_new_session=True,
    ) as process:  # fmt: skip
        server = Server(process, port, log)
        try:
            _wait(server)
            yield server
        except Failed as failed:
            raise Failed(f"{failed}\n{server.said()}".rstrip()) from failed
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a server with all that it started itself."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(ENDING_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CALLSCRIBE_")}


def _wait(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while server.process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(0.01)
    raise Failed(f"{server.process.args!r} did not start")


@dataclass(frozen=True, slots=True)
class Busy:
    """What a server did since `Watch` began: how long it took, and how much CPU time."""

    seconds: float
    cpu: float


class Watch:
    """Watches a server from now on until it has nothing more to do."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._seen = [(time.monotonic(), server.cpu())]

    @property
    def began(self) -> float:
        return self._seen[0][0]

    @property
    def used(self) -> float:
        """CPU time from the beginning to the last look."""
        return self._seen[-1][1] - self._seen[0][1]

    def look(self) -> None:
        self._seen.append((time.monotonic(), self._server.cpu()))

    def settled(self, within: float = PATIENCE_S) -> Busy:
        """Returns once the server is quiet; the work ended when all but a millisecond of its CPU time was used."""
        deadline = time.monotonic() + within
        while not self._quiet():
            if time.monotonic() > deadline:
                raise Failed(f"{self._server.process.args!r} is still busy after {within:.0f} s")
            if self._server.process.poll() is not None:
                raise Failed(f"{self._server.process.args!r} ended")
            time.sleep(0.005)
            self.look()
        return work_in(self._seen)

    def _quiet(self) -> bool:
        until, used = self._seen[-1]
        before = next((cpu for at, cpu in reversed(self._seen) if until - at >= QUIET_S), None)
        return before is not None and used - before < QUIET_CPU_S


def work_in(seen: Sequence[tuple[float, float]]) -> Busy:
    """The work in a series of (time, CPU time so far), whose last ones are of a server that is quiet."""
    (began, before), (_, used) = seen[0], seen[-1]
    ended = next(at for at, cpu in seen if used - cpu < QUIET_CPU_S)
    return Busy(ended - began, used - before)


def sweep() -> None:
    """Take away the folders of runs that were killed."""
    for path in WORK.glob("run-*"):
        if not Path(f"/proc/{path.name.split('-')[1]}").exists():
            shutil.rmtree(path)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder of its own beside the databases, gone afterwards."""
    folder = WORK / f"run-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
