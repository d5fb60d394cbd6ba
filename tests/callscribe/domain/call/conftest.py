"""Calls and events to test the life of a call with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from callscribe.domain import events
from callscribe.domain.call import (
    Call,
    CallState,
    Direction,
    Fresh,
    Gap,
    Outcome,
    Step,
    Transcription,
    advance,
)
from callscribe.domain.commands import AnyCommand

CONNECTION = "57006580-5889-40e6-9fec-e3cdf8488ffd"


def call(**facts: Any) -> Call:
    known: dict[str, Any] = {
        "id": "call_1",
        "key": "k",
        "direction": Direction.OUTGOING,
        "state": CallState.CONNECTING,
        "created_at": 0,
        "transcription": Transcription(locale="en-US"),
    }
    return Call(**(known | facts))


def event(kind: type[events.Callback], time: int = 1000, **facts: Any) -> events.Callback:
    return kind(id=f"{kind.__name__}-{time}", time=time, call_connection_id=CONNECTION, **facts)


@dataclass
class Life:
    """A call that is told one thing after another, and everything that came of it."""

    call: Call
    commands: list[AnyCommand] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    steps: int = 0

    def tell(self, *told: Any) -> "Life":
        for one in told:
            self.steps += 1
            self.take(
                advance(self.call, one, Fresh(one.time if hasattr(one, "time") else one.at, str(self.steps)))
            )
        return self

    def ask(self, request: Callable[..., Step], *facts: Any) -> "Life":
        return self.take(request(self.call, *facts))

    def take(self, step: Step) -> "Life":
        self.call = step.call
        self.commands += step.commands
        self.outcomes += step.outcomes
        self.gaps += step.gaps
        return self

    @property
    def kinds(self) -> list[str]:
        return [str(command.__struct_config__.tag) for command in self.commands]


@pytest.fixture
def life() -> Callable[..., Life]:
    return lambda **facts: Life(call(**facts))
