"""The gate of the data plane: what happens to every request before and after its operation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acs_emulator.body import flaw, read_body
from acs_emulator.exchange import Exchange
from acs_emulator.faults import Http
from acs_emulator.rest import operations, versions
from acs_emulator.rest.auth import Unauthorized, admit
from acs_emulator.rest.errors import error_response
from acs_emulator.rest.failing import fail
from acs_emulator.rest.repeatability import Answer, NotRepeatable

_OPEN_PATHS = frozenset({"/calling/keys", "/calling/.well-known/acsopenidconfiguration"})


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    raw_path: str
    query: str
    api_version: str
    operation: str | None
    connection_id: str | None
    headers: dict[str, str]
    body: bytes
    flaw: str | None
    """Of the body."""


class Gate:
    """ASGI middleware: size, authentication, api-version, faults, repeatability, journal."""

    def __init__(self, app: ASGIApp, exchange: Exchange) -> None:
        self._app = app
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or not operations.is_data_plane(scope["path"])
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
        _complete(request, response)
        self._note(request, response)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, request: _Request) -> Response:
        if refusal := self._refuse(request):
            return refusal
        fault = self._exchange.faults.take(
            Http, request.connection_id, lambda fault: fault.operation in ("*", request.operation)
        )
        if fault is not None and not fault.applied:
            return _faulty(fault)
        failed = fail(self._exchange, request.operation, request.connection_id, request.body)
        response = failed or await self._once(scope, request)
        return response if fault is None else _faulty(fault)

    def _refuse(self, request: _Request) -> Response | None:
        try:
            admit(
                access_key=self._exchange.options.access_key,
                keys=self._exchange.keys,
                method=request.method,
                raw_path=request.raw_path,
                query=request.query,
                headers=request.headers,
                body=request.body,
            )
        except Unauthorized as error:
            return error_response(401, "Denied", "Denied by the resource provider.", reason=str(error))
        if refusal := _unknown_version(request):
            return refusal
        if request.operation is None or not versions.has_operation(request.api_version, request.operation):
            reason = f"{request.operation} is not in {request.api_version}" if request.operation else None
            return error_response(404, "NotFound", "There is no such operation.", reason=reason)
        if request.flaw is not None:
            message = "The request body is not valid JSON."
            return error_response(400, "BadRequest", message, reason=f"the body {request.flaw}")
        return None

    async def _once(self, scope: Scope, request: _Request) -> Response:
        """Do a repeatable request once: a repetition is answered alike, with a call's properties of now. Failures of the
        service (5xx) are not remembered."""
        try:
            known = self._exchange.repeated.of(request.headers, request.method, request.path, request.body)
        except NotRepeatable as error:
            headers = {"Repeatability-Result": "rejected"}
            return error_response(error.status, error.code, str(error), headers=headers)
        if known is None:
            return await self._call(scope, request)
        async with known.lock:
            if known.answer is not None:
                return self._again(known.answer)
            response = await self._call(scope, request)
            if response.status_code < 500:
                response.headers["Repeatability-Result"] = "accepted"
                known.answer = Answer(
                    response.status_code, bytes(response.body), response.headers.get("content-type")
                )
            return response

    def _again(self, first: Answer) -> Response:
        content = first.content
        shown = json.loads(content) if content else {}
        if "callConnectionState" in shown:
            leg = self._exchange.calls.leg(shown["callConnectionId"])
            if leg is not None:
                content = json.dumps(leg.properties(), separators=(",", ":")).encode()
        again = Response(content, first.status)
        if first.media_type is not None:
            again.headers["Content-Type"] = first.media_type
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
            body=_text(request.body) if request.flaw else _json(request.body),
            status=response.status_code,
            response=_json(bytes(response.body)),
        )


def _complete(request: _Request, response: Response) -> None:
    """The headers of every captured answer."""
    if response.headers.get("content-type") == "application/json":
        response.headers["content-type"] = "application/json; charset=utf-8"
    if operations.is_identities(request.path):
        response.headers["api-supported-versions"] = ", ".join(versions.IDENTITY_RELEASES)


def _unknown_version(request: _Request) -> Response | None:
    version = request.api_version
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        return error_response(400, "MissingApiVersionParameter", message)
    if operations.is_identities(request.path):
        if versions.is_known(version, versions.IDENTITY_RELEASES):
            return None
        uri = f"https://{request.headers.get('host', '')}{request.path}"
        message = f"The HTTP resource that matches the request URI '{uri}' does not support the API version '{version}'."
        return error_response(400, "UnsupportedApiVersion", message)
    if versions.is_known(version):
        return None
    return error_response(
        400,
        "UnsupportedApiVersionValue",
        f"The API version '{version}' is not supported.",
        details=[{"code": "Supported", "message": ", ".join((*versions.RELEASES, versions.PREVIEW))}],
    )


def _faulty(fault: Http) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    code = fault.code or {429: "TooManyRequests", 412: "PreconditionFailed"}.get(
        fault.status, str(fault.status)
    )
    return error_response(fault.status, code, fault.message or "A fault of the emulator.", headers=headers)


def _request(scope: Scope, body: bytes) -> _Request:
    query = scope["query_string"].decode("latin-1")
    path = scope["path"]
    return _Request(
        method=scope["method"],
        path=path,
        raw_path=(scope.get("raw_path") or path.encode()).decode("latin-1"),
        query=query,
        api_version=parse_qs(query).get("api-version", [""])[0],
        operation=operations.name_of(scope["method"], path),
        connection_id=operations.connection_of(path),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        flaw=flaw(body),
    )


def _json(content: bytes) -> object:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return _text(content)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
