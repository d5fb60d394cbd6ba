"""How the people behave whom an application calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from acs_emulator.dialogue import Dialogue
from acs_emulator.events import Result
from acs_emulator.identifiers import is_phone_number
from acs_emulator.wire import StrictBody

Behaviour = Literal["answer", "busy", "decline", "no-answer"]


class Callee(StrictBody):
    """Somebody who can be called. Unlisted people answer after a second."""

    raw_id: str | None = None
    phone_number: str | None = None
    behaviour: Behaviour = "answer"
    after_seconds: Annotated[float, Field(ge=0)] | None = None
    """Emulated seconds until they do so; by default 1, and 30 until a `no-answer` gives up."""
    raises_incoming_call: bool = False
    """The number or user belongs to this resource: calling it raises an IncomingCall event instead of a human."""
    dialogue: Dialogue | None = None
    """What is said once they have answered."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody took the call; the result says why."""

    result: Result


BUSY = Result(486, 0, "Busy Here. DiagCode: 486#0.@")
DECLINED = Result(603, 0, "Decline. DiagCode: 603#0.@")
_PSTN = {
    "busy": Result(486, 560486, "The PSTN party is busy. DiagCode: 486#560486.@"),
    "decline": Result(603, 560603, "The PSTN party declined. DiagCode: 603#560603.@"),
    "no-answer": Result(480, 560480, "The PSTN party did not answer. DiagCode: 480#560480.@"),
}
_VOIP = {
    "busy": BUSY,
    "decline": DECLINED,
    "no-answer": Result(487, 10004, "Nobody answered in time. DiagCode: 487#10004.@"),
}


def unanswered(raw_id: str, behaviour: Literal["busy", "decline", "no-answer"]) -> Unanswered:
    """PSTN sub codes embed the SIP code (5xxNNN); ACS's troubleshooting codes, server code and subcode."""
    return Unanswered((_PSTN if is_phone_number(raw_id) else _VOIP)[behaviour])


class Callees:
    """Who behaves in a way of their own."""

    def __init__(self) -> None:
        self._callees: dict[str, Callee] = {}

    def put(self, raw_id: str, callee: Callee) -> None:
        self._callees[raw_id] = callee

    def get(self, raw_id: str) -> Callee:
        return self._callees.get(raw_id) or Callee(raw_id=raw_id)

    def clear(self) -> None:
        self._callees.clear()
