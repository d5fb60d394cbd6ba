"""The bare receive loop of `websockets` on uvloop: every message is received, and forgotten. `python -m benchmarks.peers.bare_websockets PORT`"""

import sys
from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def receive(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await connection.recv(decode=False)


async def main() -> None:
    async with serve(receive, "127.0.0.1", int(sys.argv[1]), compression=None, max_size=262_144) as server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
