"""`python -m onebox`: the HTTP service and the transcript server in one process, on one SQLite file."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from callscribe.runtime.loop import run
from callscribe.runtime.parts import Part, serve
from callscribe.runtime.settings import Program, Settings, load
from callscribe.runtime.telemetry import Metrics
from callscribe.runtime.trouble import told
from callscribe.runtime.wiring.onebox import all_ports
from service.program import service_part
from transcript_ws.program import transcript_part

_LAST_ANSWERS_S = 3.0
"""What HTTP keeps for the answers it has begun, however long the sockets go on; at most half of the drain."""


@told
def main() -> None:
    argparse.ArgumentParser(prog="python -m onebox", description=__doc__).parse_args()
    run(serve(load(os.environ, Program.ONEBOX), _part))


@asynccontextmanager
async def _part(settings: Settings, metrics: Metrics, stop: asyncio.Event) -> AsyncIterator[Part]:
    async with (
        all_ports(settings, metrics) as (ports, ingest),
        service_part(settings, ports, metrics, stop) as service,
        transcript_part(settings, ingest, metrics, stop) as transcripts,
    ):
        # Callbacks still come in while sockets drain, so HTTP closes last, and keeps time to do so.
        leaves = min(_LAST_ANSWERS_S, settings.drain_seconds / 2)
        yield Part(
            loops={**service.loops, **transcripts.loops},
            ending=[*(replace(step, leaves=leaves) for step in transcripts.ending), *service.ending],
        )


if __name__ == "__main__":
    sys.exit(main())
