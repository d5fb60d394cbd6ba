"""Fixtures that run the emulator for tests: `acs_emulator` and what it is made of.

    def test_an_incoming_call_is_answered(acs_emulator):
        client = CallAutomationClient.from_connection_string(acs_emulator.connection_string)
        acs_emulator.client.subscribe("http://127.0.0.1:8080/events")
        acs_emulator.client.dial_in("+15551230001", "+15559870000", "Hello?")
        acs_emulator.client.wait_for("callback", type="CallConnected")

The emulator is a program of its own, one per session (one per worker of pytest-xdist), on free ports. Synchronous and
asynchronous tests may use it; nothing is started for tests that do not ask for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acs_emulator.client import AsyncEmulatorClient, EmulatorClient

START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """An emulator that a test may use."""

    url: str
    """Over plain HTTP, without a slash at its end."""
    https_url: str
    connection_string: str
    """For the SDKs, which speak https with it and have to trust `ca_file`."""
    access_key: str
    resource_id: str
    ca_file: Path
    """The certificate of its authority, in PEM."""
    client: EmulatorClient
    """Its control plane."""
    description: Mapping[str, Any]
    """All that its ready file tells, such as what Entra's clients need."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which Python's (synchronous, asynchronous) and Node's clients trust it."""
        names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, str(self.ca_file))

    def async_client(self) -> AsyncEmulatorClient:
        """A client of the control plane for asynchronous tests: `async with acs_emulator.async_client() as control:`."""
        return AsyncEmulatorClient(self.url)


@pytest.fixture(scope="session")
def acs_emulator_arguments() -> Sequence[str]:
    """Further arguments of `python -m acs_emulator`, such as `("--speed", "50")`; override it in your conftest."""
    return ()


@pytest.fixture(scope="session")
def acs_emulator_session(
    acs_emulator_arguments: Sequence[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEmulator]:
    """The emulator of this session; its calls, faults and subscriptions live on from test to test."""
    folder = tmp_path_factory.mktemp("acs_emulator")
    ca_file, ready_file, log = folder / "ca.pem", folder / "ready.json", folder / "log.txt"
    command = [sys.executable, "-m", "acs_emulator", "--http-port", "0", "--https-port", "0"]
    files = ["--ca-file", str(ca_file), "--ready-file", str(ready_file)]
    with log.open("wb") as output:
        program = subprocess.Popen(
            [*command, *files, *acs_emulator_arguments], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        told = _ready(program, ready_file, log)
        with EmulatorClient(told["httpUrl"]) as client:
            yield RunningEmulator(
                url=told["httpUrl"],
                https_url=told["httpsUrl"],
                connection_string=told["connectionString"],
                access_key=told["accessKey"],
                resource_id=told["resourceId"],
                ca_file=ca_file,
                client=client,
                description=told,
            )
    finally:
        _stop(program)


@pytest.fixture
def acs_emulator(acs_emulator_session: RunningEmulator) -> Iterator[RunningEmulator]:
    """The emulator as new: after the test, calls, faults, journal and subscriptions are forgotten."""
    yield acs_emulator_session
    acs_emulator_session.client.reset(subscriptions=True)


def _ready(program: subprocess.Popen[bytes], ready_file: Path, log: Path) -> dict[str, Any]:
    """What the emulator tells about itself once it listens."""
    deadline = time.monotonic() + START_SECONDS
    while program.poll() is None and time.monotonic() < deadline:
        text = ready_file.read_text() if ready_file.exists() else ""
        if text.endswith("\n"):
            told: dict[str, Any] = json.loads(text)
            return told
        time.sleep(0.02)
    pytest.fail(f"the ACS emulator did not start:\n{log.read_text(errors='replace')}", pytrace=False)


def _stop(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
