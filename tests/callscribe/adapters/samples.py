"""Calls, streams and segments for tests of the adapters."""

from typing import Any

from callscribe.domain.call import Call, CallState, Direction, Transcription
from callscribe.domain.transcript import Segment, Stream, Word

NOW = 1_790_000_000_000


class SetClock:
    """A clock that is set by hand."""

    def __init__(self, now: int = NOW) -> None:
        self.time = now

    def now(self) -> int:
        return self.time


def a_call(number: int = 1, **fields: Any) -> Call:
    plain: dict[str, Any] = {
        "id": f"call_{number}",
        "key": f"key-{number}",
        "direction": Direction.INCOMING,
        "state": CallState.CONNECTED,
        "created_at": NOW + number,
        "transcription": Transcription(locale="en-US"),
    }
    return Call(**plain | fields)


def a_stream(stream_id: str = "stream_1", **fields: Any) -> Stream:
    plain: dict[str, Any] = {
        "id": stream_id,
        "subscription_id": "subscription",
        "locale": "en-US",
        "model": None,
        "incarnation": 0,
        "started_at": NOW,
    }
    return Stream(**plain | fields)


def a_segment(number: int = 1, **fields: Any) -> Segment:
    offset = fields.get("offset", number * 10_000_000)
    plain: dict[str, Any] = {
        "id": f"segment_{number}",
        "stream_id": "stream_1",
        "participant": "4:+4930123456",
        "text": f"Sentence {number}.",
        "offset": offset,
        "duration": 9_600_000,
        "confidence": 0.92265093326568,
        "locale": None,
        "words": (Word("sentence", offset, 5_000_000, 0.9), Word(str(number), offset + 5_000_000)),
        "sentiment": None,
        "received_at": NOW + number,
    }
    return Segment(**plain | fields)
