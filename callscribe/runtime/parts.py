"""A server as a part of a process, and the process that one or more of them make."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass

from callscribe.runtime import logs
from callscribe.runtime.lifecycle import Step, run_until_stopped, stop_on_signals
from callscribe.runtime.settings import Settings
from callscribe.runtime.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Part:
    """`loops` run until the process stops; `ending` are the steps that it takes then."""

    loops: Mapping[str, Callable[[], Awaitable[None]]]
    ending: Sequence[Step]


OpenPart = Callable[[Settings, Metrics, asyncio.Event], AbstractAsyncContextManager[Part]]
"""Opens a part with everything it needs; the event is set when the process is to stop."""


async def serve(settings: Settings, open_part: OpenPart) -> None:
    """Run the part until SIGTERM or SIGINT, then end it within the drain time."""
    logs.configure(settings.log_format, settings.log_level)
    with closing(Metrics()) as metrics:
        async with stop_on_signals() as stop, open_part(settings, metrics, stop) as part:
            await run_until_stopped(
                stop,
                part.loops,
                part.ending,
                drain_seconds=settings.drain_seconds,
                failed=metrics.restarts.add,
            )
