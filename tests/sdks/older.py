"""The older versions of the official Python SDK, each in an environment of its own; run by `make test-sdks`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.sdks import emulated

ROOT = Path(__file__).parents[2]
VERSIONS = ("1.4", "1.5")


@pytest.mark.parametrize("style", ["sync", "async"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_operation_of_an_older_version(version: str, style: str) -> None:
    """Driven over TLS with a connection string; the driver fails where a public method was left out."""
    python = str(ROOT / f".venv-sdk-{version}" / "bin" / "python")
    with emulated.emulator() as environment:
        outcome = subprocess.run(
            emulated.drive(environment, python, style),
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=80, check=False,
        )  # fmt: skip
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert outcome.stdout.splitlines()[-1].startswith(f"SDK {version}.0 {style}: ")
