"""The gate of the data plane: what happens to every request before and after its operation."""

from __future__ import annotations

import asyncio
import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acs_emulator.body import read_body
from acs_emulator.exchange import Exchange
from acs_emulator.faults import Http
from acs_emulator.rest import operations
from acs_emulator.rest.auth import Unauthorized, check
from acs_emulator.rest.errors import error_response

MAX_REPEATABLE = 10_000
RELEASES = frozenset(
    {"2023-03-06", "2023-10-15", "2024-04-15", "2024-09-15", "2025-05-15", "2025-06-15", "2026-03-12"}
)
_PREVIEW = re.compile(r"20\d\d-\d\d-\d\d-preview")
_OPEN_PATHS = frozenset({"/calling/keys", "/calling/.well-known/acsopenidconfiguration"})


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: str
    api_version: str
    operation: str | None
    connection_id: str | None
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class _Repeatable:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    response: Response | None = None


class Gate:
    """ASGI middleware: size, HMAC, api-version, faults, repeatability, journal."""

    def __init__(self, app: ASGIApp, exchange: Exchange) -> None:
        self._app = app
        self._exchange = exchange
        self._repeatable: OrderedDict[str, _Repeatable] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or not scope["path"].startswith("/calling/")
            or scope["path"] in _OPEN_PATHS
        ):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            await error_response(413, "RequestEntityTooLarge", "The request body is too large.")(
                scope, receive, send
            )
            return
        request = _request(scope, body)
        response = await self._answer(scope, request)
        if client_request_id := request.headers.get("x-ms-client-request-id"):
            response.headers["x-ms-client-request-id"] = client_request_id
        self._note(request, response)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, request: _Request) -> Response:
        if refusal := self._refuse(scope, request):
            return refusal
        fault = self._exchange.faults.take(
            Http, request.connection_id, lambda fault: fault.operation in ("*", request.operation)
        )
        if fault is not None and not fault.applied:
            return _faulty(fault)
        response = await self._once(scope, request)
        return response if fault is None else _faulty(fault)

    def _refuse(self, scope: Scope, request: _Request) -> Response | None:
        raw_path = scope.get("raw_path") or request.path.encode()
        try:
            check(
                access_key=self._exchange.options.access_key,
                method=request.method,
                raw_path=raw_path.decode("latin-1"),
                query=request.query,
                headers=request.headers,
                body=request.body,
            )
        except Unauthorized as error:
            return error_response(401, "Denied", "Denied by the resource provider.", reason=str(error))
        version = request.api_version
        if not version:
            message = "The api-version query parameter (?api-version=) is required for all requests."
            return error_response(400, "MissingApiVersionParameter", message)
        if version not in RELEASES and not _PREVIEW.fullmatch(version):
            message = f"The API version '{version}' is not supported."
            return error_response(
                400,
                "UnsupportedApiVersionValue",
                message,
                details=[{"code": "Supported", "message": _supported()}],
            )
        if request.operation is None:
            return error_response(404, "NotFound", "There is no such operation.")
        if request.operation in operations.NOT_EMULATED:
            message = f"The emulator does not know {request.operation} yet."
            return error_response(501, "NotImplemented", message)
        return None

    async def _once(self, scope: Scope, request: _Request) -> Response:
        """Do a repeatable request once: a repetition is answered alike, with a call's properties of now.

        Source: OASIS Repeatable Requests 1.0, and captures of createCall.
        """
        request_id = request.headers.get("repeatability-request-id")
        if request_id is None:
            return await self._call(scope, request)
        known = self._repeatable.setdefault(f"{request.operation} {request_id}", _Repeatable())
        if len(self._repeatable) > MAX_REPEATABLE:
            self._repeatable.popitem(last=False)
        async with known.lock:
            if known.response is None:
                response = await self._call(scope, request)
                if response.status_code < 300:
                    response.headers["Repeatability-Result"] = "accepted"
                    known.response = response
                return response
            return self._again(known.response)

    def _again(self, first: Response) -> Response:
        content = bytes(first.body)
        shown = json.loads(content) if content else {}
        if "callConnectionState" in shown:
            leg = self._exchange.calls.leg(shown["callConnectionId"])
            if leg is not None:
                content = json.dumps(leg.properties()).encode()
        again = Response(content, first.status_code, media_type=first.media_type)
        if content:
            again.headers["Content-Type"] = "application/json; charset=utf-8"
        again.headers["Repeatability-Result"] = "accepted"
        return again

    async def _call(self, scope: Scope, request: _Request) -> Response:
        """The operation's whole response."""
        scope.setdefault("state", {})["api_version"] = request.api_version
        start: Message = {}
        chunks: list[bytes] = []
        asked = False

        async def receive_body() -> Message:
            nonlocal asked
            if asked:
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self._app(scope, receive_body, collect)
        response = Response(b"".join(chunks), start["status"])
        response.raw_headers = [(name, value) for name, value in start["headers"]]
        return response

    def _note(self, request: _Request, response: Response) -> None:
        self._exchange.journal.add(
            "request",
            operation=request.operation,
            method=request.method,
            path=request.path,
            query=request.query,
            callConnectionId=request.connection_id,
            headers={
                name: value
                for name, value in request.headers.items()
                if name.startswith(("repeatability-", "x-ms-client", "user-agent"))
            },
            body=_json(request.body),
            status=response.status_code,
            response=_json(bytes(response.body)),
        )


def _faulty(fault: Http) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    code = fault.code or {429: "TooManyRequests", 412: "PreconditionFailed"}.get(
        fault.status, str(fault.status)
    )
    return error_response(fault.status, code, fault.message or "A fault of the emulator.", headers=headers)


def _supported() -> str:
    return ", ".join(sorted(RELEASES))


def _request(scope: Scope, body: bytes) -> _Request:
    query = scope["query_string"].decode("latin-1")
    path = scope["path"]
    return _Request(
        method=scope["method"],
        path=path,
        query=query,
        api_version=parse_qs(query).get("api-version", [""])[0],
        operation=operations.name_of(scope["method"], path),
        connection_id=operations.connection_of(path),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


def _json(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content.decode("utf-8", "replace")
