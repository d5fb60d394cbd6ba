"""The outermost layer: names every request, logs how it went, and catches what nobody foresaw."""

import asyncio
import re
import time
import uuid

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callscribe.domain.errors import CallscribeError, Internal, ShuttingDown
from callscribe.runtime import logs
from service.problems import problem_of

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_log = structlog.stdlib.get_logger(__name__)
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class AccessLog:
    """Pure ASGI. Log lines name the route, never the path: paths hold capabilities and phone numbers."""

    def __init__(self, app: ASGIApp, stop: asyncio.Event) -> None:
        self._app = app
        self._stop = stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given(scope) or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with logs.about(request_id=request_id):
            await _Request(scope, send, request_id, self._stop).run(self._app, receive)


class _Request:
    def __init__(self, scope: Scope, send: Send, request_id: str, stop: asyncio.Event) -> None:
        self._stop = stop
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._status: int | None = None

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        began = time.perf_counter()
        try:
            await app(self._scope, receive, self._answer)
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            # Only the shutdown cancels a request; raised on, this would be logged as a defect and answered as one.
            if self._status is None:
                await self._refuse(ShuttingDown(retry_after=2), receive)
            _log.warning("A request was cut off by the shutdown.", **self._facts(began))
        except Exception:
            _log.exception("A request failed unexpectedly.", **self._facts(began))
            if self._status is not None:
                raise  # half an answer is out: the server closes the connection
            await self._refuse(Internal(), receive)
        else:
            route = getattr(self._scope.get("route"), "path", None)
            tell = _log.debug if route in _QUIET else _log.info
            tell("A request was answered.", **self._facts(began))

    async def _refuse(self, error: CallscribeError, receive: Receive) -> None:
        await problem_of(error, self._request_id)(self._scope, receive, self._answer)

    async def _answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)

    def _facts(self, began: float) -> dict[str, object]:
        return {
            "method": self._scope["method"],
            "route": getattr(self._scope.get("route"), "path", None),
            "status": self._status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }


def _given(scope: Scope) -> str | None:
    """The caller's own `X-Request-Id`, where it is fit to be logged and sent back."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return None
