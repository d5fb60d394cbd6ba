"""A call through a real ACS resource: `make live`.

The settings are the service's own (`CALLSCRIBE_…`), with public URLs that lead to this machine. Besides them
`LIVE_TARGET` names who is called (a phone number or raw id; somebody or something that answers and talks) and
`LIVE_CALLER_ID` a number of the resource. What ACS did is written to `build/live.json`, to be compared with
docs/assumptions.md.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.programs import ROOT, administer, program

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.live,
    pytest.mark.timeout(300),
    pytest.mark.skipif("LIVE_TARGET" not in os.environ, reason="LIVE_TARGET names nobody to call"),
]
WAIT = {"Prefer": "wait=30"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    env = os.environ | {
        "CALLSCRIBE_DATABASE_URL": f"sqlite:///{tmp_path}/live.sqlite3",
        "PYTHONPATH": str(ROOT),
    }
    url = f"http://127.0.0.1:{env.get('CALLSCRIBE_PORT', '8080')}"
    await administer(env, "migrate")
    key = json.loads(await administer(env, "keys", "create", "--name", "live", "--scope", "admin", "--json"))
    async with (
        program("onebox", env, tmp_path, url),
        httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key['key']}"}, timeout=60
        ) as client,
    ):
        yield client


async def until(api: httpx.AsyncClient, path: str, state: str, within: float = 90) -> dict[str, Any]:
    async with asyncio.timeout(within):
        while True:
            found = (await api.get(path)).json()
            if found["state"] == state:
                return dict(found)
            assert found["state"] != "failed", found
            await asyncio.sleep(0.5)
    raise AssertionError("unreachable")


async def control(api: httpx.AsyncClient, call: str, what: str, **body: Any) -> None:
    answer = await api.post(f"{call}/transcription/{what}", json=body, headers=WAIT)
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded"), answer.text


async def test_a_call_is_placed_transcribed_relocated_stopped_and_ended(api: httpx.AsyncClient) -> None:
    """Every operation ends with ACS's own event, and the first packet comes over our socket."""
    order = {"targets": [os.environ["LIVE_TARGET"]], "transcription": "manual"}
    if caller := os.environ.get("LIVE_CALLER_ID"):
        order["sourceCallerId"] = caller
    placed = await api.post("/v1/calls", json=order)
    assert placed.status_code == 201, placed.text
    call = f"/v1/calls/{placed.json()['id']}"
    try:
        await until(api, call, "connected")
        await control(api, call, "start", locale="en-US")
        await until(api, f"{call}/transcription", "active")
        await control(api, call, "update-locale", locale="en-GB")
        await control(api, call, "stop")
        await control(api, call, "stop")
    finally:
        await api.post(f"{call}/hang-up", json={})
        with contextlib.suppress(TimeoutError):
            await until(api, call, "disconnected", 30)
        await keep(api, call)
    assert (await api.get(call)).json()["state"] == "disconnected"


async def keep(api: httpx.AsyncClient, call: str) -> None:
    """Write down what happened, in ACS's own words."""
    timeline = (await api.get(f"{call}/events", params={"limit": 500})).json()
    transcript = (await api.get(f"{call}/transcript")).json()
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "live.json").write_text(json.dumps({"timeline": timeline, "transcript": transcript}, indent=1))
