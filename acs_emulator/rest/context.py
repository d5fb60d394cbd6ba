"""What the handlers of the data plane are given, and what they have in common."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from acs_emulator.calls.call import Leg
from acs_emulator.errors import Refused
from acs_emulator.exchange import Exchange


def get_exchange(request: Request) -> Exchange:
    exchange: Exchange = request.app.state.exchange
    return exchange


TheExchange = Annotated[Exchange, Depends(get_exchange)]


def get_api_version(request: Request) -> str:
    version: str = request.state.api_version
    return version


ApiVersion = Annotated[str, Depends(get_api_version)]


def get_leg(exchange: TheExchange, connection_id: str) -> Leg:
    return exchange.leg(connection_id)


TheLeg = Annotated[Leg, Depends(get_leg)]


def require_established(leg: Leg) -> None:
    """Raises Refused (400, "8501") while the call is not connected."""
    if not leg.talks:
        raise Refused(400, "8501", "Action is invalid when call is not in Established state.")


def with_context(shown: dict[str, Any], context: str | None) -> dict[str, Any]:
    """What is answered, with the operation's context where it has one."""
    return shown if context is None else {**shown, "operationContext": context}
