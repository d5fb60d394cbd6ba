"""The bus between processes: publish and subscribe on Redis (or Valkey), which keeps nothing.

Redis may come and go: while it is away notices are dropped and counted, and readers rely on looking into the
store from time to time. Both directions find their way back by themselves.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from callscribe.adapters.bus_local import LocalBus, LocalSubscription
from callscribe.domain.changes import Notice
from callscribe.domain.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_AT_ONCE = 500
"""The most notices sent in one go."""
_ANSWER_SECONDS = 2.0
_SILENCE_SECONDS = 15.0
"""After this long without a message Redis is asked whether it is still there; after twice as long it is not."""
_FIRST_RETRY_SECONDS = 0.1
_LAST_RETRY_SECONDS = 5.0

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Notice).decode


class RedisBus:
    """See `ports.Bus`. One connection sends, one listens to all topics of the process; used from one event loop.

    On entering nothing is awaited: the bus connects in the background and starts without Redis too.
    """

    def __init__(
        self, url: str, *, namespace: str = "callscribe", capacity: int = 256, outbox: int = 10_000
    ) -> None:
        """`redis://`, `rediss://` or `unix://`; `capacity` is per subscription, `outbox` in all."""
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._prefix = f"{namespace}:"
        self._local = LocalBus(capacity)
        self._most_waiting = outbox
        self.dropped = 0
        """Notices that were never sent, since Redis was away or too slow."""
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._waiting = asyncio.Event()
        self._sending = True
        self._listening: bool | None = None
        """None until the first attempt to connect has ended."""
        self._topics_changed = asyncio.Event()
        self._heard: set[str] = set()
        self._unheard: dict[str, asyncio.Future[None]] = {}

    async def __aenter__(self) -> Self:
        self._group = await asyncio.TaskGroup().__aenter__()
        self._tasks = [
            self._group.create_task(self._send_on(), name="bus-send"),
            self._group.create_task(self._listen_on(), name="bus-listen"),
        ]
        return self

    async def __aexit__(self, *exit_: object) -> None:
        """Sends what waits, where Redis takes it at once."""
        for task in self._tasks:
            task.cancel()
        try:
            await self._group.__aexit__(None, None, None)
            if self._sending:
                await self._send_waiting()
        except (RedisError, OSError):
            self._drop_waiting()
        finally:
            await self._redis.aclose()

    def publish(self, topic: str, notice: Notice) -> None:
        if not self._sending or len(self._outbox) >= self._most_waiting:
            # Those in this process still hear it; the others look into the store by themselves.
            self.dropped += 1
            self._local.publish(topic, notice)
            return
        self._outbox.append((self._prefix + topic, _encode(notice)))
        self._waiting.set()

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[LocalSubscription]:
        """Everything published after entering arrives, unless Redis is away: entering then does not wait for it."""
        try:
            async with self._local.subscribe(topic) as subscription:
                await self._until_heard(topic)
                yield subscription
        finally:
            self._topics_changed.set()

    async def ping(self) -> None:
        """Raises StoreUnavailable where Redis does not answer."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._redis.ping()
        except (RedisError, OSError) as fault:
            raise StoreUnavailable(f"Redis does not answer: {fault}") from fault

    # --- sending

    async def _send_on(self) -> None:
        while True:
            _heed_cancellation()
            await self._waiting.wait()
            self._waiting.clear()
            try:
                await self._send_waiting()
            except (RedisError, OSError) as fault:
                self._drop_waiting()
                _log.warning("Redis is away; notices are dropped", extra={"reason": str(fault)})
                await self._until_back()

    async def _send_waiting(self) -> None:
        while self._outbox:
            pipeline = self._redis.pipeline(transaction=False)
            batch = min(len(self._outbox), _AT_ONCE)
            for index in range(batch):
                pipeline.publish(*self._outbox[index])
            await pipeline.execute()
            for _ in range(batch):
                self._outbox.popleft()

    def _drop_waiting(self) -> None:
        """Those in this process still hear what Redis did not take."""
        self.dropped += len(self._outbox)
        waiting = tuple(self._outbox)
        self._outbox.clear()
        for channel, data in waiting:
            self._deliver(channel.removeprefix(self._prefix), data)

    async def _until_back(self) -> None:
        """Returns when Redis answers; what is published before that is dropped, since nobody needs it late."""
        self._sending = False
        delay = _FIRST_RETRY_SECONDS
        while not self._sending:
            _heed_cancellation()
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LAST_RETRY_SECONDS)
            try:
                await self.ping()
                self._sending = True
            except StoreUnavailable:
                continue

    # --- listening

    async def _until_heard(self, topic: str) -> None:
        self._topics_changed.set()
        if topic in self._heard or self._listening is False:
            return
        future = self._unheard.setdefault(topic, asyncio.get_running_loop().create_future())
        await asyncio.wait((future,), timeout=_ANSWER_SECONDS)

    async def _listen_on(self) -> None:
        delay = _FIRST_RETRY_SECONDS
        while True:
            pubsub = self._redis.pubsub()
            try:
                await self._listen(pubsub)
            except* (RedisError, OSError) as faults:
                if self._listening:
                    delay = _FIRST_RETRY_SECONDS
                self._stop_waiting()
                _log.warning("Redis is away; listening again", extra={"reason": str(faults.exceptions[0])})
            finally:
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            _heed_cancellation()
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LAST_RETRY_SECONDS)

    def _stop_waiting(self) -> None:
        self._listening = False
        self._heard.clear()
        for future in self._unheard.values():
            future.cancel()
        self._unheard.clear()

    async def _listen(self, pubsub: PubSub) -> None:
        """Until Redis is lost. Whoever listened while it was away may have missed something: marked as lagging."""
        async with asyncio.TaskGroup() as group:
            await pubsub.subscribe(self._prefix)
            if self._listening is False:
                self._local.lag()
            self._listening = True
            group.create_task(self._follow(pubsub))
            await self._receive(pubsub)

    async def _follow(self, pubsub: PubSub) -> None:
        """Keeps what we asked Redis for equal to what our readers want."""
        asked: frozenset[str] = frozenset()
        while True:
            self._topics_changed.clear()
            wanted = self._local.topics
            if gone := asked - wanted:
                self._heard -= gone
                await pubsub.unsubscribe(*(self._prefix + topic for topic in gone))
            if new := wanted - asked:
                await pubsub.subscribe(*(self._prefix + topic for topic in new))
            asked = wanted
            _heed_cancellation()
            await self._topics_changed.wait()

    async def _receive(self, pubsub: PubSub) -> None:
        silent = False
        while True:
            _heed_cancellation()
            message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
            if message is None:
                if silent:
                    raise RedisConnectionError("no answer to PING")
                silent = True
                await pubsub.ping()
                continue
            silent = False
            if message["type"] == "pong":
                continue
            topic = message["channel"].decode().removeprefix(self._prefix)
            if message["type"] == "message":
                self._deliver(topic, message["data"])
            elif message["type"] == "subscribe":
                self._hear(topic)

    def _deliver(self, topic: str, data: bytes) -> None:
        try:
            notice = _decode(data)
        except msgspec.DecodeError as fault:
            _log.warning("a notice cannot be read", extra={"topic": topic, "reason": str(fault)})
            return
        self._local.publish(topic, notice)

    def _hear(self, topic: str) -> None:
        self._heard.add(topic)
        future = self._unheard.pop(topic, None)
        if future is not None and not future.done():
            future.set_result(None)


def _heed_cancellation() -> None:
    """The client waits with `asyncio.wait_for`, which before Python 3.12 may swallow a cancellation."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
