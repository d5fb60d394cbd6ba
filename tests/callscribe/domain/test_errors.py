"""callscribe.domain.errors and its page."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain import errors
from callscribe.domain.errors import (
    BRANCHES,
    AcsError,
    AcsPreconditionFailed,
    CallEnded,
    CallNotFound,
    CallscribeError,
    DatabaseNotMigrated,
    Failure,
    FieldError,
    Fixer,
    InvalidRequest,
    MalformedEvent,
    NotFound,
    ShuttingDown,
    SpeechTimeout,
    StoreUnavailable,
    TranscriptionFailed,
    TranscriptNotOurs,
    UnknownTranscriptionFailure,
    acs_http_error,
    by_code,
    catalogue,
    describe,
    members,
    problem_type,
    transcription_failure,
)
from callscribe.domain.errors_page import errors_page

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
DOCUMENTED = json.loads((GOLDEN / "acs" / "transcription_failures.json").read_text())
ROWS = DOCUMENTED["rows"] + DOCUMENTED["alternates"]
CASES = [
    case
    for name in ("documented", "reworded", "status_details")
    for case in json.loads((GOLDEN / "failures" / f"{name}.json").read_text())["cases"]
]
REST = [json.loads(line) for line in (GOLDEN / "acs" / "rest_pairs.jsonl").read_text().splitlines()]


def tree(parent: type[CallscribeError] = CallscribeError) -> list[type[CallscribeError]]:
    return [parent, *(found for child in parent.__subclasses__() for found in tree(child))]


def failed(case: dict[str, Any]) -> TranscriptionFailed:
    return transcription_failure(case["code"], case["subCode"], case["message"], case.get("statusDetails"))


@pytest.mark.parametrize("error", catalogue(), ids=lambda error: error.code)
def test_class_of_the_catalogue(error: type[CallscribeError]) -> None:
    """Every class tells in whole sentences what it means, why it happens, what to do and who can do it."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert 400 <= error.status <= 504
    assert isinstance(error.retryable, bool)
    assert isinstance(error.fixer, Fixer)
    assert error.__doc__
    assert error.title
    assert not error.title.endswith(".")
    assert error.cause.endswith(".")
    assert error.remedy.endswith(".")


def test_catalogue_is_the_whole_tree() -> None:
    """The catalogue holds each class with a code once, ordered by code; classes without one only have children."""
    ours = [error for error in tree() if error.__module__.startswith("callscribe.")]
    raisable = [error for error in ours if "code" in vars(error)]
    assert set(catalogue()) == set(raisable)
    codes = [error.code for error in catalogue()]
    assert codes == sorted(set(codes))
    assert all(error.__subclasses__() for error in ours if error not in raisable)


def test_branches_share_no_class() -> None:
    """Each class of the catalogue belongs to exactly one branch."""
    assert sorted(error.code for branch in BRANCHES for error in members(branch)) == [
        error.code for error in catalogue()
    ]


def test_public_face_is_complete() -> None:
    """Every class of the tree can be imported from callscribe.domain.errors."""
    ours = {error.__name__ for error in tree() if error.__module__.startswith("callscribe.")}
    assert ours <= set(errors.__all__)


def test_lookup_by_code() -> None:
    """A code gives its class; another text gives nothing."""
    assert by_code("call-not-found") is CallNotFound
    assert by_code("no-such-error") is None


def test_problem_type_refers_to_the_catalogue() -> None:
    """The problem type of an error is the path of its page."""
    assert problem_type(CallEnded.code) == "/v1/errors/call-ended"


def test_error_without_detail_says_its_title() -> None:
    """An error always says something, and carries no facts it was not given."""
    error = CallEnded()
    assert str(error) == error.detail == "The call has ended"
    assert error.retry_after is None
    assert error.errors == ()


def test_error_carries_its_facts() -> None:
    """Detail, seconds to wait and the faults of single fields are kept."""
    fault = FieldError("/targets/0", "not a phone number")
    error = InvalidRequest("one field is wrong", errors=(fault,))
    assert str(error) == error.detail == "one field is wrong"
    assert error.errors == (fault,)
    assert ShuttingDown(retry_after=1.5).retry_after == 1.5


def test_malformed_event_tells_its_reason() -> None:
    """What was expected is its reason."""
    assert MalformedEvent("a string was expected").reason == "a string was expected"


def test_special_not_found_is_a_not_found() -> None:
    """Whoever catches NotFound catches every kind of it."""
    assert issubclass(CallNotFound, NotFound)
    assert CallNotFound.status == 404


def test_foreign_call_names_the_two_ways_in() -> None:
    """Whoever asks for a transcript that is not ours learns of `expect` and `connect`."""
    assert "`expect`" in TranscriptNotOurs.remedy
    assert "`connect`" in TranscriptNotOurs.remedy


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_transcription_failure(case: dict[str, Any]) -> None:
    """Pair, message and status details choose the class, and all of them are kept."""
    error = failed(case)
    assert error.code == case["expect"]
    assert (error.acs_code, error.sub_code) == (case["code"], case["subCode"])
    assert (error.message, error.status_details) == (case["message"], case.get("statusDetails"))
    assert case["message"] in error.detail
    assert error.retryable is case.get("retryable", error.retryable)


def test_every_documented_row_has_its_own_class() -> None:
    """No two rows share a class, and each class holds its row's numbers and message."""
    found = {}
    for row in ROWS:
        chosen = type(failed(row))
        assert (chosen.acs_code, chosen.sub_code) == (row["code"], row["subCode"])
        assert chosen.wordings[0] == row["message"]
        found[chosen] = row
    assert len(found) == len(ROWS) == 21


def test_retryable_failures() -> None:
    """Only what may pass by itself is retryable."""
    retryable = {row["message"] for row in ROWS if failed(row).retryable}
    pairs = {(row["code"], row["subCode"]) for row in ROWS if row["message"] in retryable}
    assert pairs == {
        (400, 8581),
        (400, 8565),
        (429, 8565),
        (500, 8578),
        (500, 8579),
        (500, 8580),
        (500, 9999),
    }
    assert [type(failed(row)) for row in ROWS if (row["code"], row["subCode"]) == (400, 8565)][
        1
    ] is SpeechTimeout
    assert len(retryable) == 8
    assert not UnknownTranscriptionFailure.retryable


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["message"])
def test_reworded_row_gives_the_class_of_its_pair(row: dict[str, Any]) -> None:
    """A message in new words is still the kind of failure that the pair tells."""
    parent = type(transcription_failure(row["code"], row["subCode"], "in words never seen before"))
    assert issubclass(type(failed(row)), parent)
    assert parent.__mro__[1] is TranscriptionFailed


@given(st.integers(), st.integers(), st.text(max_size=200), st.none() | st.text(max_size=50))
def test_any_failure_keeps_what_came(code: int, sub_code: int, message: str, details: str | None) -> None:
    """Whatever ACS tells becomes a typed failure that can be stored and says all of it."""
    error = transcription_failure(code, sub_code, message, details)
    kept = describe(error)
    assert (kept.acs_code, kept.sub_code) == (code, sub_code)
    assert (kept.message, kept.status_details) == (message, details)
    assert str(error)


@pytest.mark.parametrize(
    ("status", "code", "expect", "answer"),
    [
        (401, None, "acs-unauthorized", 502),
        (403, "Forbidden", "acs-forbidden", 502),
        (404, "8522", "acs-call-not-found", 404),
        (404, None, "acs-not-found", 404),
        (404, "8523", "acs-not-found", 404),
        (409, "8522", "acs-conflict", 409),
        (412, None, "acs-precondition-failed", 409),
        (429, None, "acs-throttled", 503),
        (400, "8500", "acs-bad-request", 502),
        (405, "8520", "acs-bad-request", 502),
        (499, None, "acs-bad-request", 502),
        (500, None, "acs-unavailable", 502),
        (503, None, "acs-unavailable", 502),
        (302, None, "acs-unavailable", 502),
        (None, None, "acs-no-answer", 504),
    ],
)
def test_answer_of_acs(status: int | None, code: str | None, expect: str, answer: int) -> None:
    """Each status of ACS has its class, and our own status says who is at fault."""
    error = acs_http_error(status, code, "words of ACS")
    assert (error.code, error.status) == (expect, answer)
    assert (error.http_status, error.error_code, error.message) == (status, code, "words of ACS")
    assert "words of ACS" in error.detail
    assert (f"ACS answered {status}" in error.detail) is (status is not None)


def test_throttled_request_says_how_long_to_wait() -> None:
    """ACS's Retry-After is kept."""
    assert acs_http_error(429, None, "slow down", 7.0).retry_after == 7.0


def test_answer_without_words() -> None:
    """An empty answer still says what it means."""
    assert acs_http_error(503, None, "").detail == "ACS answered 503: ACS is unavailable"
    assert acs_http_error(None, None, "").detail == "ACS does not answer"


def test_fault_found_without_an_answer() -> None:
    """Where ACS was not asked, or what it said cannot be read, nothing is made up about its answer."""
    assert AcsPreconditionFailed(None, None, "the call has no callConnectionId yet").detail == (
        "the call has no callConnectionId yet"
    )


def test_database_that_was_never_migrated() -> None:
    """It is an unavailable store to all that hold or try again, and its remedy is the command that mends it."""
    assert issubclass(DatabaseNotMigrated, StoreUnavailable)
    assert DatabaseNotMigrated.status == 503
    assert "`python -m service migrate`" in DatabaseNotMigrated.remedy


@pytest.mark.parametrize(
    "pair", [pair for pair in REST if pair["status"] >= 400], ids=lambda pair: pair["operation"]
)
def test_captured_refusal(pair: dict[str, Any]) -> None:
    """What the real service refuses, with or without a body, is told as gone or as a matter of credentials."""
    fault = (pair["response"] or {}).get("error", {})
    error = acs_http_error(pair["status"], fault.get("code"), fault.get("message", ""))
    expect = {
        (404, "8522"): "acs-call-not-found",
        (404, None): "acs-not-found",
        (401, None): "acs-unauthorized",
    }
    assert error.code == expect[pair["status"], error.error_code]


def test_description_of_a_transcription_failure() -> None:
    """What is kept of it holds ACS's numbers and words, and survives JSON."""
    kept = describe(transcription_failure(401, 8565, "No.", "authenticationFailure"))
    assert kept == Failure(
        code="speech-unauthorized",
        title="The AI service does not accept ACS's identity",
        detail="ACS reported 401/8565 (authenticationFailure): No.",
        retryable=False,
        fixer=Fixer.AZURE_ADMIN,
        cause="The ACS resource's managed identity has no role on the AI service.",
        remedy="Give the ACS resource's managed identity the role Cognitive Services User on the AI service.",
        acs_code=401,
        sub_code=8565,
        message="No.",
        status_details="authenticationFailure",
    )
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Failure) == kept


def test_description_of_an_answer_of_acs() -> None:
    """ACS's words are kept; the numbers of an event stay empty."""
    error = acs_http_error(404, "8522", "Call not found.")
    assert isinstance(error, AcsError)
    kept = describe(error)
    assert (kept.code, kept.message, kept.acs_code) == ("acs-call-not-found", "Call not found.", None)


def test_description_of_an_error_of_our_own() -> None:
    """An error that did not come from ACS has none of its facts."""
    kept = describe(CallEnded("It ended at noon."))
    assert (kept.code, kept.detail, kept.message) == ("call-ended", "It ended at noon.", None)


def test_page_is_up_to_date() -> None:
    """docs/errors.md is what the tree says."""
    written = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == errors_page(), "docs/errors.md is out of date: run `make docs` and commit the result"


def test_page_tells_everything() -> None:
    """The page has one linked section a class, and every documented message."""
    page = errors_page()
    for error in catalogue():
        assert page.count(f"\n### {error.code}\n") == 1
        assert f"(#{error.code})" in page
    for row in ROWS:
        assert f"- ACS message: {row['message']}\n" in page
