"""A call and its life: `advance(call, event, fresh)` gives the next call and what is to be done.

`values` says what a call is, `table` is its life, `evidence` what is known of it, `starting` what a start of transcription
is, `transcribing` what ACS tells of it, `sockets` what we see of it ourselves, `recovery` how it comes back by itself,
`quota` how many an AI resource bears, `requests` what operators may ask.
"""

from callscribe.domain.call.requests import (
    request_hang_up,
    request_start,
    request_stop,
    request_update_locale,
)
from callscribe.domain.call.table import advance, last_sign
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
    GaveUp,
    Missing,
    OpenSocket,
    Operation,
    OperationKind,
    Outcome,
    Recovery,
    Room,
    Rules,
    StartMode,
    Step,
    Transcription,
    TranscriptionState,
    WaitsFor,
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
    "GaveUp",
    "Missing",
    "OpenSocket",
    "Operation",
    "OperationKind",
    "Outcome",
    "Recovery",
    "Room",
    "Rules",
    "StartMode",
    "Step",
    "Transcription",
    "TranscriptionState",
    "WaitsFor",
    "advance",
    "last_sign",
    "request_hang_up",
    "request_start",
    "request_stop",
    "request_update_locale",
]
