"""What is answered over plain HTTP: whether the server lives and is ready, its metrics, and why a socket is refused."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from callscribe.runtime.readiness import answering
from callscribe.runtime.telemetry import CONTENT_TYPE
from transcript_ws.admission import Refused


@dataclass(frozen=True, slots=True)
class Probes:
    """`/healthz`, `/readyz` and `/metrics`, on the port of the sockets."""

    running: Callable[[], bool]
    checks: Mapping[str, Callable[[], Awaitable[None]]]
    """What must answer for the server to be ready, by name."""
    metrics: Callable[[], bytes]

    async def answer(self, request: Request) -> Response | None:
        """None where the path is none of these."""
        match request.path.partition("?")[0]:
            case "/healthz":
                return _json(200, {"status": "ok", "checks": {}})
            case "/readyz":
                return await self._ready()
            case "/metrics":
                return _response(200, CONTENT_TYPE, self.metrics())
            case _:
                return None

    async def _ready(self) -> Response:
        checks = {"running": self.running(), **await answering(self.checks)}
        ready = all(checks.values())
        return _json(200 if ready else 503, {"status": "ok" if ready else "unavailable", "checks": checks})


def refusal(refused: Refused) -> Response:
    """A problem (RFC 9457); an unknown key and an unknown path get the same to the byte."""
    status = HTTPStatus(refused.status)
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": refused.status,
        "detail": refused.detail,
    }
    response = _response(status, "application/problem+json", msgspec.json.encode(problem))
    if refused.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def not_allowed() -> Response:
    response = refusal(Refused(405, "method", "only GET is answered here"))
    response.headers["Allow"] = "GET"
    return response


def _json(status: int, value: object) -> Response:
    return _response(status, "application/json", msgspec.json.encode(value))


def _response(status: int, content_type: str, body: bytes) -> Response:
    headers = Headers(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Connection": "close",
        }
    )
    return Response(status, HTTPStatus(status).phrase, headers, body)
