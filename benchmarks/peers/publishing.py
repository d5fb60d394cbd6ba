"""What both peers of the live streams publish: texts of a segment's size, encoded once, into every reader's queue."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

Queue = asyncio.Queue[tuple[int, str]]


class Publisher:
    """Keeps the readers' queues, which are not bounded: nobody is too slow here."""

    def __init__(self) -> None:
        self._queues: set[Queue] = set()
        self._publishing: asyncio.Task[None] | None = None

    @contextmanager
    def subscribed(self) -> Iterator[Queue]:
        queue: Queue = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def begin(self, many: int, rate: float) -> None:
        """Publish so many events, evenly at so many a second."""
        self._publishing = asyncio.create_task(self._publish(many, rate))

    async def _publish(self, many: int, rate: float) -> None:
        began = time.monotonic()
        for number in range(1, many + 1):
            await asyncio.sleep(max(began + number / rate - time.monotonic(), 0))
            body = _body(number)
            for queue in self._queues:
                queue.put_nowait((number, body))


def _body(number: int) -> str:
    """As large as the product's event of a segment of a dozen words."""
    words = [{"text": "something", "at": 4.0, "duration": 0.36} for _ in range(12)]
    text = f"t={time.monotonic_ns():019} " + "something " * 12
    return json.dumps({"number": number, "text": text, "participant": "4:+4930123456", "words": words})
