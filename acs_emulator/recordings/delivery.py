"""The files of a recording: made, stored and told of."""

from __future__ import annotations

from urllib.parse import urlsplit

from acs_emulator.exchange import Exchange
from acs_emulator.recordings import export
from acs_emulator.recordings.chunks import Chunk, EncodingFailed, Maker, utc
from acs_emulator.recordings.recording import Recording
from acs_emulator.recordings.store import KEPT_SECONDS, File

SCOPE = "recordings"
PROCESSING = 1.0
"""Emulated seconds from a recording's end to its event; minutes in Azure."""
OWN_HOST = "emulator"
"""The `recording_host` that stands for the emulator's own address."""


class Delivery:
    """Makes, keeps and exports the chunks of one recording: each as soon as it is full, so that no more than one waits in
    the call's soundtrack, and the last when the recording has ended."""

    def __init__(self, exchange: Exchange, recording: Recording) -> None:
        self._exchange = exchange
        self._recording = recording
        self._maker = Maker(recording, exchange.options.resource_id, exchange.options.recording_chunk_seconds)
        self._folder = export.folder_of(recording)
        self._told: list[dict[str, object]] = []
        self._milliseconds = 0
        self._exported = recording.wanted.container_url is not None
        self._rolling = exchange.tasks.start(self._roll(), scope=SCOPE)

    def finish(self, reason: str) -> None:
        """Soon make what is left and publish RecordingFileStatusUpdated; `reason` is its `sessionEndReason`. Nothing is
        published where nothing was recorded, which is a guess."""
        self._rolling.cancel()
        self._exchange.tasks.start(self._finish(reason), scope=SCOPE)

    async def _roll(self) -> None:
        while True:
            await self._exchange.clock.sleep(self._maker.longest_seconds)
            await self._make()

    async def _finish(self, reason: str) -> None:
        try:
            await self._make()
        finally:
            self._recording.release()
        if self._told:
            await self._exchange.clock.sleep(PROCESSING)
            self._publish(reason)

    async def _make(self) -> None:
        exchange, recording = self._exchange, self._recording
        try:
            with exchange.clock.working():
                while chunk := await self._maker.next(exchange.clock.ticks()):
                    expires = exchange.clock.now() + KEPT_SECONDS
                    exchange.recordings.keep(File(chunk.document_id, chunk.content, chunk.metadata, expires))
                    self._told.append(self._tell(chunk))
                    self._milliseconds += chunk.duration_ms
                    self._exported &= await export.export(exchange, recording, self._folder, chunk)
        except EncodingFailed as failed:
            exchange.journal.add("error", message=str(failed), callId=recording.call.call_id)

    def _tell(self, chunk: Chunk) -> dict[str, object]:
        """One of `recordingChunks`, which ended because it was full."""
        location = f"{locations(self._exchange)}/v1/objects/{chunk.document_id}"
        return {
            "documentId": chunk.document_id,
            "index": chunk.index,
            "endReason": "ChunkMaximumSizeExceeded",
            "contentLocation": f"{location}/content/{self._recording.wanted.format.view}",
            "metadataLocation": f"{location}/content/acsmetadata",
            "deleteLocation": location,
        }

    def _publish(self, reason: str) -> None:
        """`storageType` and `recordingId` are documented for exports alone; what the first says of one that failed is a
        guess."""
        recording, call = self._recording, self._recording.call
        self._told[-1]["endReason"] = "SessionEnded"
        data: dict[str, object] = {}
        if recording.wanted.container_url:
            data["storageType"] = "AzureBlob" if self._exported else "AzureCommunicationServices"
            data["recordingId"] = recording.recording_id
        data |= {
            "recordingStorageInfo": {"recordingChunks": self._told},
            "recordingStartTime": utc(recording.began_at),
            "recordingDurationMs": self._milliseconds,
            "sessionEndReason": reason,
            **recording.wanted.format.in_event_grid(),
        }
        subject = (
            f"/recording/call/{call.call_id}/serverCallId/{call.server_call_id}"
            f"/recordingId/{recording.recording_id}"
        )
        self._exchange.event_grid.publish("Microsoft.Communication.RecordingFileStatusUpdated", subject, data)


def locations(exchange: Exchange) -> str:
    """The address under which files are told to lie: a host that SDKs download from, with the emulator's own port, so
    that whoever leads the name to the emulator need not lead the port; or the emulator itself."""
    endpoint = exchange.connection_string.partition(";")[0].removeprefix("endpoint=").rstrip("/")
    host = exchange.options.recording_host
    if host == OWN_HOST:
        return endpoint
    own = urlsplit(endpoint)
    if own.scheme != "https" or ":" in host:
        return f"https://{host}"
    return f"https://{host}:{own.port}"
