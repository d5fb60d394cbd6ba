"""Where the benchmarks are, and where they may write."""

from __future__ import annotations

import http.client
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
HERE = ROOT / "benchmarks"
PEERS = HERE / "peers"
BUILD = ROOT / "build"
WORK = BUILD / "bench"
"""Peers, compiled generators and databases; on a disk, or durable would mean nothing."""


class Failed(Exception):
    """A measurement that did not come out; the message says why."""


TROUBLE = (Failed, OSError, subprocess.SubprocessError, http.client.HTTPException, ExceptionGroup)
"""What ends one measurement and not the others."""
