"""A typed client of the control plane, for tests: `EmulatorClient`, and `AsyncEmulatorClient` for asynchronous ones.

    with EmulatorClient("http://127.0.0.1:8090") as emulator:
        emulator.subscribe("http://127.0.0.1:8080/events")
        emulator.add_fault("http", operation="answerCall", status=429, retry_after=1)
        call = emulator.dial_in("+15551230001", "+15559870000", "Hello?")
        emulator.wait_for("callback", type="CallConnected", within=10)

It needs httpx alone.
"""

from acs_emulator.client.shells import AsyncEmulatorClient, EmulatorClient
from acs_emulator.client.values import (
    Addresses,
    Call,
    CallConnection,
    Catalogue,
    Clock,
    ControlError,
    Entry,
    Fault,
    NothingHappened,
    Page,
    Recorder,
    Subscription,
    TranscriptionFailure,
)

__all__ = [
    "Addresses",
    "AsyncEmulatorClient",
    "Call",
    "CallConnection",
    "Catalogue",
    "Clock",
    "ControlError",
    "EmulatorClient",
    "Entry",
    "Fault",
    "NothingHappened",
    "Page",
    "Recorder",
    "Subscription",
    "TranscriptionFailure",
]
