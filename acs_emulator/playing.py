"""Playing text and files into a call. Nothing is heard; the events and their times are those of a real one."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import httpx

from acs_emulator.calls import Leg
from acs_emulator.events import MEDIA_OK, Result, Told
from acs_emulator.exchange import Exchange
from acs_emulator.transcription.failures import COGNITIVE_NOT_SET

BAD_FORMAT = Result(400, 8535, "Action failed, file format is invalid.")
NOT_DOWNLOADED = Result(400, 8536, "Action failed, file could not be downloaded.")
CANCELED = Result(400, 8508, "Action failed, the operation was canceled.")

SECONDS_PER_CHARACTER = 0.06
UNKNOWN_FILE_SECONDS = 3.0
MAX_FILE_BYTES = 32_000_000
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to play: a text, SSML, or a file's URL."""

    kind: Literal["text", "ssml", "file"]
    value: str


@dataclass(frozen=True, slots=True)
class Play:
    """A play operation."""

    sources: Sequence[Source]
    loop: bool = False
    told: Told = field(default_factory=Told)


class PlayFailed(Exception):
    """A source cannot be played."""

    def __init__(self, index: int, result: Result) -> None:
        super().__init__(result.message)
        self.index = index
        self.result = result


def play(exchange: Exchange, leg: Leg, operation: Play, *, interrupt: bool) -> None:
    """Play after what is already queued, or instead of it. Events: PlayStarted, then PlayCompleted or PlayFailed."""
    if interrupt:
        cancel_all(exchange, leg)
    task = exchange.tasks.start(_play(exchange, leg, operation), scope=leg.call.call_id)
    leg.plays[task] = operation


def cancel_all(exchange: Exchange, leg: Leg) -> None:
    """Events: PlayCanceled for each operation that plays or waits."""
    plays, leg.plays = leg.plays, {}
    for task, operation in plays.items():
        task.cancel()
        _tell(exchange, leg, "PlayCanceled", operation, CANCELED)


async def _play(exchange: Exchange, leg: Leg, operation: Play) -> None:
    try:
        async with leg.play_turn:
            await _play_sources(exchange, leg, operation)
    except PlayFailed as failed:
        _tell(exchange, leg, "PlayFailed", operation, failed.result, {"failedPlaySourceIndex": failed.index})
    else:
        _tell(exchange, leg, "PlayCompleted", operation, MEDIA_OK)
    finally:
        task = asyncio.current_task()
        if task is not None:
            leg.plays.pop(task, None)


async def _play_sources(exchange: Exchange, leg: Leg, operation: Play) -> None:
    """Returns when all is played; a loop never does."""
    started = False
    while True:
        for index, source in enumerate(operation.sources):
            seconds = await _seconds(exchange, leg, index, source)
            if not started:
                started = True
                _tell(exchange, leg, "PlayStarted", operation, MEDIA_OK)
            await exchange.clock.sleep(seconds)
        if not operation.loop:
            return


async def _seconds(exchange: Exchange, leg: Leg, index: int, source: Source) -> float:
    """How long a source plays, at least half a second. Raises PlayFailed."""
    if source.kind == "file":
        return max(0.5, await _file_seconds(exchange, index, source.value))
    if not leg.cognitive_services_endpoint:
        raise PlayFailed(index, COGNITIVE_NOT_SET.result)
    return max(0.5, SECONDS_PER_CHARACTER * len(source.value))


async def _file_seconds(exchange: Exchange, index: int, url: str) -> float:
    """A file on this machine is fetched and must be a WAV as ACS plays it (mono, 16 bit, 16 kHz); any other file is
    taken to last three seconds, because the emulator sends nothing off the machine."""
    if urlsplit(url).hostname not in _LOOPBACK:
        return UNKNOWN_FILE_SECONDS
    try:
        response = await exchange.client.get(url)
        response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as failed:
        raise PlayFailed(index, NOT_DOWNLOADED) from failed
    try:
        with wave.open(io.BytesIO(response.content[:MAX_FILE_BYTES])) as audio:
            form = (audio.getnchannels(), audio.getsampwidth(), audio.getframerate())
            seconds: float = audio.getnframes() / audio.getframerate()
    except (wave.Error, EOFError) as failed:
        raise PlayFailed(index, BAD_FORMAT) from failed
    if form != (1, 2, 16_000):
        raise PlayFailed(index, BAD_FORMAT)
    return seconds


def _tell(
    exchange: Exchange,
    leg: Leg,
    name: str,
    operation: Play,
    result: Result,
    fields: dict[str, object] | None = None,
) -> None:
    exchange.callbacks.send(
        leg,
        name,
        result=result,
        context=operation.told.context,
        url=operation.told.callback_uri,
        fields=fields,
    )
