"""Access tokens of one application in one tenant."""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from acs_emulator.entra.refusals import (
    MISSING_PARAMETER,
    NO_CREDENTIAL,
    STALE_ASSERTION,
    UNKNOWN_CLIENT,
    UNKNOWN_TENANT,
    UNSUPPORTED_GRANT,
    WRONG_ASSERTION,
    WRONG_SCOPE,
    WRONG_SECRET,
    EntraRefused,
)
from acs_emulator.options import Options
from acs_emulator.signing import Keys

LIFETIME = 3599
"""Seconds; as Entra's, a token lives one second less than an hour."""
_ANY_TENANT = frozenset({"common", "organizations"})
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and for how many seconds it is good."""

    value: str
    expires_in: int
    expires_on: int
    """Unix time."""


def known_tenant(options: Options, tenant: str) -> str:
    """The tenant's id. Raises EntraRefused where there is no such tenant."""
    if tenant.lower() not in _ANY_TENANT and tenant.lower() != options.tenant_id:
        raise EntraRefused(UNKNOWN_TENANT, tenant)
    return options.tenant_id


def client_credentials(options: Options, keys: Keys, tenant: str, form: Mapping[str, str]) -> Token:
    """A token for what the scope names. Raises EntraRefused.

    An assertion is taken from any signer, as long as it is a token in its time: the emulator knows nobody's certificate.
    Any resource gets tokens, so that a credential can serve an application's other clients as well. Source:
    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    tenant_id = known_tenant(options, tenant)
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            raise EntraRefused(MISSING_PARAMETER, name)
    if form["grant_type"] != "client_credentials":
        raise EntraRefused(UNSUPPORTED_GRANT, form["grant_type"])
    if form["client_id"].lower() != options.client_id:
        raise EntraRefused(UNKNOWN_CLIENT, form["client_id"], tenant_id)
    _check_credential(options, form)
    return issue(options, keys, _resource(form["scope"]))


def issue(options: Options, keys: Keys, resource: str) -> Token:
    """A token of the application for a resource, with the claims of Entra's version 1.0."""
    now = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{options.tenant_id}/",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "appid": options.client_id,
        "appidacr": "1",
        "idp": f"https://sts.windows.net/{options.tenant_id}/",
        "idtyp": "app",
        "oid": str(uuid.uuid5(uuid.NAMESPACE_URL, options.client_id)),
        "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, options.client_id)),
        "tid": options.tenant_id,
        "uti": uuid.uuid4().hex[:22],
        "ver": "1.0",
    }
    return Token(keys.sign(claims), LIFETIME, now + LIFETIME)


def _check_credential(options: Options, form: Mapping[str, str]) -> None:
    if form.get("client_assertion_type") == _ASSERTION:
        _check_assertion(form.get("client_assertion", ""))
    elif "client_secret" not in form:
        raise EntraRefused(NO_CREDENTIAL)
    elif not hmac.compare_digest(form["client_secret"].encode(), options.client_secret.encode()):
        raise EntraRefused(WRONG_SECRET, options.client_id)


def _check_assertion(assertion: str) -> None:
    try:
        jwt.decode(assertion, options={"verify_signature": False, "verify_exp": True, "require": ["exp"]})
    except jwt.ExpiredSignatureError as error:
        raise EntraRefused(STALE_ASSERTION) from error
    except jwt.InvalidTokenError as error:
        raise EntraRefused(WRONG_ASSERTION) from error


def _resource(scope: str) -> str:
    """`https://communication.azure.com//.default` asks for the resource with a slash at its end."""
    scopes = [word for word in scope.split() if word not in ("openid", "profile", "offline_access")]
    if len(scopes) != 1 or not scopes[0].endswith("/.default"):
        raise EntraRefused(WRONG_SCOPE, scope)
    return scopes[0].removesuffix("/.default")
