"""How many transcriptions an AI resource bears: found out by asking, as congestion control does.

A resource that has refused nothing is not held back. One that answers 429 is left alone for a while; then new
transcriptions are admitted at half the pace, and each that starts raises the pace a little (additive increase,
multiplicative decrease). Each process learns by itself, and forgets when it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from callscribe.domain.call.values import Room
from callscribe.domain.errors import AcsThrottled, SpeechConcurrencyExceeded

QUOTA_CODES = frozenset({SpeechConcurrencyExceeded.code, AcsThrottled.code})
"""Failures that say that there are too many."""
FIRST_PER_MINUTE = 600.0
LEAST_PER_MINUTE = 2.0
MOST_PER_MINUTE = 1200.0
"""Beyond it a resource is not held back any more."""
RAISE_PER_MINUTE = 30.0
BURST_MS = 1000
"""As many as the pace allows in this time may come at once."""
LONGEST_WAIT_MS = 300_000
"""The furthest slot; those who would wait longer share it."""


@dataclass(slots=True)
class _Pace:
    per_minute: float | None = None
    blocked_until: int = 0
    next_slot: int = 0

    @property
    def between_ms(self) -> int:
        return 0 if self.per_minute is None else int(60_000 / self.per_minute)


class Quota:
    """The paces of all AI resources that this process has met; endpoints name them. Times are unix ms."""

    def __init__(self) -> None:
        self._paces: dict[str | None, _Pace] = {}

    def room(self, endpoint: str | None) -> Room:
        pace = self._paces.get(endpoint)
        if pace is None:
            return Room()
        return Room(pace.blocked_until, max(pace.blocked_until, pace.next_slot - BURST_MS))

    def choose(self, endpoints: Sequence[str], now: int) -> str | None:
        """The endpoint that admits a transcription first; the first of those that do so now."""
        if not endpoints:
            return None
        return min(endpoints, key=lambda endpoint: max(now, self.room(endpoint).next_slot))

    def admitted(self, endpoint: str | None, now: int, at: int) -> None:
        """A start was sent, or given its slot, at `at`."""
        pace = self._paces.get(endpoint)
        if pace is not None and pace.per_minute is not None:
            slot = max(pace.next_slot, at) + pace.between_ms
            pace.next_slot = min(slot, now + LONGEST_WAIT_MS)

    def refused(self, endpoint: str | None, now: int, retry_after_ms: int | None = None) -> None:
        """The resource bears no more. Refusals that come together are one."""
        pace = self._paces.setdefault(endpoint, _Pace())
        if now >= pace.blocked_until:
            halved = FIRST_PER_MINUTE if pace.per_minute is None else pace.per_minute / 2
            pace.per_minute = max(LEAST_PER_MINUTE, halved)
        wait = min(max(pace.between_ms, retry_after_ms or 0), LONGEST_WAIT_MS)
        pace.blocked_until = max(pace.blocked_until, now + wait)

    def started(self, endpoint: str | None) -> None:
        """A transcription began: the resource may bear more."""
        pace = self._paces.get(endpoint)
        if pace is not None and pace.per_minute is not None:
            pace.per_minute += RAISE_PER_MINUTE
            if pace.per_minute > MOST_PER_MINUTE:
                del self._paces[endpoint]
