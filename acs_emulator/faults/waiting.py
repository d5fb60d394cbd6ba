"""The faults that wait to strike."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from acs_emulator.faults.kinds import (
    FAULT,
    AnyFault,
    Delivery,
    Duplicate,
    Fault,
    Hook,
    Lose,
    Reorder,
    Shuffle,
    SlowWebhook,
    TranscriptionFailed,
    Webhook,
)
from acs_emulator.faults.rows import resolved
from acs_emulator.journal import Journal

F = TypeVar("F", bound=Fault)
D = TypeVar("D", Duplicate, Reorder, Lose, Webhook, SlowWebhook, Shuffle)
MAX_WAITING = 1_000


class TooManyFaults(Exception):
    """No more faults can wait."""


@dataclass(slots=True)
class _Held:
    fault: AnyFault
    left: int | None
    fault_id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])


class Faults:
    """Oldest first. Whether a fault with a rate strikes is drawn from a generator of its own, so that the same seed
    and the same order of events give the same faults."""

    def __init__(self, journal: Journal, seed: int | None = None) -> None:
        self._journal = journal
        self._held: list[_Held] = []
        self.seed(seed)

    def seed(self, seed: int | None) -> None:
        """Draw anew, from the beginning of this seed's sequence; None draws another one each time."""
        self._random = random.Random(seed)

    def draw(self) -> float:
        """The next number of the seeded sequence, from 0 to 1."""
        return self._random.random()

    def add(self, fault: AnyFault | Mapping[str, object]) -> str:
        """The fault's id. A mapping is read as the control plane reads it; raises pydantic's ValidationError,
        NoSuchRow and TooManyFaults."""
        known = FAULT.validate_python(fault) if isinstance(fault, Mapping) else fault
        if isinstance(known, TranscriptionFailed):
            known = resolved(known)
        if len(self._held) >= MAX_WAITING:
            raise TooManyFaults(f"{MAX_WAITING} faults wait already")
        held = _Held(known, known.times)
        self._held.append(held)
        return held.fault_id

    def take(
        self,
        kind: type[F],
        connection_id: str | None,
        strikes: Callable[[F], bool] = lambda _: True,
    ) -> F | None:
        """The oldest fault of the kind that strikes here, used up once more."""
        for held in self._held:
            fault = held.fault
            if not isinstance(fault, kind) or not _concerns(fault, connection_id) or not strikes(fault):
                continue
            if fault.rate is not None and self.draw() >= fault.rate:
                continue
            if held.left is not None:
                held.left -= 1
                if held.left == 0:
                    self._held.remove(held)
            self._journal.add(
                "fault", fault=fault.model_dump(by_alias=True, mode="json"), callConnectionId=connection_id
            )
            return fault
        return None

    def take_delivery(self, kind: type[D], what: Delivery, name: str, connection_id: str | None) -> D | None:
        """The fault that strikes this callback, event or packet."""

        def strikes(fault: D) -> bool:
            return fault.what == what and (not fault.types or name in fault.types)

        return self.take(kind, connection_id, strikes)

    def lateness(self, what: Hook, name: str, connection_id: str | None) -> float | None:
        """For how many emulated seconds a delivery is held back, while others overtake it; None for not at all."""
        slow = self.take_delivery(SlowWebhook, what, name, connection_id)
        if slow is not None:
            return slow.seconds
        shuffled = self.take_delivery(Shuffle, what, name, connection_id)
        return None if shuffled is None else self.draw() * shuffled.window_seconds

    def to_json(self) -> list[dict[str, object]]:
        return [
            {
                "faultId": held.fault_id,
                **held.fault.model_dump(by_alias=True, mode="json"),
                "times": held.left,
            }
            for held in self._held
        ]

    def remove(self, fault_id: str) -> bool:
        found = [held for held in self._held if held.fault_id == fault_id]
        for held in found:
            self._held.remove(held)
        return bool(found)

    def clear(self) -> None:
        self._held.clear()


def _concerns(fault: Fault, connection_id: str | None) -> bool:
    return fault.call_connection_id is None or fault.call_connection_id == connection_id
