"""Whether what a process needs answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from callscribe.domain.errors import CallscribeError

_ANSWER_SECONDS = 2.0


async def answering(
    pings: Mapping[str, Callable[[], Awaitable[None]]], within: float = _ANSWER_SECONDS
) -> dict[str, bool]:
    """By name, whether each of them answers within so many seconds; all are asked at once. Nothing says why not."""

    async def answers(ping: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(within):
                await ping()
        except (CallscribeError, OSError):  # a TimeoutError is an OSError
            return False
        return True

    async with asyncio.TaskGroup() as group:
        asked = {name: group.create_task(answers(ping)) for name, ping in pings.items()}
    return {name: task.result() for name, task in asked.items()}
