"""Request bodies of the control plane."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from acs_emulator.dialogue import Dialogue, Seconds, Turn
from acs_emulator.eventgrid import Schema
from acs_emulator.wire import StrictBody

RawId = Annotated[str, Field(min_length=1, max_length=500)]


class Recording(StrictBody):
    """One speaker's WAV file."""

    path: Path
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
    dialogue_path: Path | None = None
    audio: Path | dict[str, Path | Recording] | None = None
    """A WAV file whose channels are caller, agent, agent2, …; or a file per speaker."""
    hang_up: bool | None = None
    """Overrides the dialogue's `hangUp`; true for audio."""
    wait_for_transcription: bool | None = None
    """Overrides the dialogue's `waitForTranscription`; true for audio."""
    legacy_offsets: bool = False
    """Packets without durations and with offsets of about 2.5e18."""
    custom_context: dict[str, object] | None = None
    pstn: bool | None = None
    """Whether `from` is a phone number; only to be checked against it."""

    @model_validator(mode="after")
    def _one_way_to_speak(self) -> Self:
        if sum(one is not None for one in (self.dialogue, self.dialogue_path, self.audio)) > 1:
            raise ValueError("give one of dialogue, dialoguePath and audio")
        if self.pstn is not None and self.pstn != self.from_.startswith(("+", "4:")):
            raise ValueError("pstn says otherwise than from: a PSTN caller is a number such as +15551230001")
        return self


class Say(Turn):
    """One turn, said now."""


class Join(StrictBody):
    raw_id: RawId


class HangUp(StrictBody):
    speaker: str = "caller"
    everyone: bool | None = None
    """Whether the others hang up too; by default when the caller does."""


class Speed(StrictBody):
    speed: Annotated[float, Field(gt=0, le=1000)]


class NewSubscription(StrictBody):
    url: Annotated[str, Field(pattern=r"^https?://")]
    schema_: Annotated[Schema, Field(alias="schema")] = "EventGridSchema"
    headers: dict[str, str] = Field(default_factory=dict)
    event_types: tuple[str, ...] = ()
    time_to_live_seconds: Annotated[float, Field(gt=0)] = 86_400
    max_delivery_attempts: Annotated[int, Field(ge=1, le=30)] = 30
