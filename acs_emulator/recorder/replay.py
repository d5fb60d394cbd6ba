"""Sends a recording again, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI, ProtocolError

from acs_emulator.exchange import Exchange
from acs_emulator.outgoing.posting import Letter
from acs_emulator.recorder.lines import Closed, Frame, Opened, Request
from acs_emulator.recorder.tape import Signed

SCOPE = "replay"
PATIENCE = 5.0
"""Real seconds in which a socket has to open, and to close."""


async def replay(
    exchange: Exchange,
    lines: Sequence[Request | Opened | Frame | Closed],
    urls: Mapping[str, str],
    replay_id: str,
) -> None:
    """Everything in the order of the lines, at their distances in emulated time; a request is answered before the next
    line goes out. `urls` says what becomes of the beginning of a URL; the longest wins."""
    run = _Run(exchange, urls)
    exchange.journal.add("replay", replayId=replay_id, what="started", lines=len(lines))
    began = exchange.clock.now()
    try:
        for line in lines:
            await exchange.clock.sleep_until(began + line.at)
            await run.send(line)
    finally:
        run.abort()
    exchange.journal.add("replay", replayId=replay_id, what="finished", lines=len(lines), failed=run.failed)


class _Run:
    """One replay: its open sockets, and what could not be sent."""

    def __init__(self, exchange: Exchange, urls: Mapping[str, str]) -> None:
        self._exchange = exchange
        self._urls = sorted(urls.items(), key=lambda pair: -len(pair[0]))
        self._sockets: dict[int, ClientConnection] = {}
        self.failed = 0

    async def send(self, line: Request | Opened | Frame | Closed) -> None:
        if isinstance(line, Request):
            await self._request(line)
        elif isinstance(line, Opened):
            await self._open(line)
        elif isinstance(line, Frame):
            await self._frame(line)
        else:
            await self._close(line)

    def abort(self) -> None:
        """Of the sockets that the recording leaves open."""
        for socket in self._sockets.values():
            socket.transport.abort()

    async def _request(self, line: Request) -> None:
        answer = await self._exchange.post.send(
            Letter(
                what="callbacks",
                name="replay",
                url=self._led(line.url),
                headers=line.headers,
                content=line.content(),
                method=line.method,
                signed=Signed(line.token_seconds, line.bad_token),
                fallible=False,
            )
        )
        self.failed += answer.status is None

    async def _open(self, line: Opened) -> None:
        url = self._led(line.url)
        headers = dict(line.headers)
        if line.token_seconds is not None:
            headers |= self._exchange.keys.authorization(line.token_seconds, line.bad_token)
        try:
            with self._exchange.clock.working():
                socket = await connect(
                    url,
                    additional_headers=headers,
                    open_timeout=PATIENCE,
                    close_timeout=PATIENCE,
                    compression=None,
                    proxy=None,
                    ssl=self._exchange.trust if url.startswith("wss:") else None,
                )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed, ValueError):
            self.failed += 1
            return
        self._sockets[line.socket] = socket
        self._exchange.tasks.start(_discard(socket), scope=SCOPE)

    async def _frame(self, line: Frame) -> None:
        socket = self._sockets.get(line.socket)
        if socket is None:
            self.failed += 1
            return
        content = line.content()
        try:
            await socket.send(content if line.binary else content.decode())
        except ConnectionClosed:
            self.failed += 1

    async def _close(self, line: Closed) -> None:
        socket = self._sockets.pop(line.socket, None)
        if socket is None:
            return
        if line.how == "closed":
            try:
                await socket.close(line.code or 1000)
            except ProtocolError:
                # A code that no closing frame may have, such as 1006.
                self.failed += 1
        socket.transport.abort()

    def _led(self, url: str) -> str:
        for beginning, instead in self._urls:
            if url.startswith(beginning):
                return instead + url.removeprefix(beginning)
        return url


async def _discard(socket: ClientConnection) -> None:
    """What an application sends is no part of a recording."""
    try:
        async for _ in socket:
            pass
    except ConnectionClosed:
        return
