"""Live streams by FastAPI's `StreamingResponse`, with a queue for each reader. `python -m benchmarks.peers.stream_queues PORT`"""

import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from benchmarks.peers.publishing import Publisher

app = FastAPI()
publisher = Publisher()


async def events() -> AsyncIterator[str]:
    with publisher.subscribed() as queue:
        yield "retry: 2000\n\n"
        while True:
            number, body = await queue.get()
            yield f"event: segment\nid: {number}\ndata: {body}\n\n"


@app.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(events(), media_type="text/event-stream")


@app.get("/publish/{many}/{rate}")
async def publish(many: int, rate: float) -> dict[str, int]:
    publisher.begin(many, rate)
    return {"events": many}


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", loop="uvloop", backlog=4096,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
