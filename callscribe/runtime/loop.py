"""Which event loop a server runs on, and how many files it may have open."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

if sys.platform != "win32":
    import resource

try:
    import uvloop
except ImportError:  # it knows no Windows
    _new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a program on uvloop where there is one: it reads sockets without mapping a new buffer each time.

    It may open as many files as the system grants the process, since each socket is one.
    """
    _open_all_files()
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(main)


def _open_all_files() -> None:
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # macOS names no hard limit, and grants less
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
