"""The transcription of one call connection: what was agreed at setup, and whether it runs."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acs_emulator.transcription.insights import NOTHING, Insights

if TYPE_CHECKING:
    from acs_emulator.transcription.stream import Stream

MAX_SAID = 1_000
"""Final results that a summary is made of."""


@dataclass(slots=True, eq=False)
class Transcription:
    """Made from the `transcriptionOptions` of create, answer or connect."""

    transport_url: str | None
    locale: str | None
    locales: tuple[str, ...] = ()
    """The languages to be identified; empty where one locale is set."""
    model_endpoint_id: str | None = None
    start_at_setup: bool = False
    intermediate: bool = False
    insights: Insights = NOTHING
    said: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MAX_SAID))
    """Who said what, by final results."""
    context: str | None = None
    """The operation context of the running stream's start."""
    subscription_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    stream: Stream | None = None
    """The running stream, None while inactive."""
    operation: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One start, update or stop at a time, in the order they were asked for."""

    def renew(self) -> None:
        """A start after a stop is a subscription of its own."""
        self.subscription_id = str(uuid.uuid4())

    def to_json(self) -> dict[str, object]:
        """`TranscriptionSubscription` of the wire."""
        shown: dict[str, object] = {
            "id": self.subscription_id,
            "state": "active" if self.stream else "inactive",
            "subscribedResultTypes": ["final", "intermediate"] if self.intermediate else ["final"],
        }
        if self.locale:
            shown["locale"] = self.locale
        return shown
