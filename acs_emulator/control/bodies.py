"""Request bodies of the control plane."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from acs_emulator.eventgrid import AdvancedFilter, Schema
from acs_emulator.media.tones import Keys
from acs_emulator.people.dialogue import Dialogue, Seconds, Turn
from acs_emulator.recorder.lines import Line
from acs_emulator.recorder.tape import MAX_LINES
from acs_emulator.rest.bodies.identifiers import CallbackUri, CustomCallingContext
from acs_emulator.wire import StrictBody

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FIELD = re.compile(r"[\x20-\x7e\t]*")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})


def _path(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("no file is named so")
    return path


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS or not _FIELD.fullmatch(value):
            raise ValueError(f"no header of a delivery can be {name!r}: {value!r}")
    return headers


File = Annotated[Path, AfterValidator(_path)]
RawId = Annotated[str, Field(min_length=1, max_length=500)]


class Recording(StrictBody):
    """One speaker's WAV file."""

    path: File
    at: Seconds = 0.0
    """Seconds after the beginning."""


class DialIn(StrictBody):
    """Somebody dials in, or comes into a room or group call."""

    from_: Annotated[RawId, Field(alias="from")] = "+15551230001"
    """A phone number or a raw id."""
    to: RawId = "+15559870000"
    display_name: str = ""
    room_id: str | None = None
    group_id: str | None = None
    dialogue: Dialogue | None = None
    dialogue_path: File | None = None
    audio: File | Annotated[dict[str, File | Recording], Field(min_length=1)] | None = None
    """A WAV file whose channels are caller, agent, agent2, …; or a file per speaker."""
    hang_up: bool | None = None
    """Overrides the dialogue's `hangUp`; true for audio."""
    wait_for_transcription: bool | None = None
    """Overrides the dialogue's `waitForTranscription`; true for audio."""
    legacy_offsets: bool = False
    """Packets without durations and with offsets of about 2.5e18."""
    custom_context: CustomCallingContext | None = None
    pstn: bool | None = None
    """Whether `from` is a phone number; only to be checked against it."""

    @model_validator(mode="after")
    def _one_way_to_speak(self) -> Self:
        if sum(one is not None for one in (self.dialogue, self.dialogue_path, self.audio)) > 1:
            raise ValueError("give one of dialogue, dialoguePath and audio")
        if self.room_id and self.group_id:
            raise ValueError("give one of roomId and groupId")
        if self.pstn is not None and self.pstn != self.from_.startswith(("+", "4:")):
            raise ValueError("pstn says otherwise than from: a PSTN caller is a number such as +15551230001")
        return self


class Say(Turn):
    """One turn, said now."""


class Press(StrictBody):
    """Somebody presses keys now, all at once; keys are heard from a muted line too."""

    speaker: str = "caller"
    tones: Keys
    """Keys such as `12#`, or their names."""


class Silence(StrictBody):
    """Somebody says nothing more that could be heard, or can be heard again."""

    speaker: str = "caller"
    silent: bool = True


class Join(StrictBody):
    raw_id: RawId


class HangUp(StrictBody):
    speaker: str = "caller"
    how: Literal["hang-up", "drop"] = "hang-up"
    """A drop is the loss of the connection: the call ends with 410/301005."""
    everyone: bool | None = None
    """Whether the others hang up too; by default when the caller does."""


class SetClock(StrictBody):
    """First the speed is set, then the clock is held or released, then stepped."""

    speed: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Emulated seconds per real second."""
    held: bool | None = None
    """Whether time stands still."""
    step: Annotated[float, Field(ge=0, le=604_800)] | None = None
    """Emulated seconds to move on, after which the clock is held."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.speed is None and self.held is None and self.step is None:
            raise ValueError("give speed, held or step")
        if self.step is not None and self.held is False:
            raise ValueError("a clock that is stepped is held")
        return self


class Seed(StrictBody):
    seed: int | None


class Switch(StrictBody):
    on: bool


class Replay(StrictBody):
    """A recording, and where it goes."""

    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES)]
    urls: dict[str, str] = Field(default_factory=dict)
    """What becomes of the beginning of a URL, such as `{"https://app.example": "http://127.0.0.1:8080"}`."""


class NewSubscription(StrictBody):
    url: CallbackUri
    schema_: Annotated[Schema, Field(alias="schema")] = "EventGridSchema"
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(default_factory=dict)
    event_types: tuple[str, ...] = ()
    """Whole types, such as `Microsoft.Communication.IncomingCall`; all by default."""
    subject_begins_with: str = ""
    subject_ends_with: str = ""
    advanced_filters: Annotated[tuple[AdvancedFilter, ...], Field(max_length=25)] = ()
    dead_letter_path: File | None = None
    """A file that takes what cannot be delivered, one JSON object per line; none by default."""
    time_to_live_seconds: Annotated[float, Field(gt=0)] = 86_400
    max_delivery_attempts: Annotated[int, Field(ge=1, le=30)] = 30
