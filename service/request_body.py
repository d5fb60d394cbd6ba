"""Request bodies: read within their limits, and as the model that a route asks for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from callscribe.domain.errors import BodyTooLarge, MalformedBody, RequestError, UnsupportedMediaType
from service.edge import EdgeSettings
from service.problems import problem_of, refusal

_Model = TypeVar("_Model", bound=BaseModel)


class BodyLimit:
    """Pure ASGI: reads the body before the application runs, refuses a longer or slower one, chunked or not."""

    def __init__(self, app: ASGIApp, settings: EdgeSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                body = await _body(scope, receive, self._settings.limits.body_bytes)
        except TimeoutError:
            refused: RequestError = MalformedBody("the body did not arrive in time")
        except BodyTooLarge as error:
            refused = error
        else:
            if body is not None:
                await self._app(scope, _again(body, receive), send)
            return
        await problem_of(refused, scope["state"]["request_id"])(scope, receive, send)


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None where the client went away."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLarge(f"at most {limit} bytes are taken here")
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks += message.get("body", b"")
        if len(chunks) > limit:
            raise BodyTooLarge(f"at most {limit} bytes are taken here")
        if not message.get("more_body", False):
            return bytes(chunks)


def _again(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives the body once, and then what really comes."""
    given = False

    async def channel() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return channel


def taken(model: type[_Model]) -> Callable[[Request], Awaitable[_Model]]:
    """A dependency that reads the JSON body as this model, after whatever dependency comes before it.

    An absent body counts as `{}`. Raises MalformedBody, UnsupportedMediaType, InvalidRequest or the class that a
    validator named.
    """

    async def take(request: Request) -> _Model:
        body = await request.body()
        if body and not _is_json(request.headers.get("content-type", "")):
            raise UnsupportedMediaType("send Content-Type: application/json")
        try:
            return model.model_validate_json(body or b"{}")
        except ValidationError as fault:
            raise refusal(
                fault.errors(include_url=False, include_input=False, include_context=False)
            ) from None

    return take


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
