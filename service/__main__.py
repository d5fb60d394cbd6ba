"""`python -m service`: the HTTP service; with `migrate` or `keys …`, work on its database instead."""

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
from callscribe.runtime.wiring.database import database_tools
from callscribe.runtime.wiring.service import service_ports
from service import administration
from service.administration import Desk
from service.program import service_part


@told
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m service", description=__doc__)
    administration.add_commands(parser.add_subparsers(dest="command", metavar="{migrate,keys}"))
    args = parser.parse_args()
    if args.command is None:
        run(serve(load(os.environ, Program.SERVICE), _part))
    else:
        run(administration.run(args, _desk(load(os.environ, Program.TOOL))))


@asynccontextmanager
async def _part(settings: Settings, metrics: Metrics, stop: asyncio.Event) -> AsyncIterator[Part]:
    async with (
        service_ports(settings, metrics) as ports,
        service_part(settings, ports, metrics, stop) as part,
    ):
        yield part


def _desk(settings: Settings) -> Desk:
    tools = database_tools(settings)
    return Desk(
        migrate=tools.migrate,
        open_store=tools.open_store,
        clock=tools.clock,
        ids=tools.ids,
        out=sys.stdout,
        err=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
