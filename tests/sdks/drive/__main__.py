"""`python -m tests.sdks.drive`: a line for every method driven; exit code 1 where one failed or was not driven."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
import traceback
from collections.abc import Awaitable, Callable

import aiohttp

from tests.sdks.drive import calls, hearing, people, playing, recordings, streams
from tests.sdks.drive.application import Application
from tests.sdks.drive.sdk import Sdk, Style
from tests.sdks.drive.stage import Stage

Scene = Callable[[Stage], Awaitable[None]]
SCENES: dict[str, tuple[Scene, ...]] = {
    module.__name__.rsplit(".", 1)[-1]: module.SCENES
    for module in (calls, people, playing, hearing, streams, recordings)
}


def main() -> int:
    given = _parser().parse_args()
    logging.getLogger("azure").setLevel(logging.ERROR)  # it warns of members that the SDK itself drops
    failures = 0
    for style in given.style:
        began = time.monotonic()
        sdk, found = asyncio.run(_drive(style, given.connection_string, given.control_url, given.only))
        missing = sorted(sdk.methods() - sdk.driven - set(sdk.broken))
        for problem in [*found, *(f"not driven: {method}" for method in missing)]:
            sys.stderr.write(f"FAILED ({style}) {problem}\n")
        failures += len(found) + len(missing)
        driven, known = len(sdk.driven), len(sdk.methods())
        took = time.monotonic() - began
        for method in sdk.broken:
            _say(f"{method} ({style}) is broken in this version of the SDK itself")
        _say(f"SDK {sdk.version} {style}: {driven} of {known} methods driven in {took:.1f} s")
    return 1 if failures else 0


async def _drive(
    style: Style, connection_string: str, control_url: str, only: list[str] | None
) -> tuple[Sdk, list[str]]:
    """The SDK with what it has driven, and what went wrong."""
    sdk = Sdk(style, connection_string, _say)
    async with Application() as application, aiohttp.ClientSession() as http:
        client = sdk.open()
        stage = Stage(sdk, client, application, http, control_url.rstrip("/"))
        await stage.control("/event-subscriptions", {"url": f"{application.url}/events"})
        scenes = [scene for name, some in SCENES.items() if only is None or name in only for scene in some]
        outcomes = await asyncio.gather(*(scene(stage) for scene in scenes), return_exceptions=True)
        await client.close()
    found = [
        f"{scene.__name__}: {''.join(traceback.format_exception(outcome)).strip()}"
        for scene, outcome in zip(scenes, outcomes, strict=True)
        if outcome is not None
    ]
    return sdk, found + application.wrong


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sdks.drive")
    parser.add_argument("--connection-string", required=True)
    parser.add_argument("--control-url", required=True, help="where the emulator listens without TLS")
    parser.add_argument("--style", action="append", choices=("sync", "async"), required=True)
    parser.add_argument("--only", action="append", choices=sorted(SCENES), help="some of the scenes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
