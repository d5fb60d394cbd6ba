"""Errors in Azure's shape."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from fastapi.responses import Response

from acs_emulator.errors import Refused


def error_response(
    status: int,
    code: str,
    message: str,
    *,
    target: str | None = None,
    details: Sequence[Mapping[str, object]] = (),
    reason: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`{"error": {code, message, target?, details?, innererror?}}`; `reason` is the emulator's own explanation, which
    ACS does not give."""
    error: dict[str, object] = {"code": code, "message": message}
    if target:
        error["target"] = target
    if details:
        error["details"] = list(details)
    if reason:
        error["innererror"] = {"code": "Emulator", "message": reason}
    content = json.dumps({"error": error}, separators=(",", ":"))
    return Response(content, status, dict(headers or {}), "application/json; charset=utf-8")


def refused_response(refused: Refused) -> Response:
    return error_response(refused.status, refused.code, refused.message, target=refused.target)


def invalid_body_response(errors: Sequence[Mapping[str, object]]) -> Response:
    """400 that names every field at fault."""
    details = [
        {"code": "InvalidInput", "target": _path(error.get("loc")), "message": str(error.get("msg"))}
        for error in errors
    ]
    target = str(details[0]["target"]) if details else None
    field = (target or "body").rpartition(".")[2]
    message = f"The field {field[:1].upper()}{field[1:]} is invalid."
    return error_response(400, "BadRequest", message, target=target, details=details)


def _path(location: object) -> str:
    parts = location if isinstance(location, tuple | list) else ()
    return ".".join(str(part) for part in parts if part != "body") or "body"
