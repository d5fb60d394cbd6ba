"""What a recording can be made of: the combinations that ACS documents, and what it takes where a request is silent.

Source: https://learn.microsoft.com/azure/communication-services/concepts/voice-video-calling/call-recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from acs_emulator.errors import Refused

Content = Literal["audio", "audiovideo"]
Channels = Literal["mixed", "unmixed"]
Kind = Literal["wav", "mp3", "mp4"]

RATE = 16_000
MAX_CHANNELS = 5
"""Of an unmixed recording; whoever sounds first beyond them is not heard."""
_BIT_RATES = {"wav": 256_000, "mp3": 48_000, "mp4": 128_000}


@dataclass(frozen=True, slots=True)
class Format:
    """One documented combination."""

    content: Content
    channels: Channels
    kind: Kind

    @property
    def unmixed(self) -> bool:
        return self.channels == "unmixed"

    @property
    def view(self) -> str:
        """The last part of the content's location, and of the name of its file."""
        return "video" if self.content == "audiovideo" else "audio"

    def described(self, channels: int) -> dict[str, object]:
        """`recordingInfo` of a chunk's metadata; `channels` is how many its file has."""
        info: dict[str, object] = {
            "contentType": "audioVideo" if self.content == "audiovideo" else "audio",
            "channelType": self.channels,
            "format": self.kind,
            "audioConfiguration": {
                "sampleRate": RATE,
                "bitRate": _BIT_RATES[self.kind],
                "channels": channels,
            },
        }
        if self.content == "audiovideo":
            info["videoConfiguration"] = {
                "longerSideLength": 1920,
                "shorterSideLength": 1080,
                "framerate": 16,
                "bitRate": 1_000_000,
            }
        return info

    def in_event_grid(self) -> dict[str, object]:
        """The members of RecordingFileStatusUpdated that say it, capitalised as in the specification's example."""
        return {
            "recordingContentType": "AudioVideo" if self.content == "audiovideo" else "Audio",
            "recordingChannelType": self.channels.capitalize(),
            "recordingFormatType": self.kind.capitalize(),
        }


def choose(content: Content | None, channels: Channels | None, kind: Kind | None) -> Format:
    """The recording a request asks for. Raises Refused (400) for what ACS does not record.

    A request that names nothing gets mixed audio and video, as documented. That audio alone becomes mp3 and unmixed
    audio wav where the format is missing, and the wording of the refusals, are guesses.
    """
    channels = channels or "mixed"
    if content is None:
        audio = kind in ("wav", "mp3") or channels == "unmixed"
        content = "audio" if audio else "audiovideo"
    if kind is None:
        kind = "mp4" if content == "audiovideo" else "wav" if channels == "unmixed" else "mp3"
    if content == "audiovideo" and (kind != "mp4" or channels != "mixed"):
        raise _unsupported("Audio and video are recorded as mixed mp4 only.", kind, channels)
    if content == "audio" and kind == "mp4":
        raise _unsupported("The format mp4 is for audio and video only.", kind, channels)
    if channels == "unmixed" and kind != "wav":
        raise _unsupported("Unmixed audio is recorded as wav only.", kind, channels)
    return Format(content, channels, kind)


def check_encoder(format_: Format) -> None:
    """Raises Refused (400, with the emulator's reason) where this installation cannot encode the format."""
    if format_.kind != "wav" and find_spec("av") is None:
        raise Refused(
            400,
            "8523",
            f"Invalid Request, the recording format {format_.kind} is not supported. The emulator encodes it once the "
            "extra 'recordings' is installed; it always records wav.",
            target="recordingFormatType",
        )


def _unsupported(why: str, kind: Kind, channels: Channels) -> Refused:
    message = f"Invalid Request, the recording format {kind} is not supported for {channels} channels. {why}"
    return Refused(400, "8523", message, target="recordingFormatType")
