"""What the handlers of the data plane are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from acs_emulator.calls import Leg
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
