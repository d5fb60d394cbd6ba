"""Dials the application's sockets, for transcription and for media streaming."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.faults import BadTokenFault, RefuseSocket
from acs_emulator.media.prompts import LOOPBACK
from acs_emulator.recorder.sockets import RecordedConnection
from acs_emulator.recorder.tape import Signed
from acs_emulator.signing import SOCKET_LIFETIME

OPEN_TIMEOUT = 5.0
CLOSE_TIMEOUT = 2.0


Kind = Literal["transcription", "mediaStreaming"]


class DialFailed(Exception):
    """The socket cannot be opened."""


async def dial(exchange: Exchange, leg: Leg, url: str, stream: Kind = "transcription") -> ClientConnection:
    """The open socket. The URL goes out verbatim, with a token of 24 hours and the ids of the call. Raises
    DialFailed."""
    if exchange.faults.take(RefuseSocket, leg.connection_id, lambda fault: fault.what in ("any", stream)):
        raise _failed(exchange, leg, stream, url, "refused by a fault")
    bad = exchange.faults.take(BadTokenFault, leg.connection_id, lambda fault: fault.where == "socket")
    signed = Signed(SOCKET_LIFETIME, bad.what if bad else None)
    headers = {
        "x-ms-call-connection-id": leg.connection_id,
        "x-ms-call-correlation-id": leg.correlation_id,
    }
    shown = {**exchange.keys.authorization(SOCKET_LIFETIME, signed.bad), **headers}
    try:
        with exchange.clock.working():
            connection = await _connect(exchange, url, shown)
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed, ValueError) as failed:
        raise _failed(exchange, leg, stream, url, f"{type(failed).__name__}: {failed}") from failed
    if isinstance(connection, RecordedConnection):
        connection.record(exchange.recorder, exchange.recorder.opened(url, headers, signed))
    exchange.journal.add("socket-opened", callConnectionId=leg.connection_id, stream=stream, url=url)
    return connection


async def _connect(exchange: Exchange, url: str, headers: Mapping[str, str]) -> ClientConnection:
    """A `wss` address on this machine behind which nobody speaks TLS is dialled in the clear: samples put `wss` in
    front of whatever host they are told, and a server in development has no certificate. ACS would refuse."""
    try:
        return await _open(url, headers, exchange.trust if url[:4].lower() == "wss:" else None)
    except (ssl.SSLError, ConnectionResetError) as failed:
        distrusted = isinstance(failed, ssl.SSLCertVerificationError)
        if distrusted or url[:4].lower() != "wss:" or urlsplit(url).hostname not in LOOPBACK:
            raise
        return await _open(f"ws:{url[4:]}", headers, None)


async def _open(url: str, headers: Mapping[str, str], trust: ssl.SSLContext | None) -> ClientConnection:
    return await connect(
        url,
        additional_headers=headers,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        compression=None,
        proxy=None,
        ssl=trust,
        create_connection=RecordedConnection,
    )


def _failed(exchange: Exchange, leg: Leg, stream: Kind, url: str, reason: str) -> DialFailed:
    exchange.journal.add(
        "socket-failed", callConnectionId=leg.connection_id, stream=stream, url=url, error=reason
    )
    return DialFailed(reason)
