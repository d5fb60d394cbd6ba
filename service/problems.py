"""Every error as an RFC 9457 problem: our own tree, the framework's refusals, and what nobody foresaw."""

import math
from collections.abc import Iterable, Sequence

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from callscribe.domain.errors import (
    BodyTooLarge,
    CallscribeError,
    Failure,
    FieldError,
    Internal,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    RequestError,
    Unauthorized,
    UnsupportedMediaType,
    by_code,
    describe,
    problem_type,
)

MEDIA_TYPE = "application/problem+json"
_POINTER_LENGTH = 200
_MOST_ERRORS = 50
_BY_STATUS: dict[int, type[CallscribeError]] = {
    400: MalformedBody,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
}


class FieldProblem(msgspec.Struct, frozen=True, rename="camel"):
    """What is wrong with one part of a request."""

    pointer: str
    """A JSON Pointer (RFC 6901) into the body, or `query.…`, `header.…`, `path.…` for a parameter."""
    detail: str


class Problem(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A problem as RFC 9457 describes it; `code` and `type` are stable, see GET /v1/errors."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    """Whether the same request may succeed later although nobody changed anything."""
    cause: str
    remedy: str
    fixer: str
    """Who can remove the cause: `caller`, `operator`, `azure-admin`, `microsoft` or `nobody`."""
    errors: tuple[FieldProblem, ...] = ()
    acs_code: int | None = None
    sub_code: int | None = None
    message: str | None = None
    """ACS's own words."""
    transcription_status_details: str | None = None
    request_id: str | None = None


def problem_of(error: CallscribeError, request_id: str | None = None) -> Response:
    """The answer to a request that met this error."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return _response(describe(error), error.status, request_id, error.errors, headers)


def problem_of_failure(failure: Failure, request_id: str | None = None) -> Response:
    """The same for an error that was kept, such as the one with which an operation ended."""
    kind = by_code(failure.code) or Internal
    return _response(failure, kind.status, request_id)


def _response(
    failure: Failure,
    status: int,
    request_id: str | None,
    errors: Iterable[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    problem = Problem(
        type=problem_type(failure.code),
        title=failure.title,
        status=status,
        detail=failure.detail,
        code=failure.code,
        retryable=failure.retryable,
        cause=failure.cause,
        remedy=failure.remedy,
        fixer=failure.fixer,
        errors=tuple(FieldProblem(error.pointer, error.detail) for error in errors),
        acs_code=failure.acs_code,
        sub_code=failure.sub_code,
        message=failure.message,
        transcription_status_details=failure.status_details,
        request_id=request_id,
    )
    return Response(msgspec.json.encode(problem), status, headers, MEDIA_TYPE)


def refusal(details: Iterable[ErrorDetails]) -> RequestError:
    """The error that pydantic's findings mean; holds no value of the request.

    Our own validators name the class of the tree by its code; it is raised where all findings agree on it.
    """
    found = list(details)
    if any(one["type"] == "json_invalid" for one in found):
        return MalformedBody("the body is not valid JSON")
    errors = tuple(FieldError(_pointer(one["loc"]), _detail(one)) for one in found[:_MOST_ERRORS])
    named = {by_code(one["type"]) for one in found}
    kind = named.pop() if len(named) == 1 else None
    if kind is not None and issubclass(kind, RequestError):
        return kind(errors[0].detail, errors=errors)
    parts = "1 part" if len(found) == 1 else f"{len(found)} parts"
    return InvalidRequest(
        f"{parts} of the request break{'s' if len(found) == 1 else ''} the rules", errors=errors
    )


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON Pointer into the body, or `query.limit` for a parameter."""
    if location and location[0] in ("query", "header", "path"):
        return ".".join(str(part) for part in location)[:_POINTER_LENGTH]
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in location]
    return "".join(f"/{part}" for part in parts)[:_POINTER_LENGTH]


def _detail(found: ErrorDetails) -> str:
    return found["msg"][:1].lower() + found["msg"][1:]


def answer_problems(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Let the application, which has these routes, answer every refusal with a problem."""

    async def of_our_tree(request: Request, error: Exception) -> Response:
        assert isinstance(error, CallscribeError)
        return problem_of(error, request_id(request))

    async def of_parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_of(refusal(error.errors()), request_id(request))

    async def of_framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = problem_of(_BY_STATUS.get(error.status_code, Internal)(), request_id(request))
        if error.status_code == MethodNotAllowed.status:
            answer.headers["Allow"] = ", ".join(sorted(_methods(routes, request)))
        return answer

    app.add_exception_handler(CallscribeError, of_our_tree)
    app.add_exception_handler(RequestValidationError, of_parameters)
    app.add_exception_handler(HTTPException, of_framework)


def request_id(request: Request) -> str | None:
    """The id under which the request is logged."""
    found: str | None = request.scope.get("state", {}).get("request_id")
    return found


def _methods(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """The methods that the request's path offers, by all routes that share it; the framework names the first's."""
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
