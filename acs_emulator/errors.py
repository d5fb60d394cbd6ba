"""What the emulator refuses."""

from __future__ import annotations


class Refused(Exception):
    """A request that ACS answers with an error; rendered in Azure's error shape."""

    def __init__(self, status: int, code: str, message: str, *, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target


def call_not_found() -> Refused:
    """As captured: the code is a string of digits."""
    return Refused(404, "8522", "Call not found.")


def participant_not_found() -> Refused:
    """Nobody of that name is in the call."""
    return Refused(404, "8522", "Participant not found.")


class ControlRefused(Exception):
    """A request to the control plane that cannot be done; rendered as an RFC 9457 problem."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
