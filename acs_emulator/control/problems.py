"""Refusals of the control plane as RFC 9457 problems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.responses import JSONResponse

from acs_emulator.control.answers import Problem
from acs_emulator.errors import ControlRefused

RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong with the request, or cannot be done now",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
}
"""What every operation of the control plane may answer besides success."""


def problem(refused: ControlRefused) -> JSONResponse:
    return _response(refused.status, refused.title, refused.detail)


def invalid(errors: Sequence[dict[str, object]]) -> JSONResponse:
    """422 that names every member at fault."""
    faults = []
    for error in errors:
        location = error.get("loc")
        parts = location if isinstance(location, tuple | list) else ()
        faults.append(f"{'.'.join(str(part) for part in parts)}: {error.get('msg')}")
    return _response(422, "The request is invalid", "; ".join(faults))


def _response(status: int, title: str, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
