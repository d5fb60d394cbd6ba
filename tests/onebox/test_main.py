"""Both servers as one part."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from callscribe.runtime.settings import Program, load
from callscribe.runtime.telemetry import Metrics
from onebox.__main__ import _part
from tests.programs import free_port

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("drain", "leaves"), [("20", 3.0), ("2", 1.0)])
async def test_the_end(tmp_path: Path, drain: str, leaves: float) -> None:
    """HTTP closes after the sockets, which leave it time to answer what it has begun."""
    settings = load(
        {
            "CALLSCRIBE_DEVELOPMENT": "true",
            "CALLSCRIBE_DATABASE_URL": f"sqlite:///{tmp_path}/calls.sqlite3",
            "CALLSCRIBE_ACS_ENDPOINT": "http://127.0.0.1:9",
            "CALLSCRIBE_ACS_ACCESS_KEY": "c2VjcmV0",
            "CALLSCRIBE_COGNITIVE_SERVICES_ENDPOINT": "https://ai.example.com",
            "CALLSCRIBE_SOCKET_TOKEN": "off",
            "CALLSCRIBE_DRAIN_SECONDS": drain,
            "CALLSCRIBE_PORT": str(free_port()),
            "CALLSCRIBE_WS_PORT": str(free_port()),
        },
        Program.ONEBOX,
    )
    with closing(Metrics()) as metrics:
        async with _part(settings, metrics, asyncio.Event()) as part:
            assert [(step.sentence.split()[0], step.leaves) for step in part.ending] == [
                ("Open", leaves),
                ("The", 0.0),
            ]
