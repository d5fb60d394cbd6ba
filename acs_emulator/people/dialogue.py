"""Dialogue files: who says what, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from acs_emulator.audio.voice import voice
from acs_emulator.clock import TICKS_PER_SECOND, to_ticks
from acs_emulator.media.tones import SECONDS_PER_TONE, Keys
from acs_emulator.people.scene import Scene, Utterance, Word
from acs_emulator.speech.lexical import lexical
from acs_emulator.wire import StrictBody

MAX_FILE_BYTES = 1_000_000
LONGEST_SOUND = 10 * TICKS_PER_SECOND
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class DialogueRejected(ValueError):
    """A dialogue file that cannot be read; the message says where and why."""


class Turn(StrictBody):
    """One person's turn: words, or keys that they press, or, without either, a silence."""

    speaker: str = "caller"
    text: str = ""
    press: Keys | None = None
    """Keys such as `12#`, or their names."""
    after: Literal["prompt"] | None = None
    """`prompt`: the turn waits until a recognition of the application waits for this speaker's answer, and all that
    follows waits with it."""
    at: Seconds | None = None
    """Seconds after the dialogue's start; before the previous turn's end the two overlap. Without it the turn
    follows the turn before it in the file."""
    silence: Seconds | None = None
    """Seconds of silence before the turn; 0.3 where there are words and no `at`."""
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    """How long it takes; by default what the words take at an ordinary pace."""
    locale: str | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.9

    @model_validator(mode="after")
    def _says_or_rests(self) -> Self:
        if self.press and self.text.split():
            raise ValueError("a turn has a text or keys to press, not both")
        if not self.is_done and not self.silence:
            raise ValueError("a turn needs a text, keys to press, or a silence in seconds")
        return self

    @property
    def is_done(self) -> bool:
        """Whether anything is said or pressed in it."""
        return bool(self.press or self.text.split())


class Dialogue(StrictBody):
    """A script. Satisfies `scene.Speech`."""

    turns: tuple[Turn, ...]
    hang_up: bool = True
    """The caller hangs up after the last turn."""
    wait_for_transcription: bool = True
    """Begin only when a transcription (where none was agreed upon: a media stream) is active, so that nothing is lost."""

    async def perform(self, scene: Scene) -> None:
        """Say every turn at its time. A turn of somebody who has not yet come waits for them, and all that follows
        waits with it."""
        delay = 0.0
        end = scene.began
        async with asyncio.TaskGroup() as voices:
            for line in schedule(self.turns):
                await scene.clock.sleep_until(scene.began + delay + line.start)
                asked = scene.clock.now()
                raw_id = await scene.speaker(line.turn.speaker)
                if line.turn.after == "prompt":
                    await scene.asked(raw_id)
                waited = scene.clock.now() - asked
                if waited > 0.05:
                    delay += waited
                start = scene.began + delay + line.start
                if line.turn.after == "prompt":
                    # An answer begins when the question is over, never before.
                    start = max(start, scene.clock.now())
                    delay = start - scene.began - line.start
                end = max(end, start + line.seconds)
                act = _press if line.turn.press else _speak
                voices.create_task(act(scene, line, raw_id, start))
        await scene.clock.sleep_until(end)


@dataclass(frozen=True, slots=True)
class Line:
    """A turn with its time: seconds after the dialogue's start."""

    turn: Turn
    start: float
    seconds: float


def load(path: Path) -> Dialogue:
    """The dialogue in a JSON file of at most 1 MB. Raises DialogueRejected."""
    try:
        if not path.is_file():
            raise DialogueRejected(f"the dialogue file {path} is not a file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DialogueRejected(f"the dialogue file {path} is larger than {MAX_FILE_BYTES} bytes")
        return Dialogue.model_validate(json.loads(path.read_bytes()))
    except DialogueRejected:
        raise
    except OSError as error:
        raise DialogueRejected(f"the dialogue file {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DialogueRejected(f"the dialogue file {path} is wrong at {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise DialogueRejected(f"the dialogue file {path} is not JSON: {error}") from error


def schedule(turns: Sequence[Turn]) -> list[Line]:
    """The turns in which something is done, by their start."""
    lines = list(_timed(turns))
    return sorted(lines, key=lambda line: line.start)


def _timed(turns: Sequence[Turn]) -> Iterator[Line]:
    end = 0.0
    for position, turn in enumerate(turns):
        pause = turn.silence if turn.silence is not None else (0.3 if position and turn.at is None else 0.0)
        start = (end if turn.at is None else turn.at) + pause
        if not turn.is_done:
            end = start
            continue
        seconds = turn.seconds or _seconds(turn)
        end = start + seconds
        yield Line(turn, start, seconds)


def _seconds(turn: Turn) -> float:
    if turn.press:
        return SECONDS_PER_TONE * len(turn.press)
    return max(0.5, 0.06 * len(turn.text))


def spoken_words(text: str, offset: int, duration: int) -> tuple[Word, ...]:
    """The words of a text in lexical form, one after the other without gaps, filling exactly the duration (ticks)."""
    pairs = [(token, lexical(token)) for token in text.split()]
    words = [word for _, word in pairs if word]
    weights = [len(word) + 2 for word in words]
    total = sum(weights)
    placed: list[Word] = []
    start = done = 0
    for word, weight in zip(words, weights, strict=True):
        done += weight
        end = duration * done // total
        placed.append(Word(word, offset + start, end - start))
        start = end
    return tuple(placed)


async def _speak(scene: Scene, line: Line, raw_id: str, start: float) -> None:
    """A voice, and intermediate results that grow word by word, then the final one when all is said."""
    offset, duration = to_ticks(start), to_ticks(line.seconds)
    words = spoken_words(line.turn.text, offset, duration)
    _sound(scene, line.turn.text, raw_id, offset, duration)
    for count in range(1, len(words)):
        said = words[:count]
        end = said[-1].offset + said[-1].duration
        await scene.clock.sleep_until(end / TICKS_PER_SECOND)
        partial = " ".join(word.text for word in said)
        scene.say(_utterance(line.turn, raw_id, False, partial, offset, end - offset, said))
    await scene.clock.sleep_until((offset + duration) / TICKS_PER_SECOND)
    scene.say(_utterance(line.turn, raw_id, True, line.turn.text, offset, duration, words))


async def _press(scene: Scene, line: Line, raw_id: str, start: float) -> None:
    """One key after the other."""
    keys = line.turn.press or ()
    for number, key in enumerate(keys):
        await scene.clock.sleep_until(start + line.seconds * number / len(keys))
        scene.press(raw_id, (key,))


def _sound(scene: Scene, text: str, raw_id: str, offset: int, duration: int) -> None:
    """In pieces, so that nobody who listens makes the samples of an hour at once."""
    end = offset + duration
    while offset < end:
        piece = min(LONGEST_SOUND, end - offset)
        begins = scene.sound(raw_id, offset, piece, partial(voice, text, piece, raw_id))
        offset, end = begins + piece, end + begins - offset


def _utterance(
    turn: Turn, raw_id: str, final: bool, text: str, offset: int, duration: int, words: tuple[Word, ...]
) -> Utterance:
    return Utterance(raw_id, final, text, offset, duration, turn.confidence, words, turn.locale)
