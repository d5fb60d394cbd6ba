"""What is heard in a recording, as samples: mixed into one channel, or one channel a participant."""

from __future__ import annotations

import array
import asyncio
import io
import sys
import wave
from collections.abc import Iterator, Sequence

from acs_emulator.audio.soundtrack import BYTES_PER_SAMPLE, TICKS_PER_SAMPLE, Soundtrack
from acs_emulator.clock import TICKS_PER_SECOND
from acs_emulator.recordings.formats import RATE
from acs_emulator.recordings.recording import Channels, Span

SLICE = 2 * TICKS_PER_SECOND
"""How much is mixed at once, before others have their turn."""


async def mixed(sound: Soundtrack, spans: Sequence[Span]) -> bytes:
    """Everybody together in the spans, one after the other without a gap."""
    out = bytearray()
    for part in _slices(spans):
        out += sound.mixed(part.start, part.end) or _silence(part)
        await asyncio.sleep(0)
    return bytes(out)


async def unmixed(sound: Soundtrack, spans: Sequence[Span], channels: Channels) -> list[bytes]:
    """One channel a participant; who has none yet gets one with their first sound, and keeps it in later chunks."""
    out: dict[int, bytearray] = {}
    length = 0
    for part in _slices(spans):
        heard = {
            raw_id: samples
            for raw_id in sound.speakers()
            if (samples := sound.heard(raw_id, part.start, part.end))
        }
        for raw_id, samples in sorted(heard.items(), key=lambda item: _first_sound(item[1])):
            channel = channels.assign(raw_id)
            if channel is not None:
                if channel not in out:
                    out[channel] = bytearray(length)
                out[channel] += samples
        length += _bytes(part)
        for track in out.values():
            track.extend(bytes(length - len(track)))
        await asyncio.sleep(0)
    return [bytes(out.get(channel, bytearray(length))) for channel in range(channels.count)]


def wav(channels: Sequence[bytes]) -> bytes:
    """A WAV file of 16-bit samples at 16 kHz; all channels are equally long."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(BYTES_PER_SAMPLE)
        file.setframerate(RATE)
        file.writeframes(_native(_interleaved(channels)))
    return out.getvalue()


def _slices(spans: Sequence[Span]) -> Iterator[Span]:
    for span in spans:
        for start in range(span.start, span.end, SLICE):
            yield Span(start, min(start + SLICE, span.end))


def _bytes(part: Span) -> int:
    return part.length // TICKS_PER_SAMPLE * BYTES_PER_SAMPLE


def _silence(part: Span) -> bytes:
    return bytes(_bytes(part))


def _first_sound(samples: bytes) -> int:
    """Where the first sample lies that is not silent."""
    return len(samples) - len(samples.lstrip(b"\0"))


def _interleaved(channels: Sequence[bytes]) -> bytes:
    if len(channels) == 1:
        return channels[0]
    frames = array.array("h", bytes(sum(map(len, channels))))
    for index, channel in enumerate(channels):
        frames[index :: len(channels)] = array.array("h", channel)
    return frames.tobytes()


def _native(samples: bytes) -> bytes:
    """`wave` takes samples in the machine's own order of bytes."""
    if sys.byteorder == "little":
        return samples
    swapped = array.array("h", samples)
    swapped.byteswap()
    return swapped.tobytes()
