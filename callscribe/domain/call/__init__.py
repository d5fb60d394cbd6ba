"""A call and its life: `advance(call, event, fresh)` gives the next call and what is to be done.

`values` says what a call is, `table` is its life, `evidence` what is known of it, `transcribing` the part of it that transcription takes,
`requests` what operators may ask of it.
"""

from callscribe.domain.call.requests import (
    request_hang_up,
    request_start,
    request_stop,
    request_update_locale,
)
from callscribe.domain.call.table import advance
from callscribe.domain.call.values import (
    AT_ACS,
    ENDED,
    Announce,
    AnnounceFailure,
    Call,
    CallState,
    Direction,
    Fresh,
    Gap,
    GapCause,
    Operation,
    OperationKind,
    Outcome,
    StartMode,
    Step,
    Transcription,
    TranscriptionState,
)

__all__ = [
    "AT_ACS",
    "ENDED",
    "Announce",
    "AnnounceFailure",
    "Call",
    "CallState",
    "Direction",
    "Fresh",
    "Gap",
    "GapCause",
    "Operation",
    "OperationKind",
    "Outcome",
    "StartMode",
    "Step",
    "Transcription",
    "TranscriptionState",
    "advance",
    "request_hang_up",
    "request_start",
    "request_stop",
    "request_update_locale",
]
