"""`python -m tests.sdks.emulated COMMAND …`: the command, beside an emulator that is its Azure.

The command finds in its environment what a stranger has to set: the connection string, and the file with the CA that
Python and Node trust besides their own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 30.0
SPEED = "5"
"""Emulated seconds per second: quick, and a phone still rings for six real seconds."""


@contextlib.contextmanager
def emulator() -> Iterator[dict[str, str]]:
    """The environment of a program that runs beside a new emulator."""
    with tempfile.TemporaryDirectory() as folder:
        ready, authority = Path(folder) / "ready.json", Path(folder) / "ca.pem"
        command = [sys.executable, "-m", "acs_emulator", "--http-port", "0", "--https-port", "0"]
        command += ["--speed", SPEED, "--ready-file", str(ready), "--ca-file", str(authority)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as program:
            try:
                told = _told(program, ready)
                yield {
                    **os.environ,
                    "ACS_CONNECTION_STRING": told["connectionString"],
                    "ACS_CONTROL_URL": told["httpUrl"],
                    "REQUESTS_CA_BUNDLE": str(authority),
                    "SSL_CERT_FILE": str(authority),
                    "NODE_EXTRA_CA_CERTS": str(authority),
                    "PYTHONPATH": str(ROOT),
                }
            finally:
                program.terminate()


def _told(program: subprocess.Popen[bytes], ready: Path) -> dict[str, str]:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and program.poll() is None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            told: dict[str, str] = json.loads(ready.read_text())
            return told
        time.sleep(0.05)
    raise AssertionError("the emulator did not start")


def drive(environment: dict[str, str], python: str, style: str) -> list[str]:
    """The command that drives the SDK which that Python has."""
    command = [python, "-m", "tests.sdks.drive", "--style", style]
    command += ["--connection-string", environment["ACS_CONNECTION_STRING"]]
    return [*command, "--control-url", environment["ACS_CONTROL_URL"]]


def main(words: list[str]) -> int:
    """The command's exit code."""
    with emulator() as environment:
        return subprocess.run(words, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
