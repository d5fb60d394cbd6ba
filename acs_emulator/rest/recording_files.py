"""The files of ended recordings, where real ones lie: content, metadata, delete.

Served whatever the Host header says. What is answered is as captured: the range also where none was asked for, empty
bodies with `Retry-After: 0` for what is refused.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from acs_emulator.exchange import Exchange
from acs_emulator.recordings.store import File
from acs_emulator.rest.auth import Unauthorized, admit
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/v1/objects")
VIEWS = ("audio", "video", "acsmetadata")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_NOTED = ("range", "user-agent", "x-ms-client-request-id", "x-ms-host")
_HEADERS = {"Cache-Control": "no-cache, max-age=0, s-maxage=0, private"}


class NotServed(Exception):
    """A request for a file that is refused."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotServed)
    return _refusal(error.status)


def _refusal(status: int) -> Response:
    return Response(status_code=status, headers={"Retry-After": "0"})


async def get_file(request: Request, exchange: TheExchange, document_id: str) -> File:
    """Raises NotServed: 401 for a request that is not signed for the resource, 404 where there is no such file."""
    scope = request.scope
    try:
        admit(
            access_key=exchange.options.access_key,
            keys=exchange.keys,
            method=request.method,
            raw_path=scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=dict(request.headers),
            body=await request.body(),
        )
    except Unauthorized as error:
        _note(exchange, request, 401, str(error))
        raise NotServed(401) from error
    file = exchange.recordings.file(document_id, exchange.clock.now())
    if file is None:
        _note(exchange, request, 404)
        raise NotServed(404)
    return file


TheFile = Annotated[File, Depends(get_file)]


@router.get("/{document_id}/content/{view}")
async def download(request: Request, exchange: TheExchange, file: TheFile, view: str) -> Response:
    """200 with everything, 206 with the range asked for, 416 where it lies beyond the end."""
    response = _part(file, view, request.headers.get("range", ""))
    _note(exchange, request, response.status_code)
    return response


@router.delete("/{document_id}")
async def delete(request: Request, exchange: TheExchange, file: TheFile) -> Response:
    """200; content and metadata are gone."""
    exchange.recordings.delete(file.document_id)
    _note(exchange, request, 200)
    return Response(status_code=200)


def _part(file: File, view: str, asked_for: str) -> Response:
    if view not in VIEWS:
        return _refusal(404)
    content = file.metadata if view == "acsmetadata" else file.content
    size = len(content)
    asked = _range(asked_for, size)
    if asked is not None and asked[0] >= size:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = asked or (0, size - 1)
    headers = {**_HEADERS, "Content-Range": f"bytes {start}-{end}/{size}"}
    status = 200 if asked is None else 206
    return Response(content[start : end + 1], status, headers, media_type="application/octet-stream")


def _range(header: str, size: int) -> tuple[int, int] | None:
    """The first and last byte asked for; None for no range, and for one that cannot be read (JavaScript's
    `bytes=undefined`), which RFC 9110 has ignored."""
    found = _RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def _note(exchange: Exchange, request: Request, status: int, response: str | None = None) -> None:
    exchange.journal.add(
        "request",
        operation="deleteRecordingFile" if request.method == "DELETE" else "downloadRecordingFile",
        method=request.method,
        path=request.url.path,
        query=request.url.query,
        callConnectionId=None,
        headers={name: value for name, value in request.headers.items() if name in _NOTED},
        body=None,
        status=status,
        response=response,
    )
