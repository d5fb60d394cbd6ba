"""Verifies signed tokens (JWT, RFC 7519): ACS's own, Event Grid's and those of API clients, both by Entra."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from callscribe.adapters.keyset import KeySet, KeySetUnavailable
from callscribe.domain.access import Scope
from callscribe.domain.errors import SigningKeysUnavailable, Unauthorized

MAX_TOKEN_BYTES = 16 * 1024
RETRY_AFTER_S = 10.0
LEEWAY_S = 60
"""How far the sender's clock may be from ours."""

EVENT_GRID_APP_ID = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
"""The application id of Event Grid in the public cloud, which signs in to protected webhooks."""

ACS_ISSUER = "https://acscallautomation.communication.azure.com"
ACS_KEY_SET_URL = "https://acscallautomation.communication.azure.com/calling/keys"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are taken: any of these issuers, for any of these audiences, signed with a key of that set."""

    issuers: tuple[str, ...]
    audiences: tuple[str, ...]
    key_set_url: str


def entra(
    tenant: str, audiences: tuple[str, ...], authority: str = "https://login.microsoftonline.com"
) -> Trust:
    """Tokens of one Entra tenant; it issues version 1 and version 2 tokens under different names."""
    return Trust(
        issuers=(f"https://sts.windows.net/{tenant}/", f"{authority}/{tenant}/v2.0"),
        audiences=audiences,
        key_set_url=f"{authority}/{tenant}/discovery/v2.0/keys",
    )


class JwtTokens:
    """`ports.Tokens`; a kind of token for which there is no Trust is always refused."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        acs: Trust | None = None,
        event_grid: Trust | None = None,
        event_grid_app_id: str = EVENT_GRID_APP_ID,
        api: Trust | None = None,
    ) -> None:
        """`http` stays the caller's to close."""

        def checker(sender: str, trust: Trust | None) -> _Checker:
            keys = KeySet(trust.key_set_url, http) if trust else None
            return _Checker(sender, trust, keys)

        self._acs = checker("ACS", acs)
        self._event_grid = checker("Event Grid", event_grid)
        self._event_grid_app_id = event_grid_app_id
        self._api = checker("API", api)

    async def acs(self, token: str) -> None:
        await self._acs.claims(token)

    async def event_grid(self, token: str) -> None:
        claims = await self._event_grid.claims(token)
        # Version 1 tokens name the application `appid`, version 2 tokens `azp`.
        if claims.get("appid", claims.get("azp")) != self._event_grid_app_id:
            raise Unauthorized("the token is not Event Grid's: appid or azp names another application")

    async def api(self, token: str) -> tuple[str, frozenset[str]]:
        claims = await self._api.claims(token)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise Unauthorized("the token names no subject")
        return subject, _scopes(claims)


@dataclass(frozen=True, slots=True)
class _Checker:
    sender: str
    trust: Trust | None
    keys: KeySet | None

    async def claims(self, token: str) -> Mapping[str, Any]:
        if self.trust is None or self.keys is None:
            raise Unauthorized(f"{self.sender} tokens are not taken here: nothing is configured for them")
        key_id = _key_id(token)
        try:
            key = await self.keys.find(key_id)
        except KeySetUnavailable as fault:
            detail = f"the keys of {self.sender} cannot be fetched now"
            raise SigningKeysUnavailable(detail, retry_after=RETRY_AFTER_S) from fault
        if key is None:
            raise Unauthorized("the token is signed with a key that its issuer does not publish")
        try:
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self.trust.issuers,
                audience=self.trust.audiences,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidTokenError as fault:
            raise Unauthorized(_reason(fault)) from fault


def _key_id(token: str) -> str:
    """The id of the key that a token says it is signed with; nothing of it is trusted yet."""
    if len(token) > MAX_TOKEN_BYTES:
        raise Unauthorized(f"the token is longer than {MAX_TOKEN_BYTES} bytes")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, RecursionError) as fault:
        raise Unauthorized("the token is no JWT") from fault
    if header.get("alg") != "RS256":
        raise Unauthorized("the token is not signed with RS256")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise Unauthorized("the token does not name its key")
    return key_id


_REASONS: dict[type[jwt.InvalidTokenError], str] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidIssuedAtError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token comes from another issuer",
    jwt.InvalidSignatureError: "the token's signature is wrong",
}


def _reason(fault: jwt.InvalidTokenError) -> str:
    if isinstance(fault, jwt.MissingRequiredClaimError):
        return f"the token lacks the claim {fault.claim}"
    return _REASONS.get(type(fault), "the token is no valid JWT")


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Our scopes among an app's `roles` and a user's `scp`, each also as `callscribe.read`; others are ignored."""
    roles, scp = claims.get("roles"), claims.get("scp")
    given = [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []
    given += scp.split() if isinstance(scp, str) else []
    names = {name.casefold().removeprefix("callscribe.") for name in given}
    return frozenset(scope.value for scope in Scope if scope.value in names)
