"""The telephone exchange: what all operations of the emulator share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import httpx

from acs_emulator.callbacks import Callbacks
from acs_emulator.callees import Callees, Unanswered
from acs_emulator.calls import Call, Calls, Leg, LegState
from acs_emulator.clock import Clock
from acs_emulator.errors import call_not_found
from acs_emulator.eventgrid import EventGrid
from acs_emulator.faults import Faults
from acs_emulator.journal import Journal
from acs_emulator.options import Options
from acs_emulator.recorded import Ears
from acs_emulator.signing import Keys
from acs_emulator.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Redirected:
    """The application sent the caller on to somebody else."""

    target: str


@dataclass(slots=True, eq=False)
class Offer:
    """An incoming call that rings at the application."""

    call: Call
    caller: str
    callee: str
    correlation_id: str
    context: str
    outcome: asyncio.Future[Leg | Unanswered | Redirected]


@dataclass(slots=True)
class Exchange:
    """One emulator's parts, wired."""

    options: Options
    clock: Clock
    journal: Journal
    faults: Faults
    keys: Keys
    tasks: Tasks
    client: httpx.AsyncClient
    """Reaches loopback addresses and whatever the application names as its own."""
    callbacks: Callbacks
    event_grid: EventGrid
    connection_string: str
    ears: Ears = field(default_factory=Ears)
    calls: Calls = field(default_factory=Calls)
    callees: Callees = field(default_factory=Callees)
    offers: dict[str, Offer] = field(default_factory=dict)
    """Ringing incoming calls by their `incomingCallContext`."""

    @property
    def app(self) -> str:
        """Who the application is where it names no user of its own."""
        return f"8:acs:{self.options.resource_id}_00000000-0000-0000-0000-000000000001"

    def leg(self, connection_id: str) -> Leg:
        """Raises Refused (404, "8522") where there is no such call."""
        leg = self.calls.leg(connection_id)
        if leg is None or leg.state is LegState.DISCONNECTED:
            raise call_not_found()
        return leg

    def note_call(
        self, call: Call, what: Literal["ringing", "established", "ended", "joined", "left"]
    ) -> None:
        self.journal.add("call", what=what, **call.to_json())


def build(
    options: Options,
    *,
    tasks: Tasks,
    journal: Journal,
    client: httpx.AsyncClient,
    connection_string: str,
) -> Exchange:
    """An exchange without calls."""
    clock = Clock(options.speed)
    faults = Faults(journal)
    keys = Keys(options.issuer, options.resource_id)
    return Exchange(
        options=options,
        clock=clock,
        journal=journal,
        faults=faults,
        keys=keys,
        tasks=tasks,
        client=client,
        connection_string=connection_string,
        callbacks=Callbacks(
            client=client, keys=keys, faults=faults, journal=journal, clock=clock, tasks=tasks
        ),
        event_grid=EventGrid(
            client=client,
            faults=faults,
            journal=journal,
            clock=clock,
            tasks=tasks,
            resource_id=options.resource_id,
        ),
    )
