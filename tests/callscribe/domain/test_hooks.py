import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain import hooks
from callscribe.domain.changes import Change, ChangeKind
from callscribe.domain.hooks import SCHEDULE_S, PushRefused, next_try_ms, payload, refusal


def a_change(kind: ChangeKind = ChangeKind.SEGMENT) -> Change:
    return Change(
        "call_1", 7, kind, 1_763_618_400_123, msgspec.Raw(b'{"offset":"2516942161212568046","text":"Hi"}')
    )


@pytest.mark.parametrize(
    ("kind", "webhook", "cloud_event"),
    [
        (ChangeKind.SEGMENT, "transcript.segment", "Callscribe.SegmentFinal"),
        (ChangeKind.GAP, "transcript.gap", "Callscribe.TranscriptGap"),
        (ChangeKind.TRANSCRIPTION, "call.transcription", "Callscribe.TranscriptionUpdated"),
        (ChangeKind.CALL, "call.updated", "Callscribe.CallUpdated"),
    ],
)
def test_every_kind_of_change(kind: ChangeKind, webhook: str, cloud_event: str) -> None:
    """Each has its own type in both forms, and its body under its own name beside the call's id."""
    change = a_change(kind)
    assert json.loads(payload(change)) == {
        "type": webhook,
        "timestamp": "2025-11-20T06:00:00.123Z",
        "data": {
            "callId": "call_1",
            "number": 7,
            kind.value: {"offset": "2516942161212568046", "text": "Hi"},
        },
    }
    assert hooks.CLOUD_EVENT_TYPES[kind] == cloud_event


def test_the_same_change_again() -> None:
    """Every try carries the same id, subject and bytes."""
    assert payload(a_change()) == payload(a_change())
    assert hooks.message_id(a_change()) == "call_1_7"
    assert hooks.subject(a_change()) == "calls/call_1"


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_accepted(status: int) -> None:
    """Every 2xx takes a change over."""
    assert refusal(status) is None


@pytest.mark.parametrize(
    ("status", "gone"), [(199, False), (301, False), (404, False), (410, True), (503, False)]
)
def test_refused(status: int, gone: bool) -> None:
    """Everything else is a refusal, redirects included; only 410 asks for no more."""
    refused = refusal(status, accepted=3, retry_after=9.0)
    assert refused is not None
    assert (refused.gone, refused.accepted, refused.retry_after) == (gone, 3, 9.0)
    assert str(refused) == refused.reason == f"it answered {status}"


def test_the_schedule() -> None:
    """Ten tries over three days, as Standard Webhooks recommends, then no more."""
    waits = [next_try_ms(tries, PushRefused("no"), 0.0) for tries in range(1, 11)]
    hours = [3_600_000 * hour for hour in (2, 5, 10, 14, 20, 24)]
    assert waits == [5_000, 300_000, 1_800_000, *hours, None]


def test_gone() -> None:
    """An endpoint that says 410 is not asked again."""
    assert next_try_ms(1, PushRefused("gone", gone=True), 0.0) is None


@pytest.mark.parametrize(("asked", "wait"), [(1.0, 5_000), (60.0, 60_000), (10.0**9, 86_400_000)])
def test_a_longer_wait_is_asked_for(asked: float, wait: int) -> None:
    """Retry-After may lengthen the wait up to a day, never shorten it."""
    assert next_try_ms(1, PushRefused("later", retry_after=asked), 0.0) == wait


@given(tries=st.integers(1, 9), jitter=st.floats(0, 1, exclude_max=True))
def test_jitter(tries: int, jitter: float) -> None:
    """Jitter spreads the tries, and lengthens the wait by a tenth at most."""
    wait = next_try_ms(tries, PushRefused("no"), jitter)
    assert wait is not None
    assert SCHEDULE_S[tries] * 1000 <= wait <= SCHEDULE_S[tries] * 1100
