"""`make live` on the emulator: what will be run against a real resource does what it says."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from acs_emulator import Emulator, Options
from tests.journeys.conftest import environment
from tests.programs import ROOT, free_port

pytestmark = pytest.mark.anyio

TARGET = "+15551239301"


async def test_the_live_journey_passes_on_the_emulator(tmp_path: Path) -> None:
    """With settings alone: nothing in it knows the emulator."""
    async with Emulator(Options(speed=10)) as emulator:
        talks = {"phoneNumber": TARGET, "dialogue": {"turns": [{"text": f"Line {n}."} for n in range(40)]}}
        async with httpx.AsyncClient(base_url=emulator.url) as control:
            assert (await control.post("/_emulator/callees", json=talks)).status_code == 201
        env = environment(
            emulator, tmp_path, free_port(), free_port(), LIVE_TARGET=TARGET, LIVE_CALLER_ID="+15559870000"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pytest", "-q", "-m", "live", "tests/live", f"--basetemp={tmp_path}/live",
            cwd=ROOT, env=env | {"PATH": os.environ["PATH"]},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()[-4000:]
    assert "1 passed" in out.decode()
