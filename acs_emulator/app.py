"""The emulator's ASGI application: data plane, key set and control plane."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from acs_emulator.control import authority, calls, faults, journal, problems, recorder, subscriptions, world
from acs_emulator.control.size import SizeLimit
from acs_emulator.entra import routes as entra
from acs_emulator.entra.refusals import EntraRefused
from acs_emulator.errors import ControlRefused, Refused
from acs_emulator.exchange import Exchange
from acs_emulator.rest import (
    connections,
    dtmf,
    holding,
    identities,
    media,
    participants,
    recording_files,
    recordings,
    streaming,
    transcription,
)
from acs_emulator.rest.context import TheExchange
from acs_emulator.rest.errors import error_response, invalid_body_response, refused_response
from acs_emulator.rest.gate import Gate
from acs_emulator.rest.operations import is_data_plane

DATA_PLANE = (
    connections,
    participants,
    media,
    dtmf,
    holding,
    transcription,
    streaming,
    recordings,
    recording_files,
    identities,
)
CONTROL_PLANE = (calls, world, faults, journal, subscriptions, recorder, authority)

keys = APIRouter(prefix="/calling", include_in_schema=False)


@keys.get("/keys")
async def key_set(exchange: TheExchange) -> dict[str, Any]:
    return exchange.keys.key_set()


@keys.get("/.well-known/acsopenidconfiguration")
async def openid_configuration(request: Request, exchange: TheExchange) -> dict[str, Any]:
    return exchange.keys.openid_configuration(f"{request.url.scheme}://{request.headers.get('host', '')}")


def build_app(exchange: Exchange) -> ASGIApp:
    """Everything one emulator serves; its API description is at `/_emulator/openapi.json`."""
    app = FastAPI(
        title="Azure Communication Services emulator",
        version="0.1.0",
        openapi_url="/_emulator/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.exchange = exchange
    for one in CONTROL_PLANE:
        app.include_router(one.router, responses=problems.RESPONSES)
    for router in (keys, entra.router, *(one.router for one in DATA_PLANE)):
        app.include_router(router, include_in_schema=False)
    app.add_exception_handler(recording_files.NotServed, recording_files.not_served)
    app.add_exception_handler(EntraRefused, entra.refused)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ControlRefused, _control_refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    return Gate(SizeLimit(app), exchange)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refused_response(error)


async def _control_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlRefused)
    return problems.problem(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if is_data_plane(request.url.path):
        return invalid_body_response(error.errors())
    return problems.invalid(error.errors())


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if is_data_plane(request.url.path):
        return error_response(error.status_code, str(error.status_code), str(error.detail))
    detail = str(error.detail)
    return problems.problem(ControlRefused(error.status_code, detail, f"{request.url.path}: {detail}"))
