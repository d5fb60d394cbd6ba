"""The programs that a command starts, and ends whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from callscribe.cli.trouble import Trouble

_PATIENCE = 8.0
"""Seconds that a program gets to end by itself before it is killed."""
_TAIL = 15


class Child:
    """A running program: `python -m module`, in a process group of its own, its output in a file."""

    def __init__(self, module: str, arguments: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self.module = module
        self.log = folder / f"{module}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises Trouble where the program has ended although nobody asked it to."""
        status = self._process.poll()
        if status is not None:
            last = next(iter(tail(self.log)[-1:]), "it said nothing")
            raise Trouble(
                f"{self.module} ended by itself (status {status}): {last} (all of it is in {self.log})."
            )

    def end(self) -> None:
        """Ask it to stop, wait, and kill its group where it does not."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def tail(log: Path) -> list[str]:
    """The last lines of a log that are not empty."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if line.strip()][-_TAIL:]


def run(module: str, arguments: Sequence[str], env: Mapping[str, str]) -> str:
    """What a program printed that ends by itself within a minute. Raises Trouble with its last line."""
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except subprocess.TimeoutExpired as fault:
        raise Trouble(f"python -m {module} {' '.join(arguments)} did not end within a minute.") from fault
    except subprocess.CalledProcessError as fault:
        said = (fault.stderr or fault.stdout or "it said nothing").strip().splitlines()[-1]
        raise Trouble(f"python -m {module} {' '.join(arguments)} failed: {said}") from fault
    return done.stdout


def foreground(module: str, arguments: Sequence[str]) -> int:
    """Run `python -m module` in this terminal until it ends; its exit code. Ctrl-C and SIGTERM reach it."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments]) as process:

        def pass_on(number: int, _: FrameType | None) -> None:
            process.send_signal(number)

        before = {
            number: signal.signal(number, handler)
            for number, handler in ((signal.SIGTERM, pass_on), (signal.SIGINT, signal.SIG_IGN))
        }
        try:
            return process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def ended_at_last() -> Iterator[list[Child]]:
    """A list of programs that are ended, the last first, when the block is left, also by SIGTERM."""
    children: list[Child] = []
    before = signal.signal(signal.SIGTERM, _interrupted)
    try:
        yield children
    finally:
        for child in reversed(children):
            child.end()
        signal.signal(signal.SIGTERM, before)


def _interrupted(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def wait_until(is_ready: Callable[[], bool], children: Sequence[Child], what: str, seconds: float) -> None:
    """Returns when `is_ready` says so. Raises Trouble where a program ends or the time is over before."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            raise Trouble(f"{what} took longer than {seconds:.0f} seconds.")
        time.sleep(0.1)
