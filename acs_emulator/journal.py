"""The journal: everything the emulator received and sent, numbered."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from acs_emulator.clock import timestamp

MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `kind` is one of

    - `request` (of the data plane), `callback`, `eventgrid`, `dead-letter`;
    - `socket-opened`, `socket-failed`, `socket-closed`, `packet`, `packet-lost`, `audio`;
    - `call`, `speech`, `tones`: what people do;
    - `fault` (one that struck), `replay`, `error` (of the emulator itself).
    """

    number: int
    time: str
    kind: str
    data: Mapping[str, object]

    def to_json(self) -> dict[str, object]:
        return {"number": self.number, "time": self.time, "kind": self.kind, **self.data}


class Journal:
    """Keeps the newest entries; numbers rise by one and are never used again, a reset included."""

    def __init__(self, limit: int = MAX_ENTRIES) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._number = 0
        self._added = asyncio.Event()
        self._closed = False

    def add(self, kind: str, **data: object) -> Entry:
        self._number += 1
        entry = Entry(self._number, timestamp(time.time_ns()), kind, data)
        self._entries.append(entry)
        self._ring()
        return entry

    def entries(
        self,
        kinds: Collection[str] = (),
        after: int = 0,
        where: Callable[[Entry], bool] | None = None,
    ) -> list[Entry]:
        """Entries of these kinds (all, where none is named) with a higher number than `after`, oldest first."""
        newer = itertools.takewhile(lambda entry: entry.number > after, reversed(self._entries))
        matching = [
            entry for entry in newer if (not kinds or entry.kind in kinds) and (where is None or where(entry))
        ]
        return matching[::-1]

    async def wait(
        self,
        *kinds: str,
        after: int = 0,
        where: Callable[[Entry], bool] | None = None,
        within: float = 5.0,
    ) -> list[Entry]:
        """The matching entries as soon as there is one; empty after `within` real seconds or when closed."""
        try:
            async with asyncio.timeout(within):
                while not (found := self.entries(kinds, after, where)) and not self._closed:
                    after = max(after, self._number)
                    await self._added.wait()
                return found
        except TimeoutError:
            return []

    @property
    def last(self) -> int:
        """The highest number given so far; 0 before the first."""
        return self._number

    def clear(self) -> None:
        self._entries.clear()

    def close(self) -> None:
        """Release everybody who waits."""
        self._closed = True
        self._ring()

    def _ring(self) -> None:
        self._added.set()
        self._added = asyncio.Event()
