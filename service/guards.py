"""Who may come in: API callers by key or Entra token, Event Grid and Call Automation by what Azure sends."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from callscribe.actions.access import authenticate
from callscribe.domain.access import Principal, Scope, same_secret
from callscribe.domain.errors import Forbidden, Unauthorized
from service.edge import AtEdge

SECRET_HEADER = "X-Callscribe-Secret"  # noqa: S105 - the header's name
_MOST = 16_384

_bearer = HTTPBearer(
    scheme_name="apiKeyOrToken",
    bearerFormat="callscribe_{id}_{secret}, or a JWT of Microsoft Entra ID",
    description="`python -m service keys create` makes a key. Scopes: `read`; `control`, which includes read; "
    "`admin`, which includes both.",
    auto_error=False,
)
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def _requires(scope: Scope) -> Callable[[AtEdge, _Bearer], Awaitable[Principal]]:
    async def guard(edge: AtEdge, bearer: _Bearer) -> Principal:
        if bearer is None or not 0 < len(bearer.credentials) <= _MOST:
            raise Unauthorized("send Authorization: Bearer with an API key or Entra token")
        principal = await authenticate(edge.ports, bearer.credentials)
        if not principal.may(scope):
            raise Forbidden(f"the scope {scope} is missing")
        return principal

    return guard


Reader = Annotated[Principal, Depends(_requires(Scope.READ))]
Controller = Annotated[Principal, Depends(_requires(Scope.CONTROL))]


async def event_grid(edge: AtEdge, request: Request) -> None:
    """Lets Event Grid in by its shared secret (header or query) or its Entra token; one that is right suffices.

    Raises Unauthorized. Where neither is set up, everybody is let in during development and nobody otherwise.
    """
    settings = edge.settings
    given = request.headers.get(SECRET_HEADER) or request.query_params.get("secret")
    if settings.event_grid_secret is not None and given is not None:
        if not same_secret(given, settings.event_grid_secret):
            raise Unauthorized("the shared secret is wrong")
        return
    token = _token(request)
    if settings.event_grid_entra and token is not None:
        await edge.ports.tokens.event_grid(token)
        return
    if settings.event_grid_secret is not None or settings.event_grid_entra or not settings.development:
        raise Unauthorized("neither a shared secret nor an Entra token that is asked for here was sent")


async def acs(edge: AtEdge, request: Request) -> None:
    """Lets Call Automation in by its token; only in development it may lack one. Raises Unauthorized."""
    token = _token(request)
    if token is not None:
        await edge.ports.tokens.acs(token)
    elif request.headers.get("authorization") is not None or not edge.settings.development:
        raise Unauthorized("send Authorization: Bearer with the token of ACS")


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 0 < len(token) <= _MOST else None
