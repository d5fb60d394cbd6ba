"""The description of the API at /openapi.json: shapes from the code that makes and takes them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from callscribe import __version__
from callscribe.domain import views
from callscribe.domain.errors import (
    AcsError,
    BodyTooLarge,
    CallscribeError,
    Forbidden,
    Internal,
    InvalidRequest,
    MalformedBody,
    ShuttingDown,
    SigningKeysUnavailable,
    StoreUnavailable,
    TranscriptionFailed,
    Unauthorized,
    UnsupportedMediaType,
    catalogue,
    members,
    problem_type,
)
from service import answers, problems
from service.routes import bodies

_REF = "#/components/schemas/{name}"
_SHAPES = (
    views.CallView,
    views.ExpectedCallView,
    views.OperationView,
    views.TranscriptionView,
    views.TranscriptView,
    views.SegmentView,
    views.PartialView,
    views.StreamShiftView,
    views.GapView,
    views.EventView,
    answers.CallList,
    answers.EventList,
    answers.ErrorView,
    answers.ErrorList,
    answers.Health,
    problems.Problem,
)
_BODY = (MalformedBody, UnsupportedMediaType, InvalidRequest)
_FRAMEWORKS = {"HTTPValidationError", "ValidationError"}
"""Schemas of FastAPI's own errors, which are never answered."""
ANYWHERE = (Internal, StoreUnavailable, ShuttingDown, BodyTooLarge)
GUARDED = (Unauthorized, Forbidden, SigningKeysUnavailable)
ACS_ERRORS: tuple[type[CallscribeError], ...] = tuple(members(AcsError))
TRANSCRIPTION_ERRORS: tuple[type[CallscribeError], ...] = tuple(members(TranscriptionFailed))
TAGS = (
    {"name": "calls", "description": "Calls: placed, joined, expected or incoming; and who takes part."},
    {"name": "transcription", "description": "Starting and stopping transcription, and changing its locale."},
    {"name": "transcripts", "description": "What was said, live and afterwards."},
    {"name": "errors", "description": "The catalogue of errors."},
    {"name": "azure", "description": "Where Azure posts. Not for integrators."},
    {"name": "operation", "description": "Health and metrics."},
)
DESCRIPTION = (
    "Answers and places phone calls through Azure Communication Services and turns them into transcripts. "
    "`{id}` is our call id or ACS's `callConnectionId`. Times are RFC 3339 in UTC; positions are ms from the "
    "transcript's zero; raw offsets and durations are 100 ns ticks, written as strings since they exceed 2^53. "
    "Errors are problems as RFC 9457 describes them."
)


def ref(shape: type) -> dict[str, str]:
    return {"$ref": _REF.format(name=shape.__name__)}


def described(
    given: Mapping[int, tuple[str, Mapping[str, Any] | None]],
    *refused: type[CallscribeError],
    takes: type[BaseModel] | None = None,
    guarded: bool = True,
) -> dict[str, Any]:
    """What a route's decorator needs: its answers (description and content by status), problems and body."""
    errors = [*refused, *ANYWHERE, *(GUARDED if guarded else ()), *(_BODY if takes else ())]
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": text, **({"content": dict(content)} if content else {})}
        for status, (text, content) in given.items()
    }
    for status in sorted({error.status for error in errors}):
        problem = _problem_answer([error for error in errors if error.status == status])
        found[status] = _either(found[status], problem) if status in found else problem
    if takes is None:
        return {"responses": found}
    required = any(field.is_required() for field in takes.model_fields.values()) or takes is bodies.PlaceCall
    body = {"required": required, "content": {"application/json": {"schema": ref(takes)}}}
    return {"responses": found, "openapi_extra": {"requestBody": body}}


def json_of(shape: type, example: object = None) -> dict[str, Any]:
    """The content of an answer: JSON of this shape."""
    return {
        "application/json": {"schema": ref(shape), **({"example": example} if example is not None else {})}
    }


def _either(answer: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    return {**problem, **answer, "content": {**answer.get("content", {}), **problem["content"]}}


def _problem_answer(errors: Iterable[type[CallscribeError]]) -> dict[str, Any]:
    by_code = {error.code: error for error in errors}
    codes = sorted(by_code)
    answer: dict[str, Any] = {
        "description": "; ".join(by_code[code].title for code in codes[:8])
        + (" …" if len(codes) > 8 else ""),
        "content": {
            problems.MEDIA_TYPE: {
                "schema": ref(problems.Problem),
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }
    if Unauthorized.code in by_code:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    elif any(error.retryable for error in by_code.values()):
        answer["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds, where they are known."}
        }
    return answer


def describe_api(app: FastAPI) -> None:
    """Let the application describe itself completely."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]


def _description(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="callscribe",
        version=__version__,
        description=DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        tags=[dict(tag) for tag in TAGS],
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    _, shapes = msgspec.json.schema_components(_SHAPES, ref_template=_REF)
    _, taken = models_json_schema(
        [(model, "validation") for model in bodies.MODELS], ref_template="#/components/schemas/{model}"
    )
    # Through JSON, since msgspec's defaults hold tuples.
    shapes = msgspec.json.decode(msgspec.json.encode(shapes))
    ours = {**components.get("schemas", {}), **shapes, **taken["$defs"]}
    components["schemas"] = {name: ours[name] for name in sorted(ours.keys() - _FRAMEWORKS)}
    components["examples"] = {error.code: {"value": _example(error)} for error in catalogue()}
    for operation in _operations(document):
        _without_framework_errors(operation)
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _of_parameter(parameter["schema"])
    return document


def _operations(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _without_framework_errors(operation: dict[str, Any]) -> None:
    """FastAPI announces its own 422 wherever a route has parameters; where there can be one, ours is announced."""
    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
        del operation["responses"]["422"]


def _of_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that is given; FastAPI says of an optional one that it may be null."""
    schema = {name: value for name, value in schema.items() if name not in ("title", "description")}
    for choice in schema.pop("anyOf", ()):
        if choice != {"type": "null"}:
            schema |= choice
    return schema


def _example(error: type[CallscribeError]) -> dict[str, Any]:
    acs = issubclass(error, TranscriptionFailed) and hasattr(error, "acs_code")
    problem = problems.Problem(
        type=problem_type(error.code),
        title=error.title,
        status=error.status,
        detail=error.title,
        code=error.code,
        retryable=error.retryable,
        cause=error.cause,
        remedy=error.remedy,
        fixer=error.fixer,
        acs_code=getattr(error, "acs_code", None) if acs else None,
        sub_code=getattr(error, "sub_code", None) if acs else None,
        request_id="5f2d9c1e7a4b4c0f9f4a2f6f0d1f3b7a",
    )
    return dict(msgspec.to_builtins(problem))
