"""Participants: add, cancel, remove, mute, move, transfer, hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from acs_emulator.rest.bodies.identifiers import (
    Context,
    CustomCallingContext,
    Identifier,
    Operation,
    PhoneNumber,
)
from acs_emulator.rest.bodies.media import PlaySource
from acs_emulator.wire import Body

_Identifiers = Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=350)]


class AddParticipant(Operation):
    participant_to_add: Identifier
    source_caller_id_number: PhoneNumber | None = None
    source_display_name: str | None = None
    invitation_timeout_in_seconds: Annotated[int, Field(ge=0, le=180)] | None = None
    custom_calling_context: CustomCallingContext | None = None


class RemoveParticipant(Operation):
    participant_to_remove: Identifier


class CancelAddParticipant(Operation):
    invitation_id: Annotated[str, Field(min_length=1)]


class MuteParticipants(Body):
    target_participants: _Identifiers
    operation_context: Context | None = None


class MoveParticipants(Operation):
    target_participants: _Identifiers
    from_call: Annotated[str, Field(min_length=1)]


class TransferToParticipant(Operation):
    target_participant: Identifier
    transferee: Identifier | None = None
    custom_calling_context: CustomCallingContext | None = None
    source_caller_id_number: PhoneNumber | None = None


class Hold(Operation):
    target_participant: Identifier
    play_source_info: PlaySource | None = None


class Unhold(Operation):
    target_participant: Identifier
