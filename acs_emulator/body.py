"""Bodies of requests, read whole and bounded."""

from starlette.types import Receive

MAX_BODY_BYTES = 1_048_576


async def read_body(receive: Receive) -> bytes | None:
    """The request's body, None where it is too large."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body
