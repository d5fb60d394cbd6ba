"""The sender of callbacks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from acs_emulator.calls.call import Leg
from acs_emulator.clock import Clock
from acs_emulator.faults import BadTokenFault, Duplicate, Faults, Lose, Reorder
from acs_emulator.journal import Journal
from acs_emulator.outgoing.events import OK, UNTOLD, Result, Told, body, callback
from acs_emulator.outgoing.posting import Letter, Post
from acs_emulator.recorder.tape import Signed
from acs_emulator.signing import CALLBACK_LIFETIME
from acs_emulator.tasks import Tasks

SCOPE = "callbacks"
RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0)
"""Emulated seconds between attempts. ACS documents no policy; a few attempts with back-off are a guess, and so is that
a receiver which takes an event and never answers is not told again: published samples do just that."""
LATE = 0.5
PATIENCE = 0.5
"""Real seconds for which an event waits for the answer to the one before it. ACS promises no order, and applications
that answer late or never are told all the same."""


@dataclass(slots=True, eq=False)
class _Message:
    leg: Leg
    url: str
    event: Mapping[str, object]
    name: str
    before: _Message | None
    attempted: asyncio.Event = field(default_factory=asyncio.Event)
    overtaken: asyncio.Event = field(default_factory=asyncio.Event)


class Callbacks:
    """Posts events to the application, per call connection in the order they happened; one that is not soon answered,
    that has to be tried again, or that a fault makes late, no longer holds up the others."""

    def __init__(self, *, post: Post, faults: Faults, journal: Journal, clock: Clock, tasks: Tasks) -> None:
        self._post = post
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._tasks = tasks
        self._last: dict[str, _Message] = {}

    def send(
        self,
        leg: Leg,
        name: str,
        told: Told = UNTOLD,
        *,
        result: Result = OK,
        fields: Mapping[str, object] | None = None,
        source: str | None = None,
    ) -> None:
        """Send `Microsoft.Communication.{name}` soon, to where the operation wants it told or to the leg's callback URI;
        from the leg, or from `source`."""
        event = callback(
            leg, name, result=result, operation_context=told.context, fields=fields, source=source
        )
        lane = leg.connection_id
        message = _Message(leg, told.callback_uri or leg.callback_uri, event, name, self._last.get(lane))
        self._last[lane] = message
        self._tasks.start(self._deliver(message), scope=SCOPE)

    def drop_all(self) -> None:
        """Nothing that is under way is delivered."""
        self._tasks.cancel(SCOPE)
        self._last.clear()

    async def _deliver(self, message: _Message) -> None:
        connection_id = message.leg.connection_id
        before, message.before = message.before, None
        if before is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await before.attempted.wait()
        try:
            if self._faults.take_delivery(Lose, "callbacks", message.name, connection_id):
                return
            late = self._faults.lateness("callbacks", message.name, connection_id)
            if late is not None:
                message.attempted.set()
                await self._clock.sleep(late)
            if self._faults.take_delivery(Reorder, "callbacks", message.name, connection_id):
                await self._be_overtaken(message)
            delivered = await self._attempt(message, 1)
            if self._faults.take_delivery(Duplicate, "callbacks", message.name, connection_id):
                await self._attempt(message, 1)
        finally:
            message.attempted.set()
            if before is not None:
                before.overtaken.set()
            if self._last.get(connection_id) is message:
                del self._last[connection_id]
        if not delivered:
            await self._retry(message)

    async def _be_overtaken(self, message: _Message) -> None:
        message.attempted.set()
        try:
            async with asyncio.timeout(LATE):
                await message.overtaken.wait()
        except TimeoutError:
            return

    async def _retry(self, message: _Message) -> None:
        for attempt, delay in enumerate(RETRY_DELAYS, start=2):
            await self._clock.sleep(delay)
            if await self._attempt(message, attempt):
                return

    async def _attempt(self, message: _Message, attempt: int) -> bool:
        """Whether nothing is left to do: the receiver took the event, or refused it for good."""
        connection_id = message.leg.connection_id
        bad = self._faults.take(BadTokenFault, connection_id, lambda fault: fault.where == "callback")
        answer = await self._post.send(
            Letter(
                what="callbacks",
                name=message.name,
                url=message.url,
                headers={"Content-Type": "application/json; charset=utf-8"},
                content=body(message.event),
                connection_id=connection_id,
                signed=Signed(CALLBACK_LIFETIME, bad.what if bad else None),
            )
        )
        self._journal.add(
            "callback",
            callConnectionId=connection_id,
            type=message.name,
            url=message.url,
            attempt=attempt,
            status=answer.status,
            error=answer.error,
            event=message.event,
        )
        if answer.status is None:
            return answer.unanswered
        return answer.status < 500 and answer.status not in (408, 429)
