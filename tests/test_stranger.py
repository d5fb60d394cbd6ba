"""A stranger's application, which knows nothing of the emulator, run beside it as a program of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acs_emulator.client import EmulatorClient
from tests.programs import free_port
from tests.sdks import emulated

PROGRAM = Path(__file__).parents[1] / "examples/call-automation/answer_and_transcribe.py"
READY_WITHIN_S = 30.0
CALLER = "+15551230001"


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """What the emulator's start tells."""
    with emulated.emulator() as told:
        yield told


@pytest.fixture
def callback_url(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Where the application listens. It was given its connection string, its callback URL and the CA, and no more."""
    url = f"http://127.0.0.1:{free_port()}"
    own = {
        "PATH": os.environ.get("PATH", ""),
        "CONNECTION_STRING": environment["ACS_CONNECTION_STRING"],
        "CALLBACK_URL": url,
        "SSL_CERT_FILE": environment["SSL_CERT_FILE"],
    }
    log = tmp_path / "application.log"
    with (
        log.open("wb") as out,
        subprocess.Popen([sys.executable, PROGRAM], cwd=tmp_path, env=own, stdout=out, stderr=out) as program,
    ):
        try:
            _listening(program, int(url.rpartition(":")[2]), log)
            yield url
        finally:
            program.terminate()


def _listening(program: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and program.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_a_call_from_its_ring_to_its_recording(
    environment: dict[str, str], callback_url: str, tmp_path: Path
) -> None:
    """It answers, asks, is told the digits that were pressed and the sentence that was said, thanks, hangs up, and
    hears where its recording lies."""
    with EmulatorClient(environment["ACS_CONTROL_URL"]) as people:
        assert people.subscribe(f"{callback_url}/events").validated
        people.dial_in(
            CALLER,
            "+15559870000",
            {"press": "4711", "after": "prompt"},
            {"text": "My parcel never came.", "silence": 1},
            hang_up=False,
        )
        ended = people.wait_for("callback", type="CallDisconnected", within=40)
        people.wait_for("eventgrid", type="RecordingFileStatusUpdated", within=40)
        requests = people.journal("request").entries
        people.reset(subscriptions=True)
    assert ended.data["status"] == 200
    assert max(entry.data["status"] for entry in requests) < 400
    said = (tmp_path / "application.log").read_text().splitlines()
    assert "digits four seven one one" in said
    assert "heard My parcel never came." in said
    names = {
        "CallConnected",
        "TranscriptionStarted",
        "RecognizeCompleted",
        "PlayCompleted",
        "CallDisconnected",
    }
    assert names <= set(said)
    assert any(line.startswith("recorded ") for line in said)
