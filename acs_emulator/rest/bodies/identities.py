"""Users and their tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from acs_emulator.rest.bodies.identifiers import AnyCase
from acs_emulator.wire import Body

Scope = Annotated[Literal["chat", "voip", "chat.join", "chat.join.limited", "voip.join"], AnyCase]
Minutes = Annotated[int, Field(ge=60, le=1440)]
A_DAY = 1440


class CreateIdentity(Body):
    """`CommunicationIdentityCreateRequest`."""

    create_token_with_scopes: tuple[Scope, ...] = ()
    expires_in_minutes: Minutes | None = None


class IssueAccessToken(Body):
    """`CommunicationIdentityAccessTokenRequest`."""

    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    expires_in_minutes: Minutes | None = None


class ExchangeTeamsToken(Body):
    """`TeamsUserExchangeTokenRequest`."""

    token: Annotated[str, Field(min_length=1)]
    app_id: Annotated[str, Field(min_length=1)]
    user_id: Annotated[str, Field(min_length=1)]
