"""The endpoints that identity libraries call: discovery, tokens, keys, and a managed identity's."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from acs_emulator.entra.refusals import EntraRefused
from acs_emulator.entra.tokens import client_credentials, issue, known_tenant
from acs_emulator.rest.context import TheExchange

router = APIRouter(include_in_schema=False)
MANAGED_IDENTITY_PATH = "/_emulator/identity/token"


@router.get("/common/discovery/instance")
async def instance_discovery(request: Request, exchange: TheExchange) -> dict[str, Any]:
    """The emulator as the only cloud there is."""
    host = request.headers.get("host", "")
    tenant = exchange.options.tenant_id
    return {
        "tenant_discovery_endpoint": f"{_base(request)}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


@router.get("/{tenant}/v2.0/.well-known/openid-configuration")
async def openid_configuration(tenant: str, request: Request, exchange: TheExchange) -> dict[str, Any]:
    base = f"{_base(request)}/{known_tenant(exchange.options, tenant)}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "tenant_region_scope": None,
        "cloud_instance_name": request.headers.get("host", ""),
    }


@router.get("/{tenant}/discovery/v2.0/keys")
async def keys(tenant: str, exchange: TheExchange) -> dict[str, Any]:
    known_tenant(exchange.options, tenant)
    return exchange.keys.key_set()


@router.post("/{tenant}/oauth2/v2.0/token")
async def token(tenant: str, request: Request, exchange: TheExchange) -> JSONResponse:
    """The grant of client credentials."""
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    granted = client_credentials(exchange.options, exchange.keys, tenant, form)
    return _uncached(
        {
            "token_type": "Bearer",
            "expires_in": granted.expires_in,
            "ext_expires_in": granted.expires_in,
            "access_token": granted.value,
        }
    )


@router.get(MANAGED_IDENTITY_PATH)
@router.get("/metadata/identity/oauth2/token")
async def managed_identity(request: Request, exchange: TheExchange) -> JSONResponse:
    """A token of the managed identity: of App Service (IDENTITY_ENDPOINT, IDENTITY_HEADER), and of a virtual machine
    where AZURE_POD_IDENTITY_AUTHORITY_HOST leads the library here.

    Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity
    """
    options = exchange.options
    if request.url.path == MANAGED_IDENTITY_PATH:
        given = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(given.encode(), options.identity_header.encode()):
            return _wrong(401, "X-IDENTITY-HEADER is wrong")
    elif request.headers.get("metadata", "").lower() != "true":
        return _wrong(400, "Required metadata header not specified")
    resource = request.query_params.get("resource", "")
    if not resource:
        return _wrong(400, "resource is missing")
    granted = issue(options, exchange.keys, resource)
    return _uncached(
        {
            "access_token": granted.value,
            "client_id": options.client_id,
            "expires_in": str(granted.expires_in),
            "expires_on": str(granted.expires_on),
            "not_before": str(granted.expires_on - granted.expires_in),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


async def refused(request: Request, error: Exception) -> JSONResponse:
    """A refusal in Entra's shape."""
    assert isinstance(error, EntraRefused)
    correlation_id = request.headers.get("client-request-id")
    return _uncached(error.to_json(correlation_id), error.reason.status)


def _wrong(status: int, message: str) -> JSONResponse:
    """With the members that either kind of managed identity has."""
    said = {
        "statusCode": status,
        "message": message,
        "error": "invalid_request",
        "error_description": message,
    }
    return JSONResponse(said, status)


def _uncached(content: dict[str, object], status: int = 200) -> JSONResponse:
    return JSONResponse(content, status, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"
