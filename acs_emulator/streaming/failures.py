"""The ways in which media streaming fails.

Only the first row is documented and seen: the pair in a log (python-quickstarts issue 60), the details in a project's
notes on it. The other rows are guesses by analogy with those of transcription.
"""

from __future__ import annotations

from acs_emulator.transcription.failures import STREAM_URL, Failure, of_state

NOT_DIALLED = Failure(
    STREAM_URL.code, STREAM_URL.sub_code, STREAM_URL.message, "initialWebSocketConnectionFailed"
)
URL_MISSING = STREAM_URL
URL_NOT_SET = Failure(405, 8522, "Request not allowed when media streaming url not set during call setup.")

__all__ = [
    "NOT_DIALLED",
    "URL_MISSING",
    "URL_NOT_SET",
    "Failure",
    "of_state",
]
