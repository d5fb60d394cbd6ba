"""Azure Communication Services on your machine: Call Automation, Event Grid and real-time transcription.

It shares no code with the servers it tests, and runs by itself (`python -m acs_emulator`) or inside a test:
`async with Emulator(Options(speed=50)) as emulator:`.
"""

from acs_emulator.emulator import CannotStart, Emulator, PortBusy
from acs_emulator.options import Options

__all__ = ["CannotStart", "Emulator", "Options", "PortBusy"]
