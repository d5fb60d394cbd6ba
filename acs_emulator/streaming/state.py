"""The media streaming of one call connection: what was agreed at setup, and whether it runs."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from acs_emulator.streaming.stream import Stream

Channel = Literal["mixed", "unmixed"]
Rate = Literal[16_000, 24_000]


@dataclass(slots=True, eq=False)
class MediaStreaming:
    """Made from the `mediaStreamingOptions` of create, answer or connect."""

    transport_url: str | None
    channel: Channel = "mixed"
    rate: Rate = 16_000
    """Of both directions."""
    start_at_setup: bool = False
    bidirectional: bool = False
    dtmf: bool = False
    """Whether keys that somebody presses are sent as well."""
    loopback: bool = False
    """Whether the application hears itself; `enableLoopbackAudio` of the preview."""
    subscription_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    stream: Stream | None = None
    """The running stream, None while inactive."""
    operation: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One start or stop at a time, in the order they were asked for."""

    def renew(self) -> None:
        """A start after a stop is a subscription of its own."""
        self.subscription_id = str(uuid.uuid4())

    def to_json(self) -> dict[str, object]:
        """`MediaStreamingSubscription` of the wire."""
        return {
            "id": self.subscription_id,
            "state": "active" if self.stream else "inactive",
            "subscribedContentTypes": ["audio"],
        }
