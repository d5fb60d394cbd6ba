"""Live streams by sse-starlette's `EventSourceResponse`, with a queue for each reader. `python -m benchmarks.peers.stream_starlette PORT`"""

import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from sse_starlette import EventSourceResponse, ServerSentEvent  # type: ignore[import-not-found]

from benchmarks.peers.publishing import Publisher

app = FastAPI()
publisher = Publisher()


async def events() -> AsyncIterator[ServerSentEvent]:
    with publisher.subscribed() as queue:
        yield ServerSentEvent(retry=2000)
        while True:
            number, body = await queue.get()
            yield ServerSentEvent(body, event="segment", id=str(number))


@app.get("/stream")
async def stream() -> EventSourceResponse:
    return EventSourceResponse(events())


@app.get("/publish/{many}/{rate}")
async def publish(many: int, rate: float) -> dict[str, int]:
    publisher.begin(many, rate)
    return {"events": many}


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", loop="uvloop", backlog=4096,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
