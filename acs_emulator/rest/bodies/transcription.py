"""Transcription: start, update, stop."""

from __future__ import annotations

from acs_emulator.rest.bodies.identifiers import Operation


class StartTranscription(Operation):
    locale: str | None = None
    locales: tuple[str, ...] | None = None
    speech_model_endpoint_id: str | None = None


class UpdateTranscription(Operation):
    locale: str | None = None
    speech_model_endpoint_id: str | None = None


class StopTranscription(Operation):
    pass
