"""Server-Sent Events: how a live stream is written (WHATWG HTML, section 9.2) and sent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import anyio
import structlog
from starlette.responses import StreamingResponse
from starlette.types import Send

from callscribe.domain.errors import CallscribeError
from service.edge import Edge

_log = structlog.stdlib.get_logger(__name__)
RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"
STOPPING = b": the server stops, come again\nretry: 1000\n\n"
FAILED = b": what you follow cannot be read now, come again\nretry: 5000\n\n"
TOO_SLOW = b": dropped, the reader is too slow\n\n"
LAST_WORD_SECONDS = 1.0


def event(name: str, data: bytes, number: int | None = None) -> bytes:
    """One event; only numbered ones carry an `id`, so that `Last-Event-ID` always names a change."""
    numbered = b"" if number is None else b"id: %d\n" % number
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), numbered, data)


class EventStream(StreamingResponse):
    """A live stream that gives up its place at the end and drops a reader that does not read.

    A reader is slow where it leaves a full send buffer unread for `slow_seconds`.
    """

    media_type = "text/event-stream"

    def __init__(self, edge: Edge, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, headers={"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"})
        self._edge = edge
        self._events = events

    async def stream_response(self, send: Send) -> None:
        with self._edge.streams.one_more():
            async with aclosing(beating(self._events, self._edge)) as chunks:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                async for chunk in chunks:
                    if not await _sent(send, chunk, self._edge.settings.slow_seconds):
                        _log.warning("A live stream was dropped: its reader is too slow.")
                        # Arrives where the reader wakes up just now; otherwise the server cuts the connection.
                        await _sent(send, TOO_SLOW, LAST_WORD_SECONDS, more=False)
                        return
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _sent(send: Send, chunk: bytes, seconds: float, *, more: bool = True) -> bool:
    """Whether the chunk went out in time."""
    try:
        async with asyncio.timeout(seconds):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})
    except TimeoutError:
        return False
    return True


async def beating(events: AsyncGenerator[bytes, None], edge: Edge) -> AsyncGenerator[bytes, None]:
    """The events with a heartbeat between them where they are quiet.

    Ends early, with a hint to come again, where the process is to stop or the events cannot be read.
    """
    stopping = asyncio.create_task(edge.stop.wait())
    coming: asyncio.Task[bytes | None] | None = None
    try:
        yield RETRY
        while not edge.stop.is_set():
            coming = coming or asyncio.create_task(_next(events))
            await asyncio.wait(
                (coming, stopping),
                timeout=edge.settings.heartbeat_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not coming.done():
                yield STOPPING if stopping.done() else HEARTBEAT
                continue
            try:
                chunk, coming = coming.result(), None
            except CallscribeError as error:
                _log.warning("A live stream ended: what it follows cannot be read.", code=error.code)
                yield FAILED
                return
            if chunk is None:
                return
            yield chunk
    finally:
        # A reader that goes away cancels every further wait; what was begun for it is still to be ended.
        with anyio.CancelScope(shield=True):
            await _ended(stopping, coming)
            await events.aclose()


async def _next(events: AsyncIterator[bytes]) -> bytes | None:
    return await anext(events, None)


async def _ended(*tasks: asyncio.Task[bytes | None] | asyncio.Task[bool] | None) -> None:
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
