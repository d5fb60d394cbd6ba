"""`python -m transcript_ws`: takes ACS's transcript sockets, in a process of its own."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callscribe.runtime.loop import run
from callscribe.runtime.parts import Part, serve
from callscribe.runtime.settings import Program, Settings, load
from callscribe.runtime.telemetry import Metrics
from callscribe.runtime.trouble import told
from callscribe.runtime.wiring.transcripts import transcript_ports
from transcript_ws.program import transcript_part


@told
def main() -> None:
    argparse.ArgumentParser(prog="python -m transcript_ws", description=__doc__).parse_args()
    run(serve(load(os.environ, Program.TRANSCRIPT_WS), _part))


@asynccontextmanager
async def _part(settings: Settings, metrics: Metrics, stop: asyncio.Event) -> AsyncIterator[Part]:
    async with (
        transcript_ports(settings, metrics) as ports,
        transcript_part(settings, ports, metrics, stop) as part,
    ):
        yield part


if __name__ == "__main__":
    sys.exit(main())
