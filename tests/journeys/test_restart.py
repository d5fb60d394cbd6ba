"""callscribe is killed in the middle of calls, and begins again."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from acs_emulator import Emulator, Options
from tests.journeys.conftest import House, environment
from tests.journeys.survival import fault, placed, transcription
from tests.journeys.test_control import hang_up, say
from tests.programs import ROOT, administer, free_port, program

pytestmark = pytest.mark.anyio

SETTINGS = {"CALLSCRIBE_RETRY_FIRST_SECONDS": "0.4", "CALLSCRIBE_RECONNECT_SECONDS": "2"}


@contextlib.asynccontextmanager
async def doomed(env: Mapping[str, str], url: str) -> AsyncIterator[None]:
    """Onebox, ready, and killed without a warning at the end."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "onebox", cwd=ROOT, env=env)
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(30):
            while True:
                assert process.returncode is None
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{url}/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.05)
        yield
    finally:
        process.kill()
        await process.wait()


async def _heard_again(house: House, call: dict[str, Any]) -> None:
    """Transcription has come back by itself, and nothing about it is pending."""

    async def settled() -> bool:
        kept = await transcription(house, call)
        planned = (kept["recovery"] or {}).get("nextAttemptAt") or kept["operation"]
        gaps = (await house.transcript(call["id"]))["gaps"]
        ended = bool(gaps) and all(gap["endedAt"] for gap in gaps)
        return bool(kept["state"] == "active" and not planned and ended)

    await house.until(settled, "transcription is active again, and the gap has ended")


async def test_a_process_that_is_killed(tmp_path: Path) -> None:
    """What was heard before is there, what was missed is a gap, transcription comes back by itself, and a call that
    ended meanwhile, with nobody there to be told, is found to have ended."""
    port, ws_port = free_port(), free_port()
    url, ws_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ws_port}"
    async with contextlib.AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(Options(speed=20.0)))
        env = environment(emulator, tmp_path, port, ws_port, **SETTINGS)
        await administer(env, "migrate")
        made = await administer(env, "keys", "create", "--name", "tests", "--scope", "admin", "--json")
        headers = {"Authorization": f"Bearer {json.loads(made)['key']}"}
        api = await stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, timeout=30))
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=emulator.url, timeout=30))
        house = House(emulator, url, ws_url, api, control, tmp_path, "onebox")
        async with doomed(env, url):
            ending, going_on = await placed(house), await placed(house)
            for call in (ending, going_on):
                await house.transcribes(call["id"])
            await say(house, going_on, "Before.")
            await house.says(going_on["id"], "Before.")
        fault(house, "lose", what="callbacks", types=["CallDisconnected"], times=None)
        gone = {"speaker": "callee", "everyone": True}
        hung_up = await control.post(f"/_emulator/calls/{ending['callConnectionId']}/hang-up", json=gone)
        assert hung_up.status_code < 300, hung_up.text
        async with program("onebox", env, tmp_path, url):
            await house.reaches(ending["id"], "disconnected")
            house.emulator.faults.clear()
            await _heard_again(house, going_on)
            await say(house, going_on, "After.")
            transcript = await house.says(going_on["id"], "Before.", "After.")
            assert transcript["completeness"]["state"] == "incomplete"
            assert set(transcript["completeness"]["causes"]) & {"service-restart", "transcription-failed"}
            await hang_up(house, going_on["id"])
            await house.reaches(going_on["id"], "disconnected")
