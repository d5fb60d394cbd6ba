"""The ports of a process, joined by wiring."""

from dataclasses import dataclass, field

from callscribe.domain.call import Call, Rules
from callscribe.domain.call.quota import Quota
from callscribe.domain.policy import Policy
from callscribe.ports.archive import Archive
from callscribe.ports.measuring import UNCOUNTED, CallCounters
from callscribe.ports.store import Store
from callscribe.ports.world import Bus, CallControl, Clock, Ids, Sink, Tokens

_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Config:
    """What the actions need to know of the settings."""

    policy: Policy
    default_locale: str
    intermediate_results: bool
    public_url: str
    public_ws_url: str
    worker: str
    """This process's name on leases."""
    ring_ms: int = 30_000
    answer_lease_ms: int = 3_000
    """A stored command that is not carried out within this is taken by another worker."""
    inline_lease_ms: int = 30_000
    operation_timeout_ms: int = 60_000
    rules: Rules = _RULES
    """How calls are looked after."""
    ai_endpoints: tuple[str, ...] = ()
    """The AI resources that calls are set up with; none leaves that to the adapter."""
    announce_timeout_ms: int = 180_000
    """How long ACS may take to tell that an announcement was played."""
    our_numbers: frozenset[str] = frozenset()
    """Raw ids that we call from: their legs are never taken for incoming calls."""

    def transport_url(self, call: Call) -> str:
        """Where ACS dials in with this call's words: a capability, to be told to nobody else."""
        return f"{self.public_ws_url}/transcripts/{call.key}"

    def callback_uri(self, call: Call) -> str:
        """Where ACS posts this call's events: a capability, to be told to nobody else."""
        return f"{self.public_url}/azure/callbacks/{call.key}"


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the service's actions reach the world through."""

    config: Config
    clock: Clock
    ids: Ids
    store: Store
    bus: Bus
    acs: CallControl
    tokens: Tokens
    sinks: tuple[Sink, ...] = ()
    counters: CallCounters = UNCOUNTED
    quota: Quota = field(default_factory=Quota)


@dataclass(frozen=True, slots=True)
class IngestPorts:
    """Everything the transcript server reaches the world through."""

    clock: Clock
    ids: Ids
    archive: Archive
    bus: Bus
    tokens: Tokens
    server: str = ""
    """Which transcript server this is: its address, which no other can have while it listens."""
