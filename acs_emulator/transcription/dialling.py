"""Dials the application's transcription socket."""

from __future__ import annotations

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from acs_emulator.calls import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.faults import BadTokenFault
from acs_emulator.signing import SOCKET_LIFETIME

OPEN_TIMEOUT = 5.0
CLOSE_TIMEOUT = 2.0


class DialFailed(Exception):
    """The socket cannot be opened."""


async def dial(exchange: Exchange, leg: Leg, url: str) -> ClientConnection:
    """The open socket. The URL goes out verbatim, with a token of 24 hours and the ids of the call. Raises
    DialFailed."""
    bad = exchange.faults.take(BadTokenFault, leg.connection_id, lambda fault: fault.where == "socket")
    headers = {
        **exchange.keys.authorization(SOCKET_LIFETIME, bad.what if bad else None),
        "x-ms-call-connection-id": leg.connection_id,
        "x-ms-call-correlation-id": leg.correlation_id,
    }
    try:
        connection = await connect(
            url,
            additional_headers=headers,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            compression=None,
            proxy=None,
        )
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed) as failed:
        reason = f"{type(failed).__name__}: {failed}"
        exchange.journal.add("socket-failed", callConnectionId=leg.connection_id, url=url, error=reason)
        raise DialFailed(reason) from failed
    exchange.journal.add("socket-opened", callConnectionId=leg.connection_id, url=url)
    return connection
