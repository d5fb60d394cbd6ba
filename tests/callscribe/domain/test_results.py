"""callscribe.domain.results."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.results import Diagnostic, Result, explain


@pytest.mark.parametrize(
    ("code", "sub_code", "reason", "normal"),
    [
        (0, 0, "hung-up", True),
        (200, 0, "hung-up", True),
        (487, 0, "caller-cancelled", True),
        (603, 0, "declined", True),
        (0, 4097, "ended-by-organizer", True),
        (495, 4507, "bad-token", False),
        (0, 5000, "removed", True),
        (0, 5300, "removed", True),
        (200, 5001, "conversation-ended", True),
        (0, 5003, "ended-by-service", True),
        (200, 7000, "ended-by-platform", True),
        (487, 10003, "accepted-elsewhere", True),
        (487, 10004, "not-answered", True),
        (487, 10024, "declined-everywhere", True),
        (410, 301005, "media-lost", False),
        (403, 510403, "blocked-as-spam", False),
        (487, 540487, "caller-cancelled", True),
        (200, 540000, "pstn-ended", True),
        (0, 560000, "pstn-ended", True),
        (486, 560486, "busy", True),
        (404, 560404, "number-not-found", False),
        (480, 560480, "unavailable", True),
        (503, 540503, "pstn-unavailable", False),
        (513, 560513, "pstn-failed", False),
    ],
)
def test_documented_end(code: int, sub_code: int, reason: str, normal: bool) -> None:
    """Each pair that is documented or captured has its reason, and says whether anything failed."""
    end = explain(code, sub_code)
    assert (end.reason, end.normal) == (reason, normal)


def test_unlisted_sip_status_is_told() -> None:
    """A status of the telephone network without an entry of its own is in the text."""
    assert explain(513, 560513).text == "The telephone network answered SIP 513."


@pytest.mark.parametrize(
    ("code", "sub_code"), [(500, 1), (603, 7000), (200, 540123), (486, 560799), (200, 600000)]
)
def test_undocumented_pair_keeps_its_numbers(code: int, sub_code: int) -> None:
    """A pair that says nothing known is shown as it came."""
    end = explain(code, sub_code)
    assert end.reason == "unknown"
    assert f"{code}/{sub_code}" in end.text
    assert not end.normal


@given(st.integers(), st.integers())
def test_any_pair_is_explained(code: int, sub_code: int) -> None:
    """Every pair has a reason and one sentence."""
    end = explain(code, sub_code)
    assert end.reason
    assert end.text.endswith(".")


def test_result_survives_json() -> None:
    """A result with the telephone network's own codes can be stored."""
    result = Result(486, 560486, "Busy.", Diagnostic(486, "Busy Here"), Diagnostic(17))
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result
