"""The machine's clock and randomness."""

import secrets
import time

from callscribe.ports import Clock

_RANDOM_BITS = 80


class SystemClock:
    """The system's wall clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class RandomIds:
    """Ids in the order in which they were made, and secrets; for use by one thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._last = 0

    def new(self, prefix: str) -> str:
        """`prefix_` and 32 hexadecimal digits: 48 bits of unix ms, as in a version 7 UUID, and 80 random bits.

        Each is greater than the one before, also within one ms and when the clock is set back.
        """
        made = (self._clock.now() << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        if made <= self._last:
            made = self._last + 1 + secrets.randbits(32)
        self._last = made
        return f"{prefix}_{made:032x}"

    def secret(self) -> str:
        return secrets.token_urlsafe(32)
