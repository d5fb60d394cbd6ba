"""Media streaming: what is agreed at setup, start, stop."""

from __future__ import annotations

from typing import Annotated, Literal

from acs_emulator.rest.bodies.identifiers import AnyCase, Operation, web_address
from acs_emulator.streaming.state import MediaStreaming
from acs_emulator.wire import Body


class MediaStreamingOptions(Body):
    """`WebSocketMediaStreamingOptions`."""

    transport_type: Annotated[Literal["websocket"], AnyCase] = "websocket"
    transport_url: Annotated[str, web_address("wss", "ws")] | None = None
    content_type: Annotated[Literal["audio"], AnyCase] | None = None
    audio_channel_type: Annotated[Literal["mixed", "unmixed"], AnyCase]
    start_media_streaming: bool | None = None
    enable_bidirectional: bool | None = None
    audio_format: Annotated[Literal["pcm16kmono", "pcm24kmono"], AnyCase] | None = None
    enable_dtmf_tones: bool | None = None

    def to_streaming(self, *, loopback: bool) -> MediaStreaming:
        return MediaStreaming(
            transport_url=self.transport_url,
            channel=self.audio_channel_type,
            rate=24_000 if self.audio_format == "pcm24kmono" else 16_000,
            start_at_setup=bool(self.start_media_streaming),
            bidirectional=bool(self.enable_bidirectional),
            dtmf=bool(self.enable_dtmf_tones),
            loopback=loopback,
        )


class StartMediaStreaming(Operation):
    pass


class StopMediaStreaming(Operation):
    pass
