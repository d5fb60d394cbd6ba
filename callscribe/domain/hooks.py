"""Changes as they are pushed onwards, and when a refused one is tried again.

Webhooks follow Standard Webhooks 1.0.0 (standardwebhooks.com): `{type, timestamp, data}`, an id that stays the same
over all tries, and a schedule of tries that ends after about three days.
"""

import msgspec

from callscribe.domain.changes import Change, ChangeKind
from callscribe.domain.timeline import rfc3339

WEBHOOK_TYPES = {
    ChangeKind.SEGMENT: "transcript.segment",
    ChangeKind.GAP: "transcript.gap",
    ChangeKind.TRANSCRIPTION: "call.transcription",
    ChangeKind.CALL: "call.updated",
}
CLOUD_EVENT_TYPES = {
    ChangeKind.SEGMENT: "Callscribe.SegmentFinal",
    ChangeKind.GAP: "Callscribe.TranscriptGap",
    ChangeKind.TRANSCRIPTION: "Callscribe.TranscriptionUpdated",
    ChangeKind.CALL: "Callscribe.CallUpdated",
}

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
SCHEDULE_S = (
    0,
    5,
    5 * _MINUTE_S,
    30 * _MINUTE_S,
    2 * _HOUR_S,
    5 * _HOUR_S,
    10 * _HOUR_S,
    14 * _HOUR_S,
    20 * _HOUR_S,
    24 * _HOUR_S,
)
"""Seconds before the first try, the second, and so on; after the last one a change is given up."""
_LONGEST_WAIT_S = SCHEDULE_S[-1]
_JITTER = 0.1


class PushRefused(Exception):
    """A sink did not accept a change; the message says why, without the change's words or the sink's address."""

    def __init__(
        self,
        reason: str,
        *,
        accepted: int | None = None,
        gone: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """`accepted` is the number of the last change that was accepted before; `retry_after` is in seconds."""
        super().__init__(reason)
        self.reason = reason
        self.accepted = accepted
        self.gone = gone
        self.retry_after = retry_after


def refusal(
    status: int, *, accepted: int | None = None, retry_after: float | None = None
) -> PushRefused | None:
    """What an HTTP status means for a push: None for 2xx. A redirect is a refusal; 410 asks for no more."""
    if 200 <= status < 300:
        return None
    return PushRefused(
        f"it answered {status}", accepted=accepted, gone=status == 410, retry_after=retry_after
    )


def next_try_ms(tries: int, refused: PushRefused, jitter: float) -> int | None:
    """Milliseconds until the next try after `tries` failed ones; None gives the change up.

    `jitter` is in [0, 1) and lengthens the wait by up to a tenth. A sink may ask for a longer wait with Retry-After,
    up to a day.
    """
    if refused.gone or tries >= len(SCHEDULE_S):
        return None
    asked = min(refused.retry_after or 0.0, _LONGEST_WAIT_S)
    return round(max(SCHEDULE_S[tries], asked) * (1 + _JITTER * jitter) * 1000)


def message_id(change: Change) -> str:
    """The same on every try and in every sink, so that a receiver can tell a repetition."""
    return f"{change.call_id}_{change.number}"


def subject(change: Change) -> str:
    """What a CloudEvent is about: the path of the call."""
    return f"calls/{change.call_id}"


def data(change: Change) -> dict[str, str | int | msgspec.Raw]:
    """The call, the change's number, and what changed, in the same public JSON that readers get."""
    return {"callId": change.call_id, "number": change.number, change.kind.value: change.body}


def payload(change: Change) -> bytes:
    """The body of a webhook; the same bytes on every try."""
    return msgspec.json.encode(
        {"type": WEBHOOK_TYPES[change.kind], "timestamp": rfc3339(change.at), "data": data(change)}
    )
