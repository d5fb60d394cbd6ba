"""The files of an ended recording: its chunks, their content and their metadata."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acs_emulator.audio.soundtrack import BYTES_PER_SAMPLE, TICKS_PER_SAMPLE
from acs_emulator.clock import TICKS_PER_SECOND, timestamp
from acs_emulator.recordings import sound
from acs_emulator.recordings.formats import MAX_CHANNELS
from acs_emulator.recordings.recording import TICKS_PER_MS, Channels, Recording, Span

MAX_SAMPLE_BYTES = 256 * 1024 * 1024
"""Of one chunk, so that making one cannot take all memory: two hours and twenty minutes of mixed sound, half an hour of
five channels. ACS's own bound is four hours."""
ENCODER = Path(__file__).with_name("encoder.py")
ENCODER_PATIENCE = 300.0
"""Real seconds."""


class EncodingFailed(Exception):
    """A file could not be encoded; the message is the encoder's last line."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One file of a recording."""

    index: int
    document_id: str
    duration_ms: int
    content: bytes
    metadata: bytes


class Maker:
    """Makes a recording's chunks in their order, each once there is enough for it."""

    def __init__(self, recording: Recording, resource_id: str, longest_seconds: float) -> None:
        self._recording = recording
        self._resource_id = resource_id
        self._channels = Channels(recording.wanted.channels)
        self._longest = _longest(longest_seconds, unmixed=recording.wanted.format.unmixed)
        self._index = 0
        self._made_until = recording.began or 0

    @property
    def longest_seconds(self) -> float:
        """Of one chunk."""
        return self._longest / TICKS_PER_SECOND

    async def next(self, now: int) -> Chunk | None:
        """The next chunk, if it is full or the recording has ended; asked again after a failure, the same one. Raises
        EncodingFailed."""
        recording = self._recording
        pieces = list(recording.pieces(self._longest, now))[self._index :]
        if not pieces or (recording.ended is None and _ticks(pieces[0]) < self._longest):
            return None
        spans = pieces[0]
        if recording.wanted.format.unmixed:
            tracks = await sound.unmixed(recording.call.sound, spans, self._channels)
        else:
            tracks = [await sound.mixed(recording.call.sound, spans)]
        document_id = f"0-eus-d1-{uuid.uuid4().hex}"
        last = recording.ended is not None and len(pieces) == 1
        chunk = Chunk(
            index=self._index,
            document_id=document_id,
            duration_ms=_ticks(spans) // TICKS_PER_MS,
            content=await _encoded(recording.wanted.format.kind, tracks),
            metadata=self._metadata(document_id, spans, len(tracks), last=last),
        )
        self._index += 1
        self._made_until = spans[-1].end
        if recording.keeper is not None:
            recording.keeper.advance(self._made_until)
        return chunk

    def _metadata(self, document_id: str, spans: Sequence[Span], channels: int, *, last: bool) -> bytes:
        """With the members and their order of a captured one. A pause is listed with the chunk that it comes before or
        interrupts, the one at the recording's end with the last."""
        recording = self._recording
        start = spans[0].start if self._index else recording.began or 0
        pauses = [
            pause
            for pause in recording.pauses()
            if pause.start >= self._made_until and (last or pause.start < spans[-1].end)
        ]
        metadata = {
            "resourceId": self._resource_id,
            "callId": recording.call.call_id,
            "chunkDocumentId": document_id,
            "chunkIndex": self._index,
            "chunkStartTime": utc(recording.unix_ns(start)),
            "chunkDuration": _ticks(spans) // TICKS_PER_MS,
            "pauseResumeIntervals": [
                {"startTime": utc(recording.unix_ns(pause.start)), "duration": pause.length // TICKS_PER_MS}
                for pause in pauses
            ],
            "recordingInfo": recording.wanted.format.described(channels),
            "participants": _participants(recording, self._channels),
        }
        return json.dumps(metadata, separators=(",", ":")).encode()


def _longest(seconds: float, *, unmixed: bool) -> int:
    """The most ticks of sound in one chunk, whole samples."""
    channels = MAX_CHANNELS if unmixed else 1
    samples = min(
        int(seconds * TICKS_PER_SECOND) // TICKS_PER_SAMPLE, MAX_SAMPLE_BYTES // BYTES_PER_SAMPLE // channels
    )
    return max(samples, 1) * TICKS_PER_SAMPLE


def _participants(recording: Recording, channels: Channels) -> list[dict[str, object]]:
    """Everybody who was in the call, and on which channel they are heard."""
    if not recording.wanted.format.unmixed:
        return [{"participantId": raw_id} for raw_id in recording.call.joined]
    heard: dict[str, int | None] = {**channels.by_participant()}
    everybody = {**heard, **{raw_id: heard.get(raw_id) for raw_id in recording.call.joined}}
    return [
        {"participantId": raw_id} if channel is None else {"participantId": raw_id, "channel": channel}
        for raw_id, channel in everybody.items()
    ]


def _ticks(spans: Sequence[Span]) -> int:
    return sum(span.length for span in spans)


async def _encoded(kind: str, tracks: Sequence[bytes]) -> bytes:
    if kind == "wav":
        return await asyncio.to_thread(sound.wav, tracks)
    return await asyncio.to_thread(_run_encoder, kind, tracks[0])


def _run_encoder(kind: str, samples: bytes) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(ENCODER), kind],
            input=samples,
            capture_output=True,
            timeout=ENCODER_PATIENCE,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise EncodingFailed(f"the encoder for {kind} failed: {lines[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EncodingFailed(f"the encoder for {kind} failed: {error}") from error
    return done.stdout


def utc(unix_ns: int) -> str:
    """As Event Grid and metadata write times: with a `Z`."""
    return timestamp(unix_ns).replace("+00:00", "Z")
