from email.utils import formatdate
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.retry_after import retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("17", 17),
        ("1.5", 1.5),
        ("-3", 0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
def test_seconds(header: str | None, seconds: float | None) -> None:
    """A number of seconds is taken, never less than none; what cannot be read asks for nothing."""
    assert retry_after(header) == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(60, 50, 60), (-60, 0, 0)])
def test_a_date(ahead: int, least: float, most: float) -> None:
    """A time of day is the seconds until then, or none when it has passed."""
    seconds = retry_after(formatdate(time() + ahead, usegmt=True))
    assert seconds is not None
    assert least <= seconds <= most


@given(st.text(max_size=60))
def test_any_text(header: str) -> None:
    """Nothing that a sender writes breaks it."""
    seconds = retry_after(header)
    assert seconds is None or seconds >= 0
