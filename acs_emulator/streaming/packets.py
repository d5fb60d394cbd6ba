"""The packets of a media stream: what goes out in the shape that every SDK's parser reads, what comes in as any SDK
writes it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from acs_emulator.media.tones import KEYS

FRAMES_PER_SECOND = 50

Packet = dict[str, object]


def frame_bytes(rate: int) -> int:
    """The length of 20 ms: 640 at 16 kHz, 960 at 24 kHz."""
    return rate // FRAMES_PER_SECOND * 2


def metadata(subscription_id: str, rate: int) -> Packet:
    """The first packet of every connection."""
    described = {
        "subscriptionId": subscription_id,
        "encoding": "PCM",
        "sampleRate": rate,
        "channels": 1,
        "length": frame_bytes(rate),
    }
    return {"kind": "AudioMetadata", "audioMetadata": described}


def audio(samples: bytes, moment: float, raw_id: str | None, *, silent: bool) -> str:
    """A frame of 20 ms as text. `moment` is Unix time; the raw id is that of the speaker of an unmixed stream."""
    described: Packet = {"timestamp": _timestamp(moment)}
    if raw_id is not None:
        described["participantRawID"] = raw_id
    described["data"] = base64.b64encode(samples).decode()
    described["silent"] = silent
    return text({"kind": "AudioData", "audioData": described})


def dtmf(tone: str) -> Packet:
    """A key that was pressed. Only digits are documented; the other keys' names are a guess."""
    return {"kind": "DtmfData", "dtmfData": {"data": KEYS[tone]}}


def text(packet: Packet) -> str:
    return json.dumps(packet, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound for the call: signed 16-bit little-endian samples at the rate of the stream."""

    samples: bytes


class StopAudio:
    """What is queued is not to be heard."""


class Malformed(ValueError):
    """A frame that ACS would not understand; the message says why."""


def parse(frame: str | bytes) -> Audio | StopAudio | None:
    """What the application wants; None for a kind of packet that is not known. Raises Malformed.

    Member names and kinds are read in any case, because the SDKs' differ (`Kind` and `AudioData` of .NET and Python
    samples, `kind` and `audioData` of JavaScript). Without a kind the member that is not null says what it is, which
    is a guess.
    """
    if isinstance(frame, bytes):
        raise Malformed("a binary frame")
    try:
        packet = _members(json.loads(frame))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON object: {error}") from error
    kind = packet.get("kind")
    if not isinstance(kind, str):
        kind = next((name for name in ("audiodata", "stopaudio") if packet.get(name) is not None), "")
    match kind.lower():
        case "audiodata":
            return Audio(_samples(_members(packet.get("audiodata")).get("data")))
        case "stopaudio":
            return StopAudio()
        case "":
            raise Malformed("neither a kind, nor AudioData, nor StopAudio")
    return None


def _members(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Malformed(f"an object is needed, not {type(value).__name__}")
    return {name.lower(): member for name, member in value.items()}


def _samples(data: object) -> bytes:
    if not isinstance(data, str):
        raise Malformed("AudioData without data")
    try:
        samples = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"data is not base64: {error}") from error
    if len(samples) % 2:
        raise Malformed("data ends in the middle of a sample")
    return samples


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
