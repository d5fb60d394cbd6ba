"""Requests that are sent twice and done once: the `Idempotency-Key` header (IETF httpapi draft 07)."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from starlette.responses import Response

from callscribe.domain.access import Principal
from callscribe.domain.errors import CallscribeError, IdempotencyInProgress, IdempotencyKeyReused
from callscribe.ports import Idempotent
from service.edge import Edge
from service.problems import MEDIA_TYPE, problem_of, request_id

_T = TypeVar("_T")
_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Your own name for this request, 1 to 255 visible ASCII characters, kept for 24 hours: the same "
        "request with the same key is not done again and gets the first one's answer.",
        examples=["order-4711"],
    ),
]
_Alias = Annotated[
    str | None,
    Header(
        alias="Repeatability-Request-ID",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Azure's name for the same header.",
        examples=["4b0a5a6e-6d39-4c58-8d3e-0f1c9a7b2e64"],
    ),
]


def _key(key: _Key = None, alias: _Alias = None) -> str | None:
    return key or alias


IdempotencyKey = Annotated[str | None, Depends(_key)]


async def once(
    edge: Edge, caller: Principal, key: str | None, request: Request, act: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer of `act`, or the kept one where this caller's key was used for the same request.

    Server errors and errors that pass by themselves are not kept, so that the request can be sent again. Where `act`
    is cancelled, nobody knows what it did: the key is free for the same request when its lease in the store runs out.
    Raises IdempotencyInProgress and IdempotencyKeyReused.
    """
    if key is None:
        return await act()
    store = edge.ports.store
    fingerprint = await _fingerprint(request)
    kept = await _begun(edge, caller, key, fingerprint)
    if kept is not None:
        return _repeated(kept, fingerprint)
    try:
        answer, final = await act(), True
    except CallscribeError as error:
        answer, final = problem_of(error, request_id(request)), error.status < 500 and not error.retryable
    except Exception:
        await _to_the_end(store.forget_idempotent(caller.name, key))
        raise
    if final and answer.status_code < 500:
        location = answer.headers.get("Location")
        outcome = Idempotent(fingerprint, answer.status_code, bytes(answer.body), location)
        await _to_the_end(store.end_idempotent(caller.name, key, outcome))
    else:
        await _to_the_end(store.forget_idempotent(caller.name, key))
    return answer


async def _begun(edge: Edge, caller: Principal, key: str, fingerprint: bytes) -> Idempotent | None:
    """What is kept under the key, or None where it is ours now; whoever is cancelled meanwhile gives it back."""
    store = edge.ports.store
    begin = asyncio.ensure_future(
        store.begin_idempotent(caller.name, key, fingerprint, edge.ports.clock.now())
    )
    try:
        return await _to_the_end(begin)
    except asyncio.CancelledError:
        if begin.exception() is None and begin.result() is None:
            await _to_the_end(store.forget_idempotent(caller.name, key))
        raise


async def _to_the_end(work: Awaitable[_T]) -> _T:
    """What the work gives. A cancellation does not stop it: it is raised when the work is done."""
    doing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.gather(doing, return_exceptions=True)
        raise


async def name_of(caller: Principal, key: str | None, request: Request) -> str | None:
    """A name for what this request orders, the same whenever this caller sends it again under the key."""
    return None if key is None else f"{caller.name} {key} {(await _fingerprint(request)).hex()}"


async def _fingerprint(request: Request) -> bytes:
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.url.path.encode(), request.url.query.encode()):
        digest.update(part + b"\0")
    digest.update(await request.body())
    return digest.digest()


def _repeated(kept: Idempotent, fingerprint: bytes) -> Response:
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReused("the key belongs to another request")
    if kept.status is None:
        raise IdempotencyInProgress("the first request with this key is not answered yet", retry_after=1)
    headers = {"Idempotency-Replayed": "true"}
    if kept.location is not None:
        headers["Location"] = kept.location
    media_type = MEDIA_TYPE if kept.status >= 400 else "application/json"
    return Response(kept.body, kept.status, headers, media_type)
