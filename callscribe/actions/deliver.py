"""Pushes committed changes onwards: at least once, and in order within each call.

Every sink is served for itself, and so is every call: one that refuses holds up nobody else.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

from callscribe.domain.changes import RINGS_TOPIC
from callscribe.domain.errors import StoreUnavailable
from callscribe.domain.hooks import PushRefused, next_try_ms
from callscribe.ports import Ports, Push, Sink

LEASE_MS = 60_000
"""Longer than a sink may take for one `send`."""
BATCH = 100
CALLS_AT_ONCE = 8
"""How many calls are pushed to one sink at the same time."""
POLL_S = 2.0
"""Longest time until a retry that is due, or a change whose ring was lost, is seen."""

_log = logging.getLogger(__name__)


def _uncounted(sink: str, outcome: str) -> None: ...


class Deliverer:
    """Pushes to every sink of the ports; `count` is told of each try and its outcome."""

    def __init__(
        self,
        ports: Ports,
        *,
        jitter: Callable[[], float] = random.random,
        count: Callable[[str, str], None] = _uncounted,
    ) -> None:
        """An outcome is `accepted`, `refused` or `given-up`; `jitter` gives numbers in [0, 1)."""
        self._ports = ports
        self._jitter = jitter
        self._count = count
        self._woken = {sink.name: asyncio.Event() for sink in ports.sinks}

    async def run(self) -> None:
        """Runs until it is cancelled; returns at once where there is no sink."""
        if not self._ports.sinks:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            for sink in self._ports.sinks:
                group.create_task(self._serve(sink))

    async def _listen(self) -> None:
        async with self._ports.bus.subscribe(RINGS_TOPIC) as rings:
            async for _ in rings:
                for woken in self._woken.values():
                    woken.set()

    async def _serve(self, sink: Sink) -> None:
        woken = self._woken[sink.name]
        running: set[asyncio.Task[None]] = set()

        def ended(task: asyncio.Task[None]) -> None:
            running.discard(task)
            woken.set()  # The call may have more, and another call may be waiting for the place.

        async with asyncio.TaskGroup() as group:
            while True:
                woken.clear()
                # No more is claimed than can be begun at once: a lease that waits runs out.
                for push in await self._claim(sink, CALLS_AT_ONCE - len(running)):
                    task = group.create_task(self._deliver(sink, push))
                    running.add(task)
                    task.add_done_callback(ended)
                await _wait(woken)

    async def _claim(self, sink: Sink, limit: int) -> tuple[Push, ...]:
        if limit == 0:
            return ()
        try:
            return await self._ports.store.claim_pushes(sink.name, self._ports.config.worker, LEASE_MS, limit)
        except StoreUnavailable:
            _log.warning("The store cannot be asked what to push.", extra={"sink": sink.name})
            return ()

    async def _deliver(self, sink: Sink, push: Push) -> None:
        """Whatever goes wrong here concerns one call and one sink; its lease runs out and it is tried again."""
        try:
            await self._push(sink, push)
        except StoreUnavailable:
            _log.warning("The store cannot be told what was pushed.", extra=_fields(push))
        except Exception:  # noqa: BLE001  # supervisor: a defect met in one call must not stop the others
            _log.exception("A push failed in an unforeseen way.", extra=_fields(push))

    async def _push(self, sink: Sink, push: Push) -> None:
        store = self._ports.store
        changes = await store.tail(push.call_id, push.delivered, BATCH)
        if not changes:
            return  # Another process has delivered them since they were claimed.
        try:
            number = await sink.send(changes)
        except PushRefused as refused:
            await self._refused(push, changes[0].number, refused)
        else:
            await store.pushed(sink.name, push.call_id, number)
            self._count(sink.name, "accepted")

    async def _refused(self, push: Push, first: int, refused: PushRefused) -> None:
        """The refused change waits for its next try, or is passed over after its last one."""
        store = self._ports.store
        if refused.accepted is not None:
            # What was refused after that gets a first try of its own, at once.
            await store.pushed(push.sink, push.call_id, refused.accepted)
            self._count(push.sink, "refused")
            return
        wait = next_try_ms(push.attempts + 1, refused, self._jitter())
        fields = {**_fields(push), "number": first, "reason": refused.reason}
        if wait is None:
            await store.pushed(push.sink, push.call_id, first)
            self._count(push.sink, "given-up")
            _log.error("A change is given up: the sink does not take it.", extra=fields)
            return
        await store.push_failed(push.sink, push.call_id, self._ports.clock.now() + wait)
        self._count(push.sink, "refused")
        _log.warning("A sink refused a change; it is tried again.", extra={**fields, "wait_ms": wait})


async def _wait(woken: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL_S):
            await woken.wait()


def _fields(push: Push) -> dict[str, object]:
    return {"sink": push.sink, "call_id": push.call_id, "tries": push.attempts}
