"""DTMF: continuous recognition, sending."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from acs_emulator.media.tones import Tone
from acs_emulator.rest.bodies.identifiers import Identifier, Operation

MOST_TONES = 18
"""At a time; the how-to on mid-call media actions."""


class ContinuousDtmfRecognition(Operation):
    target_participant: Identifier


class SendDtmfTones(Operation):
    tones: Annotated[tuple[Tone, ...], Field(min_length=1, max_length=MOST_TONES)]
    target_participant: Identifier
