"""Participants: add, cancel, remove."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from acs_emulator.rest.bodies.identifiers import Identifier, Operation, PhoneNumber


class AddParticipant(Operation):
    participant_to_add: Identifier
    source_caller_id_number: PhoneNumber | None = None
    source_display_name: str | None = None
    invitation_timeout_in_seconds: Annotated[int, Field(ge=0, le=180)] | None = None
    custom_calling_context: dict[str, object] | None = None


class RemoveParticipant(Operation):
    participant_to_remove: Identifier


class CancelAddParticipant(Operation):
    invitation_id: str
