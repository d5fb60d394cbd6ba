"""Azure Communication Services on your machine: Call Automation, Event Grid and real-time transcription.

It shares no code with the servers it tests, and runs by itself (`python -m acs_emulator`) or inside a test:
`async with Emulator(Options(speed=50)) as emulator:`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acs_emulator.emulator import Emulator
    from acs_emulator.options import Options
    from acs_emulator.serving import CannotStart, PortBusy

__all__ = ["CannotStart", "Emulator", "Options", "PortBusy"]

_WHERE = {
    "CannotStart": "acs_emulator.serving",
    "Emulator": "acs_emulator.emulator",
    "Options": "acs_emulator.options",
    "PortBusy": "acs_emulator.serving",
}


def __getattr__(name: str) -> object:
    """PEP 562: what is above is loaded when it is asked for, so that the client and the pytest plugin, which live in this
    package too, load no server."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
