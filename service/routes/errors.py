"""The catalogue of errors; public, since every problem's `type` leads here."""

import inspect
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from callscribe.domain.errors import (
    CallscribeError,
    ErrorCodeNotFound,
    TranscriptionFailed,
    by_code,
    catalogue,
    problem_type,
)
from service import examples
from service.answers import ErrorList, ErrorView, as_json
from service.openapi import described, json_of

router = APIRouter(prefix="/v1/errors", tags=["errors"])


@router.get(
    "",
    operation_id="listErrors",
    summary="List every error that can be answered",
    **described({200: ("The catalogue.", json_of(ErrorList, examples.ERRORS))}, guarded=False),
)
async def list_errors() -> Response:
    """One item a class, ordered by code."""
    return as_json(ErrorList(tuple(_view(error) for error in catalogue())))


@router.get(
    "/{code}",
    operation_id="readError",
    summary="Read what an error means",
    **described({200: ("The error.", json_of(ErrorView, examples.ERROR))}, ErrorCodeNotFound, guarded=False),
)
async def read_error(code: Annotated[str, Path(examples=["call-not-found"])]) -> Response:
    """Cause, remedy, and who can remove the cause."""
    error = by_code(code)
    if error is None:
        raise ErrorCodeNotFound("the catalogue has no such code")
    return as_json(_view(error))


def _view(error: type[CallscribeError]) -> ErrorView:
    documented = issubclass(error, TranscriptionFailed)
    return ErrorView(
        code=error.code,
        type=problem_type(error.code),
        title=error.title,
        description=inspect.getdoc(error) or error.title,
        status=error.status,
        retryable=error.retryable,
        fixer=error.fixer,
        cause=error.cause,
        remedy=error.remedy,
        acs_code=getattr(error, "acs_code", None) if documented else None,
        sub_code=getattr(error, "sub_code", None) if documented else None,
    )
