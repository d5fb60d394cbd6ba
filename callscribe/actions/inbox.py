"""Takes in what Azure posts: stores every event, then lets it act on its call.

An event is stored and its call advanced in one transaction; what is to be done at ACS is a job stored with them.
So an event is acted on once however often it is delivered, and whatever dies in between.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from callscribe.actions.calls import chosen_endpoint, setup_of
from callscribe.actions.steps import Kept, fresh, keep, later, tell
from callscribe.domain import events
from callscribe.domain.call import (
    Call,
    CallState,
    Direction,
    Step,
    advance,
)
from callscribe.domain.call.evidence import same_connection
from callscribe.domain.errors import CallNotFound, MalformedEvent, StoreUnavailable
from callscribe.domain.events import Envelope, IncomingCall, parse_callback, parse_event_grid
from callscribe.domain.incoming import is_linked_leg, is_our_leg, reaction, ringing
from callscribe.domain.observations import RingingOver
from callscribe.domain.policy import Action, Rule
from callscribe.ports import CallFilter, EventRecord, Ports, Transaction

_log = logging.getLogger(__name__)
_OUR_LEG_MS = 180_000
"""How long after we placed a call its other end can still ring; ACS gives up on telephones after 115 s."""


class Aside(msgspec.Struct, frozen=True):
    """An item that could not be read: why, and what it was; kept on the record."""

    reason: str
    raw: bytes


Item = Envelope | Aside


class Inbox:
    """Where Azure's posts arrive. While the store is away, up to `capacity` items are held in memory."""

    def __init__(self, ports: Ports, capacity: int = 1000) -> None:
        self._ports = ports
        self._capacity = capacity
        self._held: deque[Callable[[], Awaitable[None]]] = deque()
        self._something_held = asyncio.Event()

    @property
    def held(self) -> int:
        """How many items wait in memory for the store."""
        return len(self._held)

    async def event_grid(self, items: Sequence[Item]) -> None:
        """Store each item, or hold it. Raises StoreUnavailable where neither can be done."""
        for item in items:
            await self._take(partial(self._event_grid_item, item))

    async def callbacks(self, key: str, items: Sequence[Item]) -> None:
        """Store each item under the call of this key, or hold it.

        Raises CallNotFound for a key that was never given out, StoreUnavailable where nothing can be stored or held.
        """
        for item in items:
            await self._take(partial(self._callback_item, key, item))
        if not items and await self._ports.store.call_id_of_key(key) is None:
            raise CallNotFound("no call has this key")

    async def run(self) -> None:
        """Store what is held as soon as the store is back, in the order in which it came. Until cancelled."""
        pause = 0.1
        while True:
            await self._something_held.wait()
            try:
                while self._held:
                    await self._again(self._held[0])
                    self._held.popleft()
                self._something_held.clear()
                pause = 0.1
            except StoreUnavailable:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _take(self, store: Callable[[], Awaitable[None]]) -> None:
        try:
            if not self._held:
                await store()
                return
        except StoreUnavailable:
            _log.warning("The store is away: an event is held in memory.")
        if len(self._held) >= self._capacity:
            raise StoreUnavailable("the store is away and the memory kept for events is full")
        self._held.append(store)
        self._something_held.set()

    async def _again(self, store: Callable[[], Awaitable[None]]) -> None:
        try:
            await store()
        except CallNotFound:
            _log.warning("An event that was held names no call of ours and is dropped.")
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - supervisor: a defect met in one event must not hold up all others
            _log.exception("An event that was held could not be stored and is dropped.")

    # --- Event Grid -------------------------------------------------------------------------------------------

    async def _event_grid_item(self, item: Item) -> None:
        try:
            if isinstance(item, Aside):
                raise MalformedEvent(item.reason)
            event = parse_event_grid(item)
        except MalformedEvent as fault:
            await self._put_aside(item, "event-grid", fault, None)
            return
        self._count("event-grid", event)
        kept: Kept | None = None
        ours = await self._is_our_leg(event) if isinstance(event, IncomingCall) else False
        async with self._ports.store.transaction() as tx:
            if isinstance(event, IncomingCall):
                kept = await self._incoming(tx, item, event, ours)
            else:
                call_id = await _call_of(tx, event)
                await tx.record(self._record(item, "event-grid", call_id))
        if kept is not None:
            tell(self._ports, kept)

    async def _is_our_leg(self, event: IncomingCall) -> bool:
        """Whether this is the other end of something that we did: a call we placed, or somebody we invited."""
        if event.from_.raw_id in self._ports.config.our_numbers:
            return True
        called = event.to.raw_id
        placed = CallFilter(participant=called, since=self._ports.clock.now() - _OUR_LEG_MS)
        on = CallFilter(participant=called, state=CallState.CONNECTED)
        for where in (placed, on):
            found, _ = await self._ports.store.calls(where, 50, None)
            if any(is_our_leg(stored.call, event) for stored in found):
                return True
        return False

    async def _incoming(
        self, tx: Transaction, item: Envelope, event: IncomingCall, ours: bool
    ) -> Kept | None:
        same = await tx.calls_of_correlation(event.correlation_id) if event.correlation_id else ()
        linked = await tx.calls_of_server_call(event.server_call_id) if event.server_call_id else ()
        note = None
        if ours or any(is_linked_leg(call, event) for call in (*same, *linked)):
            note = "not answered: the other end of a call that we placed, or somebody whom we invited"
        elif any(call.direction is Direction.INCOMING and event.to.raw_id in call.to for call in same):
            note = "not answered: this call is on the record already"
        rule = self._ports.config.policy.rule_for(event.to.raw_id)
        if note is None and rule.action is Action.IGNORE:
            note = "ignored by the policy for incoming calls"
        if note is not None:
            await tx.record(self._record(item, "event-grid", same[0].id if same else None, note))
            return None
        ids, config = self._ports.ids, self._ports.config
        endpoint = chosen_endpoint(self._ports)
        now = fresh(self._ports, endpoint)
        call = ringing(event, rule, ids.new("call"), ids.secret(), config.default_locale, now, endpoint)
        # An event that is on the record may have said something else there: it still counts once.
        is_new = await tx.record(self._record(item, "event-grid", call.id))
        return await self._answer(tx, event, rule, call) if is_new else None

    async def _answer(self, tx: Transaction, event: IncomingCall, rule: Rule, call: Call) -> Kept:
        ends = event.time + self._ports.config.ring_ms
        if self._ports.clock.now() > ends:
            missed = advance(call, RingingOver(at=self._ports.clock.now()), fresh(self._ports))
            return await keep(tx, self._ports, None, missed)
        command = reaction(event, rule, setup_of(self._ports.config, call))
        kept = await keep(tx, self._ports, None, Step(call, (command,)), deadline=ends)
        await tx.enqueue(later(self._ports, call, RingingOver(at=ends), ends))
        return kept

    # --- callbacks --------------------------------------------------------------------------------------------

    async def _callback_item(self, key: str, item: Item) -> None:
        async with self._ports.store.transaction() as tx:
            call = await tx.call_by_key(key)
            if call is None:
                raise CallNotFound("no call has this key")
            try:
                if isinstance(item, Aside):
                    raise MalformedEvent(item.reason)
                event = parse_callback(item)
            except MalformedEvent as fault:
                await tx.record(self._aside(item, "callback", fault, call.id))
                return
            self._count("callback", event)
            note = _foreign_note(call, event)
            record = self._record(item, "callback", call.id, note)
            # The key is of this call: the same event at a wrong address does not take the right one away.
            is_new = await tx.record(msgspec.structs.replace(record, key=f"{record.key}:{call.id}"))
            if not is_new or note is not None or isinstance(event, events.UnknownEvent):
                return
            kept = await keep(
                tx, self._ports, call, advance(call, event, fresh(self._ports, call.ai_endpoint))
            )
        tell(self._ports, kept)

    # --- the record -------------------------------------------------------------------------------------------

    async def _put_aside(self, item: Item, source: str, fault: MalformedEvent, call_id: str | None) -> None:
        async with self._ports.store.transaction() as tx:
            await tx.record(self._aside(item, source, fault, call_id))

    def _count(self, source: str, event: events.CallbackEvent | events.EventGridEvent) -> None:
        known = "unknown" if isinstance(event, events.UnknownEvent) else type(event).__name__
        self._ports.counters.events.add(source, known)

    def _record(
        self, item: Envelope, source: str, call_id: str | None, note: str | None = None
    ) -> EventRecord:
        return EventRecord(
            id=self._ports.ids.new("evt"),
            key=f"{source}:{item.id}:{item.type}:{item.source}",
            source=source,
            type=item.type,
            at=item.time,
            received_at=self._ports.clock.now(),
            call_id=call_id,
            note=note,
            data=msgspec.Raw(msgspec.json.encode(item.data)),
        )

    def _aside(self, item: Item, source: str, fault: MalformedEvent, call_id: str | None) -> EventRecord:
        self._ports.counters.malformed.add(source)
        raw = item.raw if isinstance(item, Aside) else msgspec.json.encode(item.data)
        now = self._ports.clock.now()
        identifier = self._ports.ids.new("evt")
        return EventRecord(
            id=identifier,
            key=identifier,
            source=source,
            type="malformed" if isinstance(item, Aside) else item.type,
            at=now if isinstance(item, Aside) else item.time,
            received_at=now,
            call_id=call_id,
            note=f"put aside: {fault.reason}",
            data=msgspec.Raw(msgspec.json.encode(raw.decode(errors="replace"))),
        )


def _foreign_note(call: Call, event: events.CallbackEvent | events.UnknownEvent) -> str | None:
    """Why an event is kept but not acted on: it names another call than the one whose address it came to."""
    if isinstance(event, events.UnknownEvent) or same_connection(
        call.call_connection_id, event.call_connection_id
    ):
        return None
    return "names another call than this address was given for"


async def _call_of(tx: Transaction, event: events.EventGridEvent) -> str | None:
    server_call_id = getattr(event, "server_call_id", None)
    calls = await tx.calls_of_server_call(server_call_id) if server_call_id else ()
    return calls[0].id if calls else None
