"""Recorded audio that speaks in a call, by way of the recogniser."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from acs_emulator.audio.resampling import doubled
from acs_emulator.audio.soundtrack import BYTES_PER_SAMPLE, RATE
from acs_emulator.clock import TICKS_PER_SECOND, to_ticks
from acs_emulator.people.scene import Scene, SpeechFailed, Utterance, Word
from acs_emulator.speech import Heard, LanguageUnsupported, Recognizer, open_recognizer, read_wav

SECONDS_PER_PIECE = 1


@dataclass(frozen=True, slots=True)
class Track:
    """One speaker's sound: signed 16-bit little-endian samples, beginning `at` seconds after the speech does."""

    speaker: str
    channel: bytes
    rate: int
    at: float
    seconds: float


class Ears:
    """Opens the recogniser when it is first needed, and once."""

    def __init__(self) -> None:
        self._recognizer: Recognizer | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> Recognizer:
        """Raises SpeechUnavailable."""
        async with self._opening:
            if self._recognizer is None:
                self._recognizer = await asyncio.to_thread(open_recognizer)
            return self._recognizer


@dataclass(frozen=True, slots=True)
class Recorded:
    """Tracks that are played together. Satisfies `scene.Speech`."""

    recognizer: Recognizer
    tracks: Sequence[Track]
    hang_up: bool = True
    wait_for_transcription: bool = True

    async def perform(self, scene: Scene) -> None:
        """Begins when all its speakers are in the call; returns when the longest track is over."""
        speakers = [await scene.speaker(track.speaker) for track in self.tracks]
        began = max(scene.began, scene.clock.now())
        try:
            async with asyncio.TaskGroup() as voices:
                for raw_id, track in zip(speakers, self.tracks, strict=True):
                    voices.create_task(self._play(scene, raw_id, track, began + track.at))
        except* LanguageUnsupported as unsupported:
            raise SpeechFailed(str(unsupported.exceptions[0])) from unsupported
        await scene.clock.sleep_until(began + max(track.at + track.seconds for track in self.tracks))

    async def _play(self, scene: Scene, raw_id: str, track: Track, began: float) -> None:
        async def pace(seconds: float) -> None:
            await scene.clock.sleep_until(began + seconds)

        _sound(scene, raw_id, track, began)
        async for heard in self.recognizer.listen(track.channel, track.rate, scene.locale, pace):
            scene.say(_utterance(heard, raw_id, began))


def read_tracks(path: Path, speakers: Sequence[str], at: float = 0.0) -> list[Track]:
    """One track per channel of a WAV file, in the order of the speakers; then agents. Raises AudioRejected."""
    audio = read_wav(path)
    names = [*speakers, *(f"agent{number}" for number in range(len(speakers), len(audio.channels)))]
    return [
        Track("agent" if name == "agent1" else name, channel, audio.rate, at, audio.seconds)
        for name, channel in zip(names, audio.channels, strict=False)
    ]


def _sound(scene: Scene, raw_id: str, track: Track, began: float) -> None:
    """The track itself sounds in the call, in pieces that are resampled only for those who listen."""
    piece = track.rate * BYTES_PER_SAMPLE * SECONDS_PER_PIECE
    begins = to_ticks(began)
    for at in range(0, len(track.channel), piece):
        samples = track.channel[at : at + piece]
        duration = len(samples) // BYTES_PER_SAMPLE * TICKS_PER_SECOND // track.rate
        begins = scene.sound(raw_id, begins, duration, partial(_at_16_khz, samples, track.rate)) + duration


def _at_16_khz(samples: bytes, rate: int) -> bytes:
    return doubled(samples) if rate * 2 == RATE else samples


def _utterance(heard: Heard, raw_id: str, began: float) -> Utterance:
    words = tuple(
        Word(word.text, to_ticks(began + word.offset), to_ticks(word.duration)) for word in heard.words
    )
    offset, duration = to_ticks(began + heard.offset), to_ticks(heard.duration)
    return Utterance(raw_id, heard.final, heard.text, offset, duration, heard.confidence, words)
