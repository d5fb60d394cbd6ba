"""The media operations of one leg: which of them run at once, wait for each other, or exclude each other.

Microsoft's table of media action compatibility (how-to on mid-call media actions) tells operations on the main leg,
which queue, from those on a participant's own leg, of which there is one at a time. That plays and recognitions of a
call with one other party all take turns, and that participants' legs exclude each other one by one, is a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from acs_emulator.errors import Refused

MAIN = ""
"""The lane of what everybody hears."""
MAX_OPERATIONS = 100


@dataclass(slots=True, eq=False)
class Operation:
    """One that runs or waits."""

    lane: str
    exclusive: Collection[str]
    """The participants on whose own legs it is."""
    tell_canceled: Callable[[], None]
    task: asyncio.Task[None] | None = None


class MediaQueue:
    """What plays, recognises or sends tones, and what waits for its turn."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self._lanes: dict[str, asyncio.Lock] = {}

    def add(self, operation: Operation) -> None:
        """Raises Refused as `require_free`, and (429, "8516") where too many wait."""
        self.require_free(operation.exclusive)
        if len(self._operations) >= MAX_OPERATIONS:
            raise Refused(429, "8516", "Call Throttled.")
        self._operations.append(operation)

    def require_free(self, participants: Collection[str]) -> None:
        """Raises Refused (412, "8583") while an operation is on the own leg of one of the participants."""
        if any(one in operation.exclusive for operation in self._operations for one in participants):
            raise Refused(
                412, "8583", "Precondition Failed, a media operation with the participant is under way."
            )

    def turn(self, operation: Operation) -> asyncio.Lock:
        """Held while the operation runs; those of one lane have it in the order in which they came."""
        return self._lanes.setdefault(operation.lane, asyncio.Lock())

    def remove(self, operation: Operation) -> None:
        if operation in self._operations:
            self._operations.remove(operation)

    def cancel_all(self) -> None:
        """End everything; each says that it was canceled."""
        operations, self._operations = self._operations, []
        for operation in operations:
            operation.tell_canceled()
            if operation.task is not None:
                operation.task.cancel()

    def drop(self) -> None:
        """End everything without a word."""
        operations, self._operations = self._operations, []
        for operation in operations:
            if operation.task is not None:
                operation.task.cancel()
