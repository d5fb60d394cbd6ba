"""What readers follow: a call's transcript as it is, and its changes as they are committed.

The bus is a doorbell, the store is the truth: a ring says only "look again", so a lost one costs time, never text.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from callscribe.domain import reading
from callscribe.domain.call import ENDED
from callscribe.domain.changes import Change, ChangeKind, Notice, Partial, call_topic
from callscribe.domain.errors import CallNotFound
from callscribe.domain.views import TranscriptView
from callscribe.ports import Ports, Subscription

PAGE = 200
POLL_SECONDS = 5.0
GRACE_SECONDS = 5.0
"""How long an ended call must be quiet: words spoken before the end may come a little after it."""


async def snapshot(ports: Ports, call_id: str) -> TranscriptView:
    """The transcript as it is now; `lastChange` is where to follow from. Raises CallNotFound."""
    kept = await ports.store.transcript(call_id)
    if kept is None:
        raise CallNotFound("no call has this id")
    return reading.transcript_view(
        kept.stored.call,
        kept.stored.last_change,
        kept.stored.zero,
        kept.streams,
        ((one.segment, one.number) for one in kept.segments),
        kept.gaps,
    )


async def follow(
    ports: Ports,
    call_id: str,
    after: int | None = None,
    *,
    poll: float = POLL_SECONDS,
    grace: float = GRACE_SECONDS,
) -> AsyncGenerator[Change | Partial, None]:
    """Every change numbered above `after` (None: all), in order and without holes, and open lines between them.

    Ends when the call has ended, everything is delivered and nothing came for `grace` seconds. `call_id` is ours.
    Close it (`contextlib.aclosing`): it holds a subscription. Raises StoreUnavailable.
    """
    async with ports.bus.subscribe(call_topic(call_id)) as bell:
        reader = _Reader(ports, call_id, after or 0)
        while True:
            async with aclosing(reader.tail()) as changes:
                async for change in changes:
                    yield change
            # Open lines come straight through; anything else is a reason to look into the store.
            while isinstance(notice := await _heard(bell, grace if reader.ended else poll), Partial):
                if reader.is_open(notice):
                    yield notice
            if notice is None and reader.ended and not bell.lagged and not await reader.behind():
                return
            bell.lagged = False


class _Reader:
    """How far one reader has come."""

    def __init__(self, ports: Ports, call_id: str, number: int) -> None:
        self._ports = ports
        self._call_id = call_id
        self._number = number
        self._spoken: dict[tuple[str, str], int] = {}
        self._asked = False
        self.ended = False

    async def tail(self) -> AsyncGenerator[Change, None]:
        """What the store has beyond what was read."""
        look = not self._asked
        while page := await self._ports.store.tail(self._call_id, self._number, PAGE):
            for change in page:
                self._number = change.number
                look |= change.kind is ChangeKind.CALL
                self._note(change)
                yield change
            if len(page) < PAGE:
                break
        if look:
            await self._ask()

    async def behind(self) -> bool:
        """Whether the store has something that was not read yet."""
        return bool(await self._ports.store.tail(self._call_id, self._number, 1))

    def is_open(self, partial: Partial) -> bool:
        """Whether the line is still open: a Final that was read already closes the lines that it covers."""
        line = msgspec.json.decode(partial.body, type=_Line)
        return int(line.offset) >= self._spoken.get((line.stream, line.participant), -1)

    def _note(self, change: Change) -> None:
        if change.kind is ChangeKind.SEGMENT:
            line = msgspec.json.decode(change.body, type=_Line)
            end = int(line.offset) + max(int(line.duration or 0), 1)
            speaker = (line.stream, line.participant)
            self._spoken[speaker] = max(end, self._spoken.get(speaker, -1))

    async def _ask(self) -> None:
        stored = await self._ports.store.call(self._call_id)
        self.ended = stored is None or stored.call.state in ENDED
        self._asked = True


class _Line(msgspec.Struct, frozen=True):
    """The part of a `SegmentView` or `PartialView` that says which stretch of speech it is about."""

    stream: str
    participant: str = msgspec.field(name="participantRawID")
    offset: str
    duration: str | None = None


async def _heard(bell: Subscription, seconds: float) -> Notice | None:
    """The next notice, or None where none came in time or some were lost."""
    if bell.lagged:
        return None
    try:
        async with asyncio.timeout(seconds):
            return await anext(bell)
    except TimeoutError:
        return None
