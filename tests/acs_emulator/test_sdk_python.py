"""The official Python SDK as a stranger uses it: a program of its own, a connection string, a CA file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from acs_emulator.rest import operations
from tests.sdks import emulated

ROOT = Path(__file__).parents[2]
BEYOND_THIS_SDK = {
    "summarizeCall",
    "createIdentity",
    "deleteIdentity",
    "issueAccessToken",
    "revokeAccessTokens",
    "exchangeTeamsUserAccessToken",
}
"""Operations of a preview, and of the SDK of identities."""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """What a stranger's program finds beside one emulator."""
    with emulated.emulator() as told:
        yield told


def drive(environment: dict[str, str], style: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*emulated.drive(environment, sys.executable, style), *more]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=80, check=False
    )


@pytest.mark.parametrize("style", ["sync", "async"])
def test_every_operation_of_the_newest_version(environment: dict[str, str], style: str) -> None:
    """Driven over TLS, with its events parsed; every public method of the clients, found by looking at them, which ask
    for every operation of the service."""
    _control("POST", environment, "reset")
    outcome = drive(environment, style)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    driven, known = _count(outcome.stdout)
    assert driven == known
    assert known >= 41
    entries = _control("GET", environment, "journal?kind=request").json()["entries"]
    statuses = {entry["operation"]: entry["status"] for entry in entries}
    assert set(statuses) >= operations.NAMES - BEYOND_THIS_SDK
    assert max(statuses.values()) < 500


def test_an_operation_that_nobody_drives_is_told(environment: dict[str, str]) -> None:
    """Where scenes are left out, the driver fails and names the methods that only they drive."""
    outcome = drive(environment, "async", "--only", "people")
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "not driven: CallConnectionClient.play_media\n" in outcome.stderr
    assert "not driven: CallConnectionClient.add_participant\n" not in outcome.stderr


def test_a_stranger_without_the_ca_does_not_get_in(environment: dict[str, str]) -> None:
    """The connection is TLS, and its certificate is checked."""
    without = {name: one for name, one in environment.items() if not name.endswith(("BUNDLE", "FILE"))}
    outcome = drive(without, "sync", "--only", "playing")
    assert outcome.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.stderr


def _control(method: str, environment: dict[str, str], path: str) -> httpx.Response:
    return httpx.request(method, f"{environment['ACS_CONTROL_URL']}/_emulator/{path}")


def _count(said: str) -> tuple[int, int]:
    """`SDK 1.6.0 sync: 41 of 41 methods driven …` as numbers."""
    words = said.splitlines()[-1].split()
    return int(words[3]), int(words[5])
