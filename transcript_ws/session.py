"""One open transcript socket, from its first packet to its end."""

import asyncio
from collections.abc import Awaitable
from functools import partial

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from callscribe.actions.ingest import Ingest, MalformedFlood, Session
from callscribe.ports import Counter
from transcript_ws.admission import Admitted
from transcript_ws.connection import PacketConnection


async def serve_socket(
    connection: PacketConnection, admitted: Admitted, ingest: Ingest, ping_seconds: float, silent: Counter
) -> None:
    """Take the socket's packets until it is closed; `silent` counts pings that got no pong."""
    if ingest.full(admitted.admission.call_id):
        await connection.close(CloseCode.TRY_AGAIN_LATER, "too many sockets")
        return
    session = ingest.open(admitted.admission, admitted.call_connection_id, admitted.correlation_id)
    try:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(_keep_alive(connection, ping_seconds, silent))
            await _read(connection, ingest, session)
            beating.cancel()
    finally:
        ingest.close(session, connection.close_code or CloseCode.ABNORMAL_CLOSURE)


async def _read(connection: PacketConnection, ingest: Ingest, session: Session) -> None:
    try:
        await connection.read(partial(ingest.packet, session), partial(ingest.binary, session), ingest.valve)
    except MalformedFlood:
        await connection.close(CloseCode.POLICY_VIOLATION, "too much cannot be read")


async def _keep_alive(connection: PacketConnection, seconds: float, silent: Counter) -> None:
    """Ping now and then, so that nothing on the way takes the socket for dead.

    While a ping has no answer, the heartbeat is an unsolicited pong (RFC 6455 section 5.5.3), which asks for none.
    """
    answer: Awaitable[float] | None = None
    try:
        while True:
            await asyncio.sleep(seconds)
            if isinstance(answer, asyncio.Future) and not answer.done():
                silent.add()
                await connection.pong()
            else:
                answer = await connection.ping()
    except ConnectionClosed:
        return
