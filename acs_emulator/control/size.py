"""What the control plane takes: bodies of a bounded size, in JSON that can be kept and shown."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acs_emulator.body import MAX_BODY_BYTES, flaw, read_body
from acs_emulator.control.problems import problem
from acs_emulator.errors import ControlRefused
from acs_emulator.recorder.tape import MAX_BYTES

REPLAY = "/_emulator/replay"
MAX_RECORDING_BYTES = 4 * MAX_BYTES


class SizeLimit:
    """ASGI middleware: a control request whose body is larger than 1 MiB is answered 413; a recording to be replayed may
    be as large as one can get. One whose JSON is flawed is answered 422."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/_emulator/"):
            await self._app(scope, receive, send)
            return
        limit = MAX_RECORDING_BYTES if scope["path"] == REPLAY else MAX_BODY_BYTES
        body = await read_body(receive, limit)
        if body is None:
            detail = f"at most {limit} bytes are taken here"
            await problem(ControlRefused(413, "The request is too large", detail))(scope, receive, send)
            return
        if scope["method"] == "POST" and (found := flaw(body)) is not None:
            await problem(ControlRefused(422, "The request is invalid", f"the body {found}"))(
                scope, receive, send
            )
            return
        await self._app(scope, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read once more, then whatever comes after it."""
    unread = True

    async def receive_again() -> Message:
        nonlocal unread
        if not unread:
            return await receive()
        unread = False
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
