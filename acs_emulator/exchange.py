"""The telephone exchange: what all operations of the emulator share."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Literal

import httpx

from acs_emulator.calls.call import Call, Leg, LegState, Line
from acs_emulator.calls.registry import Calls
from acs_emulator.clock import Clock
from acs_emulator.errors import call_not_found
from acs_emulator.eventgrid import EventGrid
from acs_emulator.faults import Faults
from acs_emulator.identities import Identities
from acs_emulator.journal import Journal
from acs_emulator.media.prompts import Prompts
from acs_emulator.options import Options
from acs_emulator.outgoing.callbacks import Callbacks
from acs_emulator.outgoing.posting import Post
from acs_emulator.people.callees import Callees, PickedUp, Unanswered
from acs_emulator.people.recorded import Ears
from acs_emulator.recorder.tape import Recorder
from acs_emulator.recordings.store import Recordings
from acs_emulator.rest.repeatability import Repeated
from acs_emulator.signing import Keys
from acs_emulator.streaming.metronome import Metronome
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
    outcome: asyncio.Future[Leg | PickedUp | Unanswered | Redirected]
    server_call_id: str
    line: Line | None = None
    """Where it rings at the other end of a PSTN line that the application itself opened."""


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
    post: Post
    recorder: Recorder
    identities: Identities
    trust: ssl.SSLContext
    """For whoever calls out over TLS."""
    connection_string: str
    url: str
    """The emulator's own address over plain HTTP, without a slash at its end."""
    ears: Ears = field(default_factory=Ears)
    prompts: Prompts = field(default_factory=Prompts)
    repeated: Repeated = field(default_factory=Repeated)
    ca_certificate: bytes | None = None
    """Of the authority that clients have to trust, in PEM; None without TLS."""
    calls: Calls = field(default_factory=Calls)
    recordings: Recordings = field(default_factory=Recordings)
    callees: Callees = field(default_factory=Callees)
    offers: dict[str, Offer] = field(default_factory=dict)
    """Ringing incoming calls by their `incomingCallContext`."""
    metronome: Metronome = field(init=False)

    def __post_init__(self) -> None:
        self.metronome = Metronome(self.clock, self.tasks)

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
    trust: ssl.SSLContext,
    ca_certificate: bytes | None,
    connection_string: str,
    url: str,
) -> Exchange:
    """An exchange without calls."""
    clock = Clock(options.speed)
    faults = Faults(journal, options.seed)
    keys = Keys(options.issuer, options.resource_id)
    recorder = Recorder(clock)
    post = Post(client=client, keys=keys, faults=faults, clock=clock, recorder=recorder)
    return Exchange(
        options=options,
        clock=clock,
        journal=journal,
        faults=faults,
        keys=keys,
        tasks=tasks,
        client=client,
        identities=Identities(options.resource_id, keys),
        trust=trust,
        ca_certificate=ca_certificate,
        connection_string=connection_string,
        callbacks=Callbacks(post=post, faults=faults, journal=journal, clock=clock, tasks=tasks),
        post=post,
        recorder=recorder,
        url=url,
        event_grid=EventGrid(
            post=post,
            faults=faults,
            journal=journal,
            clock=clock,
            tasks=tasks,
            resource_id=options.resource_id,
            base_url=url,
        ),
    )
