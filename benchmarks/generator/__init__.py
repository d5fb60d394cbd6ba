"""The load: a C program where a compiler is there, else the same in Python, on the core that the server does not have."""

from __future__ import annotations

import contextlib
import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.places import ROOT, WORK, Failed
from benchmarks.processes import OTHER_CORE, pin

HERE = Path(__file__).parent


@functools.cache
def program(name: str) -> tuple[str, ...]:
    """How the generator `name` is started; compiled once, if a compiler is there."""
    source, binary = HERE / f"{name}.c", WORK / name
    compiler = shutil.which("cc")
    if compiler is None:
        return (sys.executable, "-m", f"benchmarks.generator.{name}_in_python")
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        subprocess.run([compiler, "-O2", "-Wall", "-o", str(binary), str(source)], check=True)
    return (str(binary),)


@dataclass(frozen=True, slots=True)
class Sent:
    packets: int
    finals: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """Connections that are open; `opened` is how long that took, in seconds."""

    process: subprocess.Popen[str]
    opened: float

    def send(self) -> None:
        """Begin to send."""
        _tell(self.process)

    def sent(self) -> Sent:
        """Returns when everything is written."""
        packets, finals, seconds = heard(self.process, "sent")
        return Sent(int(packets), int(finals), seconds)


@contextlib.contextmanager
def load(
    mode: str, port: int, paths: Path, packets: Path, connections: int, amount: int = 0, rate: float = 0.0
) -> Iterator[Load]:
    """See load.c for the modes. The connections are closed on leaving. Raises Failed."""
    words = [mode, "127.0.0.1", str(port), str(paths), str(packets), str(connections), str(amount), str(rate)]
    with running("load", words) as process:
        (opened,) = heard(process, "open")
        yield Load(process, opened)


@contextlib.contextmanager
def running(name: str, words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A generator with its two pipes; killed on leaving."""
    with subprocess.Popen(
        [*program(name), *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        preexec_fn=functools.partial(pin, OTHER_CORE),
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def _tell(process: subprocess.Popen[str]) -> None:
    stdin = _pipe(process.stdin)
    try:
        stdin.write("\n")
        stdin.flush()
    except BrokenPipeError as gone:
        raise Failed("the generator ended before it could send") from gone


def heard(process: subprocess.Popen[str], word: str) -> tuple[float, ...]:
    """The numbers of the line that begins with `word`, which must be the next. Raises Failed."""
    first, *rest = _pipe(process.stdout).readline().split() or [""]
    if first != word:
        raise Failed(f"the generator ended before it could say {word!r}")
    return tuple(map(float, rest))


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@dataclass(frozen=True, slots=True)
class Heard:
    """What readers of live streams got: how many deliveries, when the last came (`time.monotonic`), and after how long."""

    deliveries: int
    last: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Readers:
    """Readers that all have had the beginning of their stream."""

    process: subprocess.Popen[str]

    def heard(self) -> Heard:
        """Returns when everything came that is expected, or nothing for ten seconds."""
        deliveries, last, p50, p99, _ = heard(self.process, "heard")
        return Heard(int(deliveries), last, p50, p99)


@contextlib.contextmanager
def readers(
    port: int, paths: Path, connections: int, expected: int, authorization: str = "none", deaf: int = 0
) -> Iterator[Readers]:
    """`deaf` more than `connections` ask and never read. Raises Failed."""
    words = [
        "127.0.0.1",
        str(port),
        str(paths),
        str(connections + deaf),
        str(deaf),
        str(expected),
        authorization,
    ]
    with running("readers", words) as process:
        heard(process, "open")
        yield Readers(process)
