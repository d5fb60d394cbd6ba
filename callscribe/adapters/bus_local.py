"""The bus inside one process."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from callscribe.domain.changes import JobsDue, Notice


class LocalSubscription:
    """See `ports.Subscription`. Read by one task; its reader sets `lagged` back once it has looked again."""

    def __init__(self, capacity: int) -> None:
        self.lagged = False
        self._notices: deque[Notice] = deque(maxlen=capacity)
        self._arrived = asyncio.Event()

    def offer(self, notice: Notice) -> None:
        if len(self._notices) == self._notices.maxlen:
            self.lagged = True
        self._notices.append(notice)
        self._arrived.set()

    def wake(self) -> None:
        """Its reader looks again: it gets a notice that says nothing but that."""
        self.offer(JobsDue())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Notice:
        while not self._notices:
            self._arrived.clear()
            await self._arrived.wait()
        return self._notices.popleft()


class LocalBus:
    """See `ports.Bus`. All subscribers of a topic share the notice; used from one event loop."""

    def __init__(self, capacity: int = 256) -> None:
        """`capacity` is how many notices wait for one slow reader before it loses the oldest."""
        self._capacity = capacity
        self._topics: dict[str, set[LocalSubscription]] = {}

    @property
    def topics(self) -> frozenset[str]:
        """Those that somebody listens to."""
        return frozenset(self._topics)

    def publish(self, topic: str, notice: Notice) -> None:
        for subscription in self._topics.get(topic, ()):
            subscription.offer(notice)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[LocalSubscription]:
        subscription = LocalSubscription(self._capacity)
        readers = self._topics.setdefault(topic, set())
        readers.add(subscription)
        try:
            yield subscription
        finally:
            readers.discard(subscription)
            if not readers and self._topics.get(topic) is readers:
                del self._topics[topic]

    def lag(self) -> None:
        """Tell all readers that they may have missed something."""
        for readers in self._topics.values():
            for subscription in readers:
                subscription.lagged = True
                subscription.wake()

    async def ping(self) -> None:
        """Always there."""
