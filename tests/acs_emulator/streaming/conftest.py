import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.communication.callautomation import MediaStreamingOptions
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

CALLER = "4:+15551230001"


@dataclass
class Application:
    """An application's media streaming socket: keeps what it is sent, and sends what it is told."""

    url: str = ""
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    packets: list[dict[str, Any]] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def options(self, **changes: Any) -> MediaStreamingOptions:
        options = {
            "transport_url": f"{self.url}/media/key?token=a%2Fb",
            "transport_type": "websocket",
            "content_type": "audio",
            "audio_channel_type": "mixed",
            "start_media_streaming": True,
        }
        return MediaStreamingOptions(**{**options, **changes})

    def of(self, kind: str) -> list[dict[str, Any]]:
        name = kind[0].lower() + kind[1:]
        return [packet[name] for packet in self.packets if packet["kind"] == kind]

    @property
    def metadata(self) -> list[dict[str, Any]]:
        return self.of("AudioMetadata")

    def sounding(self, raw_id: str | None = None) -> list[dict[str, Any]]:
        """The frames that are not silent, of one speaker or of all."""
        frames = [frame for frame in self.of("AudioData") if not frame["silent"]]
        return [frame for frame in frames if raw_id in (None, frame.get("participantRawID"))]

    def sound(self, raw_id: str | None = None) -> bytes:
        return b"".join(base64.b64decode(frame["data"]) for frame in self.sounding(raw_id))

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(15):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def listen(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.paths.append(socket.request.path)
        self.headers.append({name.lower(): value for name, value in socket.request.headers.items()})
        self.sockets.append(socket)
        self.changed.set()
        try:
            async for frame in socket:
                self.packets.append(json.loads(frame))
                self.changed.set()
        except ConnectionClosed:
            return
        finally:
            self.changed.set()


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    made = Application()
    async with serve(made.listen, "127.0.0.1", 0) as server:
        made.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield made
