"""Time, ids, the bus, ACS, tokens, and where changes are pushed to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from callscribe.domain.call import Call
from callscribe.domain.changes import Change, Notice
from callscribe.domain.commands import AnyCommand


class Clock(Protocol):
    def now(self) -> int:
        """Unix ms."""
        ...


class Ids(Protocol):
    def new(self, prefix: str) -> str:
        """A new sortable id such as `call_0190…`; at most 64 characters of `[a-z0-9_]`."""
        ...

    def secret(self) -> str:
        """A new unguessable capability: 43 URL-safe characters, 256 bits."""
        ...


class Subscription(Protocol):
    """Notices of one topic; bounded: a reader that falls behind loses the oldest and `lagged` becomes true."""

    lagged: bool

    def __aiter__(self) -> AsyncIterator[Notice]: ...
    async def __anext__(self) -> Notice: ...


class Bus(Protocol):
    """A doorbell between processes: a lost notice costs latency, never text."""

    def publish(self, topic: str, notice: Notice) -> None:
        """Send without waiting; dropped and counted where the bus is down or full."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Subscription]: ...
    async def ping(self) -> None: ...


class AcsCall(msgspec.Struct, frozen=True):
    """What ACS answers about a call connection."""

    call_connection_id: str
    server_call_id: str | None
    correlation_id: str | None
    state: str
    from_id: str | None = None
    targets: tuple[str, ...] = ()
    transcription: str | None = None
    """`inactive`, `active`, `disabled`, or None where the call was set up without transcription."""

    @property
    def connected(self) -> bool:
        return self.state in ("connected", "transferring", "transferAccepted")


class CallControl(Protocol):
    """ACS Call Automation. Every method raises AcsError where ACS refuses or does not answer."""

    async def carry_out(self, command: AnyCommand, call: Call, job_id: str) -> AcsCall | None:
        """Do what a command says; answer, create, connect and look-up give ACS's call. Safe to repeat."""
        ...

    async def look_up(self, call_connection_id: str) -> AcsCall:
        """Raises AcsCallNotFound where ACS has no such call (any more)."""
        ...


class Tokens(Protocol):
    """Verifies signed tokens.

    Every method raises Unauthorized with the reason, in words fit for the sender, and SigningKeysUnavailable where
    it cannot be told now whether a token is good.
    """

    async def acs(self, token: str) -> None:
        """An ACS token of a callback or socket: RS256, issuer, audience = resource id, expiry."""
        ...

    async def event_grid(self, token: str) -> None:
        """An Entra token of Event Grid: issuer v1 or v2 of the tenant, audience, `appid` or `azp`."""
        ...

    async def api(self, token: str) -> tuple[str, frozenset[str]]:
        """An Entra token of an API client: its subject and its scopes (read, control, admin)."""
        ...


class Sink(Protocol):
    """One place that changes are pushed to."""

    name: str

    async def send(self, changes: Sequence[Change]) -> int:
        """Deliver in order and give the number of the last one accepted, which may come before the last one given.

        Raises `domain.hooks.PushRefused` at the first that is refused.
        """
        ...
