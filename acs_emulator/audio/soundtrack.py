"""The sound of one call: who sounds when, as signed 16-bit little-endian samples at 16 kHz, one channel a speaker.

Who listens registers first, as a keeper, and says how far it has come:

    keeper = call.sound.keep(exchange.clock.ticks())    # from now on nothing is forgotten
    samples = call.sound.mixed(start, end)              # a second or so at a time: samples are made while one listens
    keeper.advance(end)                                 # never asks again for what was before
    keeper.close()

What no keeper needs any more is forgotten. Without a keeper nothing is kept but what has yet to sound.
"""

from __future__ import annotations

import array
import operator
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

RATE = 16_000
BYTES_PER_SAMPLE = 2
TICKS_PER_SAMPLE = 625
FORGET_EVERY = 10_000_000
"""Ticks by which all keepers advance before what is over is looked for."""

Render = Callable[[], bytes]
"""Makes the samples, the same ones each time: whenever somebody listens who is the first, or far behind the others."""


@dataclass(slots=True, eq=False)
class _Sound:
    offset: int
    end: int
    render: Render
    source: object = None
    samples: bytes | None = None

    def between(self, start: int, end: int) -> tuple[int, bytes]:
        """What of it sounds between two moments, and after how many samples from `start` on it begins."""
        if self.samples is None:
            self.samples = self.render()
        offset = (self.offset - start) // TICKS_PER_SAMPLE
        first = max(0, -offset)
        last = min(
            (min(end, self.end) - start) // TICKS_PER_SAMPLE - offset, len(self.samples) // BYTES_PER_SAMPLE
        )
        if end >= self.end:
            samples, self.samples = self.samples, None
        else:
            samples = self.samples
        return max(0, offset), samples[first * BYTES_PER_SAMPLE : max(first, last) * BYTES_PER_SAMPLE]


@dataclass(slots=True, eq=False)
class _Speaker:
    sounded: bool = False
    sounds: list[_Sound] = field(default_factory=list)
    """By their offset."""
    longest: int = 0
    """No sound lasts longer."""
    hushed: list[tuple[int, bool]] = field(default_factory=list)
    """From which moment on they were, and were not, hushed; by time."""

    def add(self, sound: _Sound) -> None:
        self.sounded = True
        self.longest = max(self.longest, sound.end - sound.offset)
        self.sounds.insert(bisect_right(self.sounds, sound.offset, key=_offset), sound)

    def forget(self, before: int) -> None:
        self.sounds[:] = [sound for sound in self.sounds if sound.end > before]
        del self.hushed[: max(0, bisect_right(self.hushed, before, key=operator.itemgetter(0)) - 1)]
        if not self.sounds:
            self.longest = 0

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """What sounds between two moments, each after how many samples."""
        for index in range(bisect_left(self.sounds, start - self.longest, key=_offset), len(self.sounds)):
            sound = self.sounds[index]
            if sound.offset >= end:
                return
            for opens, closes in self._audible(start, end) if self.hushed else ((start, end),):
                if sound.offset < closes and sound.end > opens:
                    at, samples = sound.between(opens, closes)
                    yield at + (opens - start) // TICKS_PER_SAMPLE, samples

    def _audible(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        opens: int | None = start
        for moment, hushed in self.hushed:
            if hushed and opens is not None:
                if moment > opens:
                    yield opens, min(moment, end)
                opens = None
            elif not hushed and opens is None:
                opens = max(moment, start)
            if moment >= end:
                break
        if opens is not None and opens < end:
            yield opens, end


class Keeper:
    """Somebody who listens: sounds are kept from `needs` on."""

    def __init__(self, soundtrack: Soundtrack, needs: int) -> None:
        self._soundtrack = soundtrack
        self.needs = needs

    def advance(self, moment: int) -> None:
        """All before the moment has been heard. A sound that is added too late for it begins at the moment."""
        self.needs = max(self.needs, moment)
        self._soundtrack.tidy()

    def close(self) -> None:
        """Listens no more."""
        self._soundtrack.release(self)


class Soundtrack:
    """Sounds by who makes them; all times in ticks of the emulator's clock."""

    def __init__(self) -> None:
        self._speakers: dict[str, _Speaker] = {}
        self._keepers: set[Keeper] = set()
        self._forgotten = 0

    def keep(self, since: int) -> Keeper:
        """Keep what sounds from this moment on, until the keeper has heard it."""
        keeper = Keeper(self, since)
        self._keepers.add(keeper)
        return keeper

    def release(self, keeper: Keeper) -> None:
        self._keepers.discard(keeper)
        self.forget(min((one.needs for one in self._keepers), default=keeper.needs))

    def add(self, raw_id: str, offset: int, duration: int, render: Render, *, source: object = None) -> int:
        """Somebody sounds from `offset` on, or, where a keeper has come past that, from there on: a sound is late
        rather than cut. Returns when it begins. `source` is by what they sound, so that it alone can be cut."""
        offset = max([offset, *(keeper.needs for keeper in self._keepers)])
        if not self._keepers:
            self.forget(offset)
        self._speaker(raw_id).add(_Sound(offset, offset + duration, render, source))
        return offset

    def cut(self, raw_id: str, offset: int, *, source: object = None) -> None:
        """What they had yet to sound after this moment, by this source, is not heard."""
        sounds = self._speaker(raw_id).sounds
        for sound in sounds:
            if sound.source is source:
                sound.end = min(sound.end, offset)
        sounds[:] = [sound for sound in sounds if sound.end > sound.offset]

    def hush(self, raw_id: str, hushed: bool, offset: int) -> None:
        """From this moment on nothing that they make is heard, or all is again. Saying it twice changes nothing."""
        gates = self._speaker(raw_id).hushed
        if hushed is not (gates[-1][1] if gates else False):
            gates.append((max(offset, gates[-1][0] if gates else offset), hushed))

    def forget(self, before: int) -> None:
        """Drop what was over before this moment; the speakers stay."""
        self._forgotten = before
        for speaker in self._speakers.values():
            speaker.forget(before)

    def tidy(self) -> None:
        """Forget what no keeper needs, now and then."""
        least = min((keeper.needs for keeper in self._keepers), default=0)
        if least - self._forgotten >= FORGET_EVERY:
            self.forget(least)

    def speakers(self) -> list[str]:
        """Everybody who ever sounded, in the order in which they first did."""
        return [raw_id for raw_id, speaker in self._speakers.items() if speaker.sounded]

    def heard(self, raw_id: str, start: int, end: int) -> bytes | None:
        """Their samples between two moments, padded with silence; None where all is silence."""
        return self._mix([raw_id], start, end)

    def mixed(self, start: int, end: int, without: Collection[str] = ()) -> bytes | None:
        """Everybody's samples together, clipped; None where all is silence."""
        return self._mix([raw_id for raw_id in self._speakers if raw_id not in without], start, end)

    def _speaker(self, raw_id: str) -> _Speaker:
        return self._speakers.setdefault(raw_id, _Speaker())

    def _mix(self, raw_ids: Iterable[str], start: int, end: int) -> bytes | None:
        speakers = [self._speakers[raw_id] for raw_id in raw_ids if raw_id in self._speakers]
        pieces = [piece for speaker in speakers for piece in speaker.pieces(start, end) if piece[1]]
        if not pieces:
            return None
        length = (end - start) // TICKS_PER_SAMPLE
        if len(pieces) == 1 and len(pieces[0][1]) == length * BYTES_PER_SAMPLE:
            return pieces[0][1]
        total = array.array("h", bytes(length * BYTES_PER_SAMPLE))
        for at, samples in pieces:
            _lay(total, at, _native(samples))
        return _native(total.tobytes()).tobytes()


def _lay(total: array.array[int], at: int, sound: array.array[int]) -> None:
    """Lay the sound over what is there, clipped."""
    under = total[at : at + len(sound)]
    sound = sound[: len(under)]
    if any(under):
        sums = list(map(operator.add, under, sound))
        if max(sums) > 32_767 or min(sums) < -32_768:
            sums = [max(-32_768, min(32_767, value)) for value in sums]
        sound = array.array("h", sums)
    total[at : at + len(sound)] = sound


def _native(samples: bytes) -> array.array[int]:
    """Little-endian samples in the order of this machine, and back."""
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _offset(sound: _Sound) -> int:
    return sound.offset
