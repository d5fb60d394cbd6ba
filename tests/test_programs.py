"""The programs say in a sentence why they cannot start, and end with a status."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs_emulator import Emulator, Options
from tests.journeys.conftest import environment
from tests.programs import ROOT, free_port

pytestmark = pytest.mark.anyio


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    async with Emulator(Options()) as emulator:
        yield environment(emulator, tmp_path, free_port(), free_port())


async def start(env: dict[str, str], *words: str) -> tuple[int, str]:
    """Exit status and standard error of a program that is expected to end by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, cwd=ROOT, env=env,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, err.decode()


@pytest.mark.parametrize("name", ["service", "transcript_ws"])
async def test_two_processes_need_a_bus(env: dict[str, str], name: str) -> None:
    """Without Redis each would talk to itself."""
    status, said = await start(env, name)
    assert status == 2
    assert "CALLSCRIBE_REDIS_URL" in said
    assert "onebox" in said


@pytest.mark.parametrize("name", ["service", "transcript_ws", "onebox"])
async def test_words_on_the_command_line(env: dict[str, str], name: str) -> None:
    """`--help` helps; an option that does not exist is refused instead of being ignored."""
    assert await start(env, name, "--help") == (0, "")
    status, said = await start(env, name, "--nonsense")
    assert status == 2
    assert f"usage: python -m {name}" in said
    assert "--nonsense" in said


async def test_a_database_that_was_never_made(env: dict[str, str]) -> None:
    """The sentence names the command that makes it."""
    status, said = await start(env | {"CALLSCRIBE_REDIS_URL": "redis://127.0.0.1:1/0"}, "service")
    assert status == 1
    assert "python -m service migrate" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("setting"), ["CALLSCRIBE_PORT", "CALLSCRIBE_WS_PORT"])
async def test_a_busy_port(env: dict[str, str], setting: str) -> None:
    """Which port, and which setting chooses another."""
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", int(env[setting])):
        status, said = await start(env, "onebox")
    assert status == 2
    assert f"Port {env[setting]}" in said
    assert setting in said
    assert "Traceback" not in said


async def test_outside_development_event_grid_must_be_secured(env: dict[str, str]) -> None:
    """Every fault at once, each a sentence."""
    for name in ("CALLSCRIBE_DEVELOPMENT", "CALLSCRIBE_EVENT_GRID_SECRET", "CALLSCRIBE_ACS_RESOURCE_ID"):
        env.pop(name)
    status, said = await start(env, "onebox")
    assert status == 2
    assert "EVENT_GRID" in said
    assert "CALLSCRIBE_ACS_RESOURCE_ID" in said
    assert "https" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("CALLSCRIBE_ACS_ACCESS_KEY", "!!"), ("CALLSCRIBE_WEBHOOK_SECRET", "whsec_" + "!" * 40)],
)
async def test_a_secret_that_is_none(env: dict[str, str], name: str, value: str) -> None:
    """One sentence, which does not repeat it."""
    env["CALLSCRIBE_WEBHOOK_URL"] = "https://hooks.example.com"
    status, said = await start(env | {name: value}, "onebox")
    assert status == 2
    assert said.startswith(name)
    assert value not in said
    assert "Traceback" not in said


async def test_an_identity_that_cannot_be(env: dict[str, str]) -> None:
    """azure-identity's own variables are named in a sentence too."""
    env |= {"AZURE_TENANT_ID": "a tenant", "AZURE_CLIENT_ID": "x", "AZURE_CLIENT_SECRET": "y"}
    topic = {"CALLSCRIBE_EVENT_GRID_TOPIC_ENDPOINT": "https://topic.example.com/api/events"}
    status, said = await start(env | topic, "onebox")
    assert status == 1
    assert "AZURE_…" in said
    assert "Traceback" not in said


async def test_keys_before_the_database(env: dict[str, str]) -> None:
    """The same sentence as at a server's start."""
    status, said = await start(env, "service", "keys", "list")
    assert status == 1
    assert said.endswith(". Run `python -m service migrate`.\n")
    assert ".." not in said


async def test_keys_are_listed_and_revoked(env: dict[str, str]) -> None:
    """On the database directly; a key that does not exist is a sentence and status 1."""
    assert (await start(env, "service", "migrate"))[0] == 0
    assert (await start(env, "service", "keys", "list"))[0] == 0
    status, said = await start(env, "service", "keys", "revoke", "nobody")
    assert status == 1
    assert "Traceback" not in said
