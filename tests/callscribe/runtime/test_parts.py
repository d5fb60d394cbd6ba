"""A part, run as a process."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callscribe.runtime import parts
from callscribe.runtime.lifecycle import Step
from callscribe.runtime.parts import Part, serve
from callscribe.runtime.settings import Program, Settings, load
from callscribe.runtime.telemetry import Metrics

pytestmark = pytest.mark.anyio


async def test_from_its_opening_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops run until a signal, then the steps are taken, then what was opened is closed, the metrics last."""
    done: list[str] = []
    monkeypatch.setattr(parts.logs, "configure", lambda form, level: done.append(f"logs {level}"))
    monkeypatch.setattr(Metrics, "close", lambda _: done.append("metrics closed"))
    settings = load({"CALLSCRIBE_DATABASE_URL": f"sqlite:///{tmp_path}/c.sqlite3"}, Program.TOOL)

    async def loop() -> None:
        done.append("loop")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Future()

    async def end() -> None:
        done.append("step")

    @asynccontextmanager
    async def opened(_: Settings, __: Metrics, stop: asyncio.Event) -> AsyncIterator[Part]:
        assert not stop.is_set()
        yield Part(loops={"loop": loop}, ending=[Step("It ends.", end)])
        assert stop.is_set()
        done.append("closed")

    await serve(settings, opened)
    assert done == ["logs INFO", "loop", "step", "closed", "metrics closed"]
