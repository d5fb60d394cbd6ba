import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.errors import InvalidRequest
from service.negotiation import preferred, wait_of

OFFERED = ["application/json", "text/plain; charset=utf-8"]
JSON, TEXT = OFFERED


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("text/plain", TEXT),
        ("TEXT/PLAIN", TEXT),
        ("text/*", TEXT),
        ("text/plain; charset=utf-8", TEXT),
        ("text/html, */*;q=0.1", JSON),
        ("application/json;q=0.5, text/plain", TEXT),
        ("application/json;q=0.5, text/plain;q=0.4", JSON),
        ("application/json;q=0, */*", TEXT),
        ("text/*;q=0.9, text/plain;q=0.1, application/json;q=0.5", JSON),
        ("text/html", None),
        ("application/json;q=0", None),
        ("application/json;q=much", None),
        (",,;", None),
    ],
)
def test_an_accept_header(accept: str | None, chosen: str | None) -> None:
    """chooses the form it likes best; the first offered where it does not mind."""
    assert preferred(accept, OFFERED) == chosen


@given(st.text(max_size=200))
def test_any_accept_header(accept: str) -> None:
    """chooses an offered form or none."""
    assert preferred(accept, OFFERED) in (*OFFERED, None)


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([], None),
        (["respond-async"], None),
        (["wait=0"], 0),
        (["wait=60"], 60),
        (["respond-async, WAIT = 10"], 10),
        (['wait="10"'], 10),
        (["wait=10; strict"], 10),
        (["respond-async", "wait=7"], 7),
        (["wait=3, wait=9"], 3),
    ],
)
def test_a_wait(lines: list[str], seconds: int | None) -> None:
    """is found among the preferences; the first counts."""
    assert wait_of(lines) == seconds


@pytest.mark.parametrize(
    "line", ["wait", "wait=", "wait=61", "wait=-1", "wait=1.5", "wait=soon", "wait=٣", "wait=10s"]
)
def test_a_wait_that_cannot_be_waited(line: str) -> None:
    """is refused, and the error names the header."""
    with pytest.raises(InvalidRequest) as caught:
        wait_of([line])
    assert caught.value.errors[0].pointer == "header.Prefer"
