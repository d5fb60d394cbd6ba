"""The catalogue: every error that can be raised, and the form in which one is kept."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from callscribe.domain.errors.acs import AcsError
from callscribe.domain.errors.calls import CallConflict
from callscribe.domain.errors.requests import RequestError
from callscribe.domain.errors.runtime import ServiceError
from callscribe.domain.errors.transcription import TranscriptionFailed
from callscribe.domain.errors.tree import CallscribeError, Fixer

BRANCHES: dict[type[CallscribeError], str] = {
    RequestError: "Requests",
    CallConflict: "State of a call",
    ServiceError: "This service",
    AcsError: "Answers of ACS",
    TranscriptionFailed: "Transcription failures reported by ACS",
}
"""The branches of the tree, with their titles."""


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error as it is kept on a call and shown to readers; ACS's facts where ACS reported it."""

    code: str
    title: str
    detail: str
    retryable: bool
    fixer: Fixer
    cause: str
    remedy: str
    acs_code: int | None = None
    sub_code: int | None = None
    message: str | None = None
    status_details: str | None = None


def describe(error: CallscribeError) -> Failure:
    """What is kept of an error."""
    failure = Failure(
        code=error.code,
        title=error.title,
        detail=error.detail,
        retryable=error.retryable,
        fixer=error.fixer,
        cause=error.cause,
        remedy=error.remedy,
    )
    if isinstance(error, TranscriptionFailed):
        return replace(
            failure,
            acs_code=error.acs_code,
            sub_code=error.sub_code,
            message=error.message,
            status_details=error.status_details,
        )
    return replace(failure, message=error.message) if isinstance(error, AcsError) else failure


def problem_type(code: str) -> str:
    """The `type` of an RFC 9457 problem: a reference to the error's page in the catalogue."""
    return f"/v1/errors/{code}"


def members(branch: type[CallscribeError]) -> Iterator[type[CallscribeError]]:
    """The classes below a branch that can be raised, each parent before its children."""
    for child in branch.__subclasses__():
        if "code" in vars(child):
            yield child
        yield from members(child)


_BY_CODE = {
    error.code: error
    for error in sorted(
        (error for branch in BRANCHES for error in members(branch)), key=lambda error: error.code
    )
}


def catalogue() -> tuple[type[CallscribeError], ...]:
    """Every class that can be raised, once, ordered by code."""
    return tuple(_BY_CODE.values())


def by_code(code: str) -> type[CallscribeError] | None:
    """The class with this code, or None."""
    return _BY_CODE.get(code)
