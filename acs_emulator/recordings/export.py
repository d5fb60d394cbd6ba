"""A recording's files outside the emulator: in a folder on disk, and in a blob container of the application's.

Names are as documented in https://learn.microsoft.com/azure/communication-services/quickstarts/call-automation/call-recording/bring-your-own-storage;
those of other formats than mp3 are built alike, which is a guess.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from acs_emulator.exchange import Exchange
from acs_emulator.recordings.chunks import Chunk
from acs_emulator.recordings.recording import Recording

BLOB_VERSION = "2021-12-02"
"""The api-version of Azure Blob Storage that is asked for."""


def folder_of(recording: Recording) -> str:
    """Where the recording's files lie: day, call, recording."""
    day = datetime.fromtimestamp(recording.began_at / 1e9, UTC).strftime("%Y%m%d")
    call_id = re.sub(r"[^\w-]", "_", recording.call.call_id)
    return f"{day}/{call_id}/{recording.recording_id[:8]}-{uuid.uuid4()}"


async def export(exchange: Exchange, recording: Recording, folder: str, chunk: Chunk) -> bool:
    """Write the chunk where the options and the application want it; whether the application's container took it. A
    failure is noted in the journal."""
    format_ = recording.wanted.format
    files = {
        f"{folder}/{chunk.index}-{format_.view}{format_.kind}.{chunk.document_id}.{format_.kind}": chunk.content,
        f"{folder}/{chunk.index}-acsmetadata.{chunk.document_id}.json": chunk.metadata,
    }
    failure = None
    if exchange.options.recordings is not None:
        failure = await asyncio.to_thread(_write, exchange.options.recordings, files)
    uploaded = None
    if recording.wanted.container_url is not None:
        uploaded = await _upload(exchange.client, recording.wanted.container_url, files)
    for message in filter(None, (failure, uploaded)):
        exchange.journal.add("error", message=message, callId=recording.call.call_id)
    return uploaded is None


def _write(root: Path, files: dict[str, bytes]) -> str | None:
    """Why not."""
    try:
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        return f"The recording cannot be written to {root}: {error.strerror}."
    return None


async def _upload(client: httpx.AsyncClient, container_url: str, files: dict[str, bytes]) -> str | None:
    """Why not. Block blobs; the container's shared access signature, where its URL has one, allows it."""
    container = urlsplit(container_url)
    headers = {
        "x-ms-blob-type": "BlockBlob",
        "x-ms-version": BLOB_VERSION,
        "Content-Type": "application/octet-stream",
    }
    for name, content in files.items():
        path = f"{container.path.rstrip('/')}/{quote(name)}"
        blob = container._replace(path=path, fragment="")
        where = urlunsplit(blob._replace(query=""))
        try:
            response = await client.put(urlunsplit(blob), content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"The recording cannot be stored at {where}: {type(error).__name__}: {error}"
        if response.status_code != 201:
            return f"The recording cannot be stored at {where}: it was answered {response.status_code}."
    return None
