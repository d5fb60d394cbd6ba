"""How the people behave whom an application calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from acs_emulator.calls import endcodes
from acs_emulator.identifiers import is_phone_number
from acs_emulator.outgoing.events import Result
from acs_emulator.people.dialogue import Dialogue
from acs_emulator.wire import StrictBody

Behaviour = Literal["answer", "busy", "decline", "no-answer", "spam"]
MAX_KNOWN = 100_000


class Callee(StrictBody):
    """Somebody who can be called. Unlisted people answer after a second."""

    raw_id: str | None = None
    phone_number: str | None = None
    behaviour: Behaviour = "answer"
    """`spam`: the call is taken for spam and blocked."""
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


@dataclass(frozen=True, slots=True)
class PickedUp:
    """A human took the call."""

    raw_id: str


_PSTN = {
    "busy": endcodes.PSTN_BUSY,
    "decline": endcodes.PSTN_DECLINED,
    "no-answer": endcodes.PSTN_NO_ANSWER,
    "spam": endcodes.SPAM,
}
_VOIP = {
    "busy": endcodes.BUSY,
    "decline": endcodes.DECLINED,
    "no-answer": endcodes.NO_ANSWER,
    "spam": endcodes.SPAM,
}


def unanswered(raw_id: str, behaviour: Literal["busy", "decline", "no-answer", "spam"]) -> Unanswered:
    """Why somebody who behaves like this does not take a call."""
    return Unanswered((_PSTN if is_phone_number(raw_id) else _VOIP)[behaviour])


class Callees:
    """Who behaves in a way of their own, and who belongs to this resource."""

    def __init__(self) -> None:
        self._callees: dict[str, Callee] = {}
        self._residents: dict[str, None] = {}

    def put(self, raw_id: str, callee: Callee) -> None:
        """They behave like this from now on; the oldest of very many is forgotten."""
        self._callees[raw_id] = callee
        if len(self._callees) > MAX_KNOWN:
            self._callees.pop(next(iter(self._callees)))

    def get(self, raw_id: str) -> Callee:
        """How somebody behaves; users and numbers of the resource raise an IncomingCall unless told otherwise."""
        known = self._callees.get(raw_id)
        return known or Callee(raw_id=raw_id, raises_incoming_call=raw_id in self._residents)

    def settle_in(self, raw_id: str) -> None:
        """A user or a number belongs to this resource from now on; the oldest of very many is forgotten."""
        self._residents[raw_id] = None
        if len(self._residents) > MAX_KNOWN:
            self._residents.pop(next(iter(self._residents)))

    def move_out(self, raw_id: str) -> None:
        """They no longer do."""
        self._residents.pop(raw_id, None)

    def clear(self) -> None:
        self._callees.clear()
        self._residents.clear()
