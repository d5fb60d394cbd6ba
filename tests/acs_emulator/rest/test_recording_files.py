import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import requests
from aiohttp.abc import AbstractResolver, ResolveResult
from azure.communication.callautomation import AzureBlobContainerRecordingStorage, CallAutomationClient
from azure.communication.callautomation.aio import CallAutomationClient as AsyncClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport
from requests.adapters import HTTPAdapter

from acs_emulator import Emulator, Options
from acs_emulator.recordings.store import File

pytestmark = pytest.mark.anyio
CHUNK_SECONDS = 2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
async def emulator(folder: Path) -> AsyncIterator[Emulator]:
    options = Options(
        https_port=0,
        ca_file=folder / "ca.pem",
        recordings=folder / "files",
        recording_chunk_seconds=CHUNK_SECONDS,
        ring_seconds=1000,
    )
    async with Emulator(options) as running:
        yield running


class _ToLoopback(AbstractResolver):
    """Leads every name to the loopback address, as a line in the hosts file would."""

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return


class _LoopbackAdapter(HTTPAdapter):
    """The same for `requests`: dials the loopback address, asks for the certificate of the name."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__()

    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        super().init_poolmanager(*given, server_hostname=self._host, assert_hostname=self._host, **more)  # type: ignore[no-untyped-call]

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        assert request.url is not None
        parts = urlsplit(request.url)
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
        return super().send(request, **more)


def _client(emulator: Emulator, told: dict[str, Any]) -> CallAutomationClient:
    """The synchronous client by connection string, whose downloads reach the emulator."""
    host = urlsplit(_chunks(told)[0]["contentLocation"]).hostname
    session = requests.Session()
    session.mount(f"https://{host}", _LoopbackAdapter(str(host)))
    return CallAutomationClient.from_connection_string(
        emulator.connection_string,
        transport=RequestsTransport(session=session, connection_verify=str(emulator.options.ca_file)),
        retry_total=0,
    )


def _async_client(emulator: Emulator, key: str | None = None) -> AsyncClient:
    context = ssl.create_default_context(cafile=str(emulator.options.ca_file))
    connector = aiohttp.TCPConnector(resolver=_ToLoopback(), ssl=context)
    transport = AioHttpTransport(session=aiohttp.ClientSession(connector=connector))
    if key is not None:
        return AsyncClient(
            str(emulator.https_url), AzureKeyCredential(key), transport=transport, retry_total=0
        )
    return AsyncClient.from_connection_string(emulator.connection_string, transport=transport, retry_total=0)


def _all(download: Any) -> bytes:
    return b"".join(download.iter_bytes())


async def _all_of(download: Any) -> bytes:
    return b"".join([part async for part in download.iter_bytes()])


def _chunks(told: dict[str, Any]) -> list[dict[str, Any]]:
    chunks: list[dict[str, Any]] = told["recordingStorageInfo"]["recordingChunks"]
    return chunks


async def _recorded(world: Any, seconds: float, **options: Any) -> dict[str, Any]:
    """The data of the event that tells of the files of a silent recording."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected", connection_id)
    call = world.emulator.calls.find(connection_id)
    world.emulator.clock.hold()
    try:
        started = await world.client.start_recording(
            server_call_id=call.server_call_id,
            recording_content_type="audio",
            recording_channel_type="mixed",
            recording_format_type="wav",
            **options,
        )
        await world.emulator.clock.step(0.1)
        await world.emulator.clock.step(seconds)
        await world.client.stop_recording(started.recording_id)
        await world.emulator.clock.step(1)
    finally:
        world.emulator.clock.release()
    entry = await world.journal(
        "eventgrid",
        lambda e: e.data["type"].endswith("RecordingFileStatusUpdated") and e.data["status"] == 200,
    )
    data: dict[str, Any] = entry.data["event"][0]["data"]
    return data


async def test_the_synchronous_sdk_downloads_and_deletes(world: Any) -> None:
    """Over TLS, from the host that it insists on: all, a part, the metadata; nothing once it is deleted."""
    told = await _recorded(world, 1)
    chunk = _chunks(told)[0]

    def use() -> tuple[bytes, bytes, dict[str, Any]]:
        with _client(world.emulator, told) as client:
            content = _all(client.download_recording(chunk["contentLocation"]))
            part = _all(client.download_recording(chunk["contentLocation"], offset=8, length=4))
            metadata = json.loads(_all(client.download_recording(chunk["metadataLocation"])))
            client.delete_recording(chunk["deleteLocation"])
            with pytest.raises(ResourceNotFoundError) as missing:
                client.download_recording(chunk["contentLocation"])
            missing.value.response.close()
            with pytest.raises(ResourceNotFoundError):
                client.delete_recording(chunk["deleteLocation"])
        return content, part, metadata

    content, part, metadata = await asyncio.to_thread(use)
    assert len(content) == 44 + 32_000
    assert part == content[8:12] == b"WAVE"
    assert metadata["chunkDocumentId"] == chunk["documentId"]
    assert metadata["resourceId"] == world.emulator.resource_id


async def test_the_asynchronous_sdk_downloads_and_deletes(world: Any) -> None:
    """The same."""
    told = await _recorded(world, 1)
    chunk = _chunks(told)[0]
    async with _async_client(world.emulator) as client:
        content = await _all_of(await client.download_recording(chunk["contentLocation"]))
        assert len(content) == 44 + 32_000
        stream = await client.download_recording(chunk["contentLocation"], offset=32_000)
        assert len(await _all_of(stream)) == 44
        await client.delete_recording(chunk["deleteLocation"])
        with pytest.raises(ResourceNotFoundError):
            await client.download_recording(chunk["metadataLocation"])


async def test_another_access_key(world: Any) -> None:
    """401 for download and delete, and the file stays."""
    chunk = _chunks(await _recorded(world, 1))[0]
    async with _async_client(world.emulator, "b3RoZXI=") as client:
        with pytest.raises(ClientAuthenticationError):
            await client.download_recording(chunk["contentLocation"])
        with pytest.raises(ClientAuthenticationError):
            await client.delete_recording(chunk["deleteLocation"])
    async with _async_client(world.emulator) as client:
        assert await _all_of(await client.download_recording(chunk["contentLocation"]))


async def test_a_range_beyond_the_end(world: Any) -> None:
    """416."""
    chunk = _chunks(await _recorded(world, 1))[0]
    async with _async_client(world.emulator) as client:
        with pytest.raises(HttpResponseError) as refused:
            await client.download_recording(chunk["contentLocation"], offset=1_000_000)
    assert refused.value.status_code == 416


async def test_a_long_recording_has_several_chunks(world: Any, folder: Path) -> None:
    """All but the last end because they are full; each is a file with metadata of its own, also on disk."""
    told = await _recorded(world, 5)
    chunks = _chunks(told)
    assert [chunk["index"] for chunk in chunks] == [0, 1, 2]
    assert [chunk["endReason"] for chunk in chunks] == [
        "ChunkMaximumSizeExceeded",
        "ChunkMaximumSizeExceeded",
        "SessionEnded",
    ]
    files = [world.emulator.exchange.recordings.file(chunk["documentId"], 0) for chunk in chunks]
    assert [len(file.content) - 44 for file in files] == [64_000, 64_000, 32_000]
    assert [json.loads(file.metadata)["chunkDuration"] for file in files] == [2000, 2000, 1000]
    assert told["recordingDurationMs"] == 5000
    for chunk, file in zip(chunks, files, strict=True):
        name = f"{chunk['index']}-audiowav.{chunk['documentId']}.wav"
        (written,) = (folder / "files").glob(f"*/*/*/{name}")
        assert written.read_bytes() == file.content
        metadata = written.with_name(f"{chunk['index']}-acsmetadata.{chunk['documentId']}.json")
        assert metadata.read_bytes() == file.metadata


async def test_a_chunk_is_made_as_soon_as_it_is_full(world: Any) -> None:
    """Then the call's sound up to there is no longer kept."""
    connection_id = await world.answer(await world.dial_in())
    await world.event("CallConnected", connection_id)
    call = world.emulator.calls.find(connection_id)
    world.emulator.clock.hold()
    try:
        started = await world.client.start_recording(
            call_connection_id=connection_id, recording_content_type="audio", recording_format_type="wav"
        )
        await world.emulator.clock.step(0.1)
        begun = world.emulator.clock.ticks()
        call.sound.add("4:+1", begun, 10_000_000, lambda: bytes(32_000))
        await world.emulator.clock.step(2.5)
        recording = world.emulator.exchange.recordings.find(started.recording_id)
        assert recording.keeper.needs == begun + 20_000_000
        assert call.sound.heard("4:+1", begun, begun + 10_000_000) is None
    finally:
        world.emulator.clock.release()


async def test_a_file_expires_after_a_day(world: Any) -> None:
    """A day of the emulator's."""
    chunk = _chunks(await _recorded(world, 1))[0]
    recordings, clock = world.emulator.exchange.recordings, world.emulator.clock
    assert recordings.file(chunk["documentId"], clock.now()) is not None
    assert recordings.file(chunk["documentId"], clock.now() + 24 * 3600 + 1) is None


class _Container:
    """A blob container that takes what is put into it, or refuses."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.blobs: dict[str, tuple[dict[str, str], bytes]] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        content = await reader.readexactly(int(headers["content-length"]))
        self.blobs[head[0]] = (headers, content)
        writer.write(f"HTTP/1.1 {self.status} -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.mark.parametrize(("status", "storage"), [(201, "AzureBlob"), (403, "AzureCommunicationServices")])
async def test_storage_of_the_applications_own(world: Any, status: int, storage: str) -> None:
    """Content and metadata are put there as block blobs; where they are not taken the event and the journal say so. The
    built-in storage has them in any case."""
    container = _Container(status)
    async with await asyncio.start_server(container.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await _recorded(
            world,
            1,
            recording_storage=AzureBlobContainerRecordingStorage(
                f"http://127.0.0.1:{port}/account/container?sv=2024&sig=a%2Fb"
            ),
        )
    assert told["storageType"] == storage
    file = world.emulator.exchange.recordings.file(_chunks(told)[0]["documentId"], 0)
    assert file is not None
    name, (headers, content) = next(iter(container.blobs.items()))
    assert name.startswith("PUT /account/container/")
    assert name.endswith(f"/0-audiowav.{file.document_id}.wav?sv=2024&sig=a%2Fb HTTP/1.1")
    assert headers["x-ms-blob-type"] == "BlockBlob"
    assert content == file.content
    failures = [entry.data["message"] for entry in world.emulator.journal.entries(["error"])]
    if status == 201:
        assert [content for _, content in container.blobs.values()] == [file.content, file.metadata]
        assert failures == []
    else:
        assert "answered 403" in failures[0]
        assert "sig=" not in failures[0]


async def test_a_range_that_cannot_be_read(world: Any) -> None:
    """Is ignored, as JavaScript needs it: the whole file."""
    chunk = _chunks(await _recorded(world, 1))[0]
    async with _async_client(world.emulator) as client:
        stream = await client.download_recording(
            chunk["contentLocation"], headers={"Range": "bytes=undefined"}
        )
        assert len(await _all_of(stream)) == 44 + 32_000


async def test_nothing_is_served_without_a_signature(world: Any) -> None:
    """401 with an empty body, as captured."""
    chunk = _chunks(await _recorded(world, 1))[0]
    path = urlsplit(chunk["contentLocation"]).path
    async with httpx.AsyncClient(base_url=world.emulator.url) as http:
        refused = await http.get(path)
    assert (refused.status_code, refused.content, refused.headers["retry-after"]) == (401, b"", "0")


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("bytes=0-0", 206, "bytes 0-0/32044"),
        ("bytes=32043-99999", 206, "bytes 32043-32043/32044"),
        ("bytes=-4", 206, "bytes 32040-32043/32044"),
        ("bytes=32044-", 416, "bytes */32044"),
        ("bytes=5-4", 200, "bytes 0-32043/32044"),
        ("bytes=0-1,4-5", 200, "bytes 0-32043/32044"),
        ("bytes=" + "9" * 5000 + "-", 200, "bytes 0-32043/32044"),
    ],
    ids=lambda one: str(one)[:20],
)
async def test_ranges(world: Any, asked: str, status: int, told: str) -> None:
    """RFC 9110, 14; ranges that make no sense, and several at once, are ignored."""
    file = File("0-eus-d1-0", bytes(32_044), b"{}", world.emulator.clock.now() + 1000)
    world.emulator.exchange.recordings.keep(file)
    path = "/v1/objects/0-eus-d1-0/content/audio"
    headers = {**_signed(world.emulator, path), "Range": asked}
    response = await world.http.get(path, headers=headers)
    assert (response.status_code, response.headers["content-range"]) == (status, told)


async def test_a_part_of_a_file_that_there_is_not(world: Any) -> None:
    """404."""
    file = File("0-eus-d1-0", b"RIFF", b"{}", world.emulator.clock.now() + 1000)
    world.emulator.exchange.recordings.keep(file)
    path = "/v1/objects/0-eus-d1-0/content/thumbnail"
    assert (await world.http.get(path, headers=_signed(world.emulator, path))).status_code == 404


def _signed(emulator: Emulator, path: str) -> dict[str, str]:
    date = format_datetime(datetime.now(UTC), usegmt=True)
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    text = f"GET\n{path}\n{date};{urlsplit(emulator.url).netloc};{digest}"
    signature = hmac.digest(base64.b64decode(emulator.access_key), text.encode(), "sha256")
    scheme = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
    return {
        "x-ms-date": date,
        "x-ms-content-sha256": digest,
        "Authorization": scheme + base64.b64encode(signature).decode(),
    }
