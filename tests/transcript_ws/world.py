"""A transcript server with its store, and ACS's side of its sockets, for tests."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from callscribe.actions.ingest import Limits
from callscribe.adapters.bus_local import LocalBus
from callscribe.adapters.sql.store import SqlStore
from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.transcript import Segment
from callscribe.ports import EventRecord, StoredTranscript
from callscribe.runtime.settings import SocketToken
from callscribe.runtime.telemetry import Metrics
from transcript_ws.server import TranscriptServer
from transcript_ws.settings import SocketSettings

KEY = "k" * 43
CONNECTION = "6d09449c-6677-4f91-8cb7-012c338e6ec1"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"
ALICE, BOB = "4:+4930123456", "8:acs:bob"


def sockets(**facts: Any) -> SocketSettings:
    """The server's settings, with an installation's defaults where nothing is said."""
    usual: dict[str, Any] = {"token": SocketToken.IF_PRESENT, "limits": Limits(), "message_bytes": 262_144}
    return SocketSettings(**(usual | facts))


def packet(kind: str, **fields: Any) -> str:
    return json.dumps({"kind": kind, kind[0].lower() + kind[1:]: fields}, ensure_ascii=False)


def metadata(subscription: str = "subscription", **fields: Any) -> str:
    plain = {"subscriptionId": subscription, "locale": "en-us", "callConnectionId": CONNECTION}
    return packet("TranscriptionMetadata", **plain | fields)


def said(text: str, seconds: float, speaker: str = ALICE, status: str = "Final", **fields: Any) -> str:
    """A TranscriptionData packet of an utterance of one second."""
    offset = round(seconds * 10_000_000)
    plain = {
        "text": text,
        "format": "display",
        "confidence": 0.9,
        "offset": offset,
        "duration": 10_000_000,
        "words": [{"text": text.lower(), "offset": offset, "duration": 10_000_000}],
        "participantRawID": speaker,
        "resultStatus": status,
    }
    return packet("TranscriptionData", **plain | fields)


@dataclass
class World:
    server: TranscriptServer
    store: SqlStore
    archive: SqliteArchive
    bus: LocalBus
    metrics: Metrics
    stop: asyncio.Event

    async def has_call(self, call_id: str = "call_1", key: str = KEY, **fields: Any) -> None:
        plain: dict[str, Any] = {
            "id": call_id,
            "key": key,
            "direction": Direction.INCOMING,
            "state": CallState.CONNECTED,
            "created_at": 1,
            "transcription": Transcription(locale="en-US"),
            "call_connection_id": CONNECTION,
        }
        async with self.store.transaction() as tx:
            await tx.insert_call(Call(**plain | fields))

    def url(self, path: str = f"/transcripts/{KEY}", scheme: str = "ws") -> str:
        return f"{scheme}://127.0.0.1:{self.server.port}{path}"

    def dial(self, path: str = f"/transcripts/{KEY}", **headers: str) -> connect:
        return connect(
            self.url(path),
            additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
            compression=None,
            proxy=None,
        )

    async def say(self, *packets: str | bytes) -> None:
        """Dial, send, and hang up; returns when everything is on the record."""
        async with self.dial() as socket:
            for each in packets:
                await socket.send(each)
        await self.recorded(socket)

    async def recorded(self, socket: ClientConnection) -> None:
        """Returns when the server is done with its sockets, and what they brought is on the record."""
        await socket.wait_closed()
        await self.server.empty()
        await self.archive.drained()

    async def transcript(self, call_id: str = "call_1") -> StoredTranscript:
        transcript = await self.store.transcript(call_id)
        assert transcript is not None
        return transcript

    async def segments(self, call_id: str = "call_1") -> list[Segment]:
        """In the order in which they were committed."""
        stored = sorted((await self.transcript(call_id)).segments, key=lambda each: each.number)
        return [each.segment for each in stored]

    async def texts(self) -> list[str]:
        return [segment.text for segment in await self.segments()]

    async def notes(self, call_id: str = "call_1") -> list[EventRecord]:
        events, _ = await self.store.events(call_id, 100, None)
        return [event for event in events if event.source == "transcript-socket"]

    def counted(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = self.metrics.scrape().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))
