"""How a program is run."""

import asyncio
import resource

from callscribe.runtime.loop import run


def test_as_many_open_files_as_the_system_grants() -> None:
    """The soft limit, often 1024, would end a server's sockets long before its own limits."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = min(before[1] - 1, 512)
    found = []

    async def main() -> None:
        await asyncio.sleep(0)
        found.append(resource.getrlimit(resource.RLIMIT_NOFILE))

    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        run(main())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == [(before[1], before[1])]
