"""What an application lets a call hear: texts, SSML and files, with how long they last and how they sound."""

from __future__ import annotations

import io
import wave
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx

from acs_emulator.audio.soundtrack import BYTES_PER_SAMPLE, RATE, Render
from acs_emulator.audio.voice import voice
from acs_emulator.clock import Clock, to_ticks
from acs_emulator.outgoing.events import Result
from acs_emulator.transcription.failures import COGNITIVE_NOT_SET

BAD_FORMAT = Result(400, 8535, "Action failed, file format is invalid.")
NOT_DOWNLOADED = Result(400, 8536, "Action failed, file could not be downloaded.")
EMPTY = Result(400, 8582, "Action failed, play source text or ssml empty.")
BAD_TEXT = Result(400, 8565, "Action failed, bad request to Azure AI services. Check input parameters.")
BAD_SSML = Result(
    400,
    8565,
    "Action failed, bad request to Azure AI services. Unable to process payload provided, check the play source "
    "input.",
)
"""Codes and messages: the tables of event codes in Microsoft's how-tos on the play and recognize actions; 8582 is of
the list of sub codes, its message that of the .NET SDK."""

SECONDS_PER_CHARACTER = 0.06
SHORTEST = 0.5
UNKNOWN_FILE_SECONDS = 3.0
MAX_TEXT = 4000
"""Characters of a text prompt; the documented limit. That it fails as a bad request is a guess."""
MAX_FILE_BYTES = 32_000_000
CACHE_SECONDS = 3600.0
"""For which ACS keeps a file under its `playSourceCacheId`, whatever URL comes with the id."""
MAX_CACHED = 1_000
MAX_CACHE_BYTES = 64_000_000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_WAV = (".aac", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus", ".webm", ".wma")
_FORM = (1, 2, RATE)


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to play: a text, SSML, or a file's URL."""

    kind: Literal["text", "ssml", "file"]
    value: str
    cache_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A source made ready."""

    seconds: float
    render: Callable[[str], Render]
    """How it sounds when the one of this raw id plays it."""
    words: str = ""
    """What is said in it; of a file nothing is known."""


class CannotPlay(Exception):
    """A source cannot be played."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result


@dataclass(frozen=True, slots=True)
class _Cached:
    samples: bytes
    until: float


class Prompts:
    """Makes sources ready, and keeps files that have a `playSourceCacheId`."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, _Cached] = OrderedDict()

    async def ready(
        self, client: httpx.AsyncClient, clock: Clock, source: Source, *, cognitive_services: bool
    ) -> Prompt:
        """Raises CannotPlay."""
        if source.kind != "file":
            return _spoken(source, cognitive_services=cognitive_services)
        if urlsplit(source.value).hostname not in LOOPBACK:
            return _elsewhere(source.value)
        samples = await self._file(client, clock, source)
        return Prompt(max(SHORTEST, len(samples) / BYTES_PER_SAMPLE / RATE), lambda _: lambda: samples)

    def clear(self) -> None:
        self._files.clear()

    async def _file(self, client: httpx.AsyncClient, clock: Clock, source: Source) -> bytes:
        cached = self._files.get(source.cache_id or "")
        if cached is not None and clock.now() < cached.until:
            return cached.samples
        with clock.working():
            samples = _samples(await _fetched(client, source.value))
        if source.cache_id:
            self._files[source.cache_id] = _Cached(samples, clock.now() + CACHE_SECONDS)
            self._files.move_to_end(source.cache_id)
            while len(self._files) > MAX_CACHED or self._bytes() > MAX_CACHE_BYTES:
                self._files.popitem(last=False)
        return samples

    def _bytes(self) -> int:
        return sum(len(one.samples) for one in self._files.values())


def _spoken(source: Source, *, cognitive_services: bool) -> Prompt:
    if not cognitive_services:
        raise CannotPlay(COGNITIVE_NOT_SET.result)
    text = _text(source.value) if source.kind == "ssml" else source.value.strip()
    if not text:
        raise CannotPlay(EMPTY)
    if source.kind == "text" and len(text) > MAX_TEXT:
        raise CannotPlay(BAD_TEXT)
    return _hum(text, max(SHORTEST, SECONDS_PER_CHARACTER * len(text)), words=text)


def _text(ssml: str) -> str:
    """What is said of an SSML document; nothing of none. Raises CannotPlay for what is no `speak` document."""
    if not ssml.strip():
        return ""
    try:
        root = ElementTree.fromstring(ssml)
    except ElementTree.ParseError as error:
        raise CannotPlay(BAD_SSML) from error
    if root.tag.rpartition("}")[2] != "speak":
        raise CannotPlay(BAD_SSML)
    return " ".join("".join(root.itertext()).split())


def _elsewhere(url: str) -> Prompt:
    """A file that is not on this machine is taken to be there and to last three seconds, because the emulator sends
    nothing off the machine: unless its host is of the domain `invalid`, or its name says that it is no WAV."""
    address = urlsplit(url)
    if (address.hostname or "").endswith(".invalid"):
        raise CannotPlay(NOT_DOWNLOADED)
    if address.path.lower().endswith(_NO_WAV):
        raise CannotPlay(BAD_FORMAT)
    return _hum(url, UNKNOWN_FILE_SECONDS)


def _hum(text: str, seconds: float, words: str = "") -> Prompt:
    return Prompt(seconds, lambda raw_id: lambda: voice(text, to_ticks(seconds), raw_id), words)


async def _fetched(client: httpx.AsyncClient, url: str) -> bytes:
    """Of at most 32 MB. Raises CannotPlay."""
    content = bytearray()
    try:
        async with client.stream("GET", url) as response:
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_FILE_BYTES:
                    raise CannotPlay(BAD_FORMAT)
    except (httpx.HTTPError, httpx.InvalidURL) as failed:
        raise CannotPlay(NOT_DOWNLOADED) from failed
    return bytes(content)


def _samples(content: bytes) -> bytes:
    """Of a WAV as ACS plays it: mono, 16 bit, 16 kHz. Raises CannotPlay."""
    try:
        with wave.open(io.BytesIO(content)) as audio:
            if (audio.getnchannels(), audio.getsampwidth(), audio.getframerate()) != _FORM:
                raise CannotPlay(BAD_FORMAT)
            samples: bytes = audio.readframes(audio.getnframes())
    except (wave.Error, EOFError) as failed:
        raise CannotPlay(BAD_FORMAT) from failed
    return samples
