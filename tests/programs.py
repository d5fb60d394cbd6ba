"""Starts the programs that users start, and ends them as users do."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.asynccontextmanager
async def program(
    name: str, env: Mapping[str, str], folder: Path, ready_url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of ours, ready; ended by its own signal, and with a clean exit demanded."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", name, cwd=ROOT, env=env, stdout=out, stderr=out
        )
    try:
        await _ready(process, ready_url, log)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{name} did not end on SIGTERM:\n{log.read_text()[-3000:]}") from None
    assert process.returncode == 0, f"{name} ended with {process.returncode}:\n{log.read_text()[-3000:]}"


async def _ready(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(READY_WITHIN_S):
        while True:
            assert process.returncode is None, f"it ended at once: {log}"
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def administer(env: Mapping[str, str], *words: str) -> str:
    """What `python -m service …` prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", *words, cwd=ROOT, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
