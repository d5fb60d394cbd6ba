"""`/identities`: users and their tokens.

Source: https://learn.microsoft.com/rest/api/communication/identity
"""

from __future__ import annotations

import time
from typing import Annotated, Any

import jwt
from fastapi import APIRouter, Body
from fastapi.responses import Response

from acs_emulator.clock import timestamp
from acs_emulator.errors import Refused
from acs_emulator.identities import UserToken
from acs_emulator.rest.bodies.identities import A_DAY, CreateIdentity, ExchangeTeamsToken, IssueAccessToken
from acs_emulator.rest.context import TheExchange

router = APIRouter()
_BILLION = 1_000_000_000
_END_OF_TIME = 253_402_300_800
"""The year 10000, as Unix time."""
_TEAMS_SCOPES = ("chat", "voip")


@router.post("/identities", status_code=201)
async def create(
    exchange: TheExchange, body: Annotated[CreateIdentity | None, Body()] = None
) -> dict[str, Any]:
    """A new user, with a token where scopes are given."""
    asked = body or CreateIdentity()
    raw_id = exchange.identities.create()
    exchange.callees.settle_in(raw_id)
    created: dict[str, Any] = {"identity": {"id": raw_id}}
    if asked.create_token_with_scopes:
        minutes = asked.expires_in_minutes or A_DAY
        created["accessToken"] = _shown(
            exchange.identities.token(raw_id, asked.create_token_with_scopes, minutes)
        )
    return created


@router.delete("/identities/{raw_id}", status_code=204)
async def delete(raw_id: str, exchange: TheExchange) -> Response:
    """No such user any more."""
    exchange.identities.delete(raw_id)
    exchange.callees.move_out(raw_id)
    return Response(status_code=204)


@router.post("/identities/{raw_id}/:issueAccessToken")
async def issue_access_token(raw_id: str, body: IssueAccessToken, exchange: TheExchange) -> dict[str, Any]:
    """A new token of a user."""
    exchange.identities.check(raw_id)
    return _shown(exchange.identities.token(raw_id, body.scopes, body.expires_in_minutes or A_DAY))


@router.post("/identities/{raw_id}/:revokeAccessTokens", status_code=204)
async def revoke_access_tokens(raw_id: str, exchange: TheExchange) -> Response:
    """Taken note of in the journal alone: nobody checks a user's token here."""
    exchange.identities.check(raw_id)
    return Response(status_code=204)


@router.post("/teamsUser/:exchangeAccessToken")
async def exchange_teams_user_access_token(body: ExchangeTeamsToken, exchange: TheExchange) -> dict[str, Any]:
    """A token of a Teams user for one of Entra's, whose claims `appid` and `oid` must be those given. Who signed it is
    not checked. Raises Refused (401), in words that are a guess."""
    try:
        claims = jwt.decode(body.token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise Refused(
            401, "InvalidToken", "The Entra ID access token is not valid.", target="token"
        ) from error
    for claim, given, target in (("appid", body.app_id, "appId"), ("oid", body.user_id, "userId")):
        if claims.get(claim) != given:
            raise Refused(
                401, "InvalidToken", f"The claim {claim} of the token is another one.", target=target
            )
    expiry = claims.get("exp", 0)
    if not isinstance(expiry, int | float) or not 0 <= expiry < _END_OF_TIME:
        raise Refused(401, "InvalidToken", "The claim exp of the token is no time.", target="token")
    left = max(int(expiry) - int(time.time()), 0) // 60
    raw_id = f"8:orgid:{body.user_id}"
    return _shown(exchange.identities.token(raw_id, _TEAMS_SCOPES, min(left or 60, A_DAY)))


def _shown(token: UserToken) -> dict[str, Any]:
    return {"token": token.value, "expiresOn": timestamp(token.expires_on * _BILLION)}
