"""On what it was measured."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import CORES, OTHER_CORE, SERVER_CORE


def machine() -> dict[str, str]:
    """Processor, memory, system and versions, as sentences for a table."""
    return {
        "processor": f"{_of('/proc/cpuinfo', 'model name') or platform.machine()}, {len(CORES)} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f} at the beginning",
        "cores": f"servers on {SERVER_CORE}, everything else on {OTHER_CORE}",
        "python": f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        "libraries": ", ".join(
            f"{name} {version(name)}" for name in ("websockets", "uvloop", "fastapi", "pydantic")
        ),
        "node": _said("node", "--version") or "none",
        "generator": "C" if shutil.which("cc") else "Python (slower: the fastest servers may wait for it)",
    }


def _of(path: str, name: str) -> str:
    """The value of a line `name : value` of a file, or nothing."""
    if not Path(path).exists():
        return ""
    lines = (line.partition(":") for line in Path(path).read_text(encoding="utf-8").splitlines())
    return next((value.strip() for before, _, value in lines if before.strip() == name), "")


def _said(*words: str) -> str:
    if shutil.which(words[0]) is None:
        return ""
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
