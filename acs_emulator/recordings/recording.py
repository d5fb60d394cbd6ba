"""One recording while it lasts: state only."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from acs_emulator.audio.soundtrack import TICKS_PER_SAMPLE, Keeper
from acs_emulator.calls.call import Call, Leg
from acs_emulator.recordings.formats import MAX_CHANNELS, Format

TICKS_PER_MS = 10_000


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another, in ticks on the emulator's clock."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Wanted:
    """What startRecording asked for."""

    format: Format
    api_version: str
    state_callback_uri: str | None = None
    channels: Mapping[str, int] = field(default_factory=dict)
    """Raw ids by channel, counted from 0, as far as the request fixes them."""
    container_url: str | None = None
    """Where the files go beside the built-in storage: a blob container, with a shared access signature if it needs one."""


class Files(Protocol):
    """Whoever makes a recording's files."""

    def finish(self, reason: str) -> None:
        """The recording has ended."""


@dataclass(slots=True, eq=False)
class Recording:
    """Knows when it recorded; the sound itself stays in the call's soundtrack until a chunk of it is full, or the
    recording ends."""

    call: Call
    wanted: Wanted
    recorder: Leg
    """The recorder's own connection to the call, which its events name; the call does not list it."""
    paused: bool = False
    """Whether it begins paused."""
    resource_specific_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    began: int | None = None
    """Ticks; None while it is still starting."""
    began_at: int = 0
    """Unix time in nanoseconds."""
    since: int | None = None
    """Ticks from which on it has been recording without a pause; None while paused."""
    spans: list[Span] = field(default_factory=list)
    ended: int | None = None
    """Ticks; None while it lasts."""
    files: Files | None = None
    """Makes its files, from its begin on."""
    keeper: Keeper | None = None
    """Keeps the call's sound until the recording's files are made."""

    @property
    def recording_id(self) -> str:
        """As captured: unpadded base64 of two ids, the recorder's first."""
        ids = {
            "PlatformEndpointId": self.recorder.connection_id,
            "ResourceSpecificId": self.resource_specific_id,
        }
        return base64.urlsafe_b64encode(json.dumps(ids, separators=(",", ":")).encode()).decode().rstrip("=")

    @property
    def state(self) -> str:
        """`recordingState` of the wire: a paused recording reads inactive, as captured."""
        return "inactive" if self.since is None else "active"

    def begin(self, ticks: int, unix_ns: int) -> None:
        self.began, self.began_at = ticks, unix_ns
        self.keeper = self.call.sound.keep(ticks)
        if not self.paused:
            self.since = ticks

    def pause(self, ticks: int) -> None:
        """Changes nothing where it does not record."""
        self.spans += self._open(ticks)
        self.since = None

    def resume(self, ticks: int) -> None:
        """Changes nothing where it records already."""
        if self.since is None:
            self.since = ticks

    def end(self, ticks: int) -> None:
        self.pause(ticks)
        self.ended = ticks

    def release(self) -> None:
        """The call's sound is no longer needed."""
        if self.keeper is not None:
            self.keeper.close()
            self.keeper = None

    def pauses(self) -> list[Span]:
        """Where it did not record: before, between and, once it has ended, behind its spans."""
        edges = [self.began or 0, *(edge for span in self.spans for edge in (span.start, span.end))]
        if self.ended is not None:
            edges.append(self.ended)
        elif self.since is not None:
            edges.append(self.since)
        gaps = [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]
        return [gap for gap in gaps if gap.length >= TICKS_PER_MS]

    def unix_ns(self, ticks: int) -> int:
        """The wall's time at a moment, counted from the recording's start at the emulator's pace."""
        return self.began_at + (ticks - (self.began or 0)) * 100

    def pieces(self, longest: int, now: int) -> Iterator[tuple[Span, ...]]:
        """What each chunk holds, up to now: the recorded spans in order, cut so that no chunk has more than `longest`
        ticks. All but the last are full, and stay as they are while the recording goes on."""
        piece: list[Span] = []
        room = longest
        for span in [*self.spans, *self._open(now)]:
            start = span.start
            while span.end - start > room:
                piece.append(Span(start, start + room))
                start += room
                yield tuple(piece)
                piece, room = [], longest
            if span.end > start:
                piece.append(Span(start, span.end))
                room -= span.end - start
        if piece:
            yield tuple(piece)

    def _open(self, now: int) -> list[Span]:
        """What it has been recording since it last began or was resumed."""
        if self.since is None:
            return []
        end = now - (now - self.since) % TICKS_PER_SAMPLE
        return [Span(self.since, end)] if end > self.since else []


class Channels:
    """Who is on which channel of an unmixed recording."""

    def __init__(self, fixed: Mapping[str, int]) -> None:
        self._channels = dict(fixed)

    def assign(self, raw_id: str) -> int | None:
        """Their channel, the first free one at their first sound; None where all are taken."""
        if raw_id not in self._channels:
            taken = set(self._channels.values())
            free = next((channel for channel in range(MAX_CHANNELS) if channel not in taken), None)
            if free is None:
                return None
            self._channels[raw_id] = free
        return self._channels[raw_id]

    @property
    def count(self) -> int:
        """How many channels a file needs, at least one."""
        return max(self._channels.values(), default=0) + 1

    def by_participant(self) -> dict[str, int]:
        return dict(self._channels)
