"""Sockets whose messages are recorded."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any

from websockets.asyncio.client import ClientConnection

from acs_emulator.recorder.tape import Recorder


class RecordedConnection(ClientConnection):
    """A client's connection; `record` it once it is open."""

    _recorder: Recorder | None = None
    _socket = 0

    def record(self, recorder: Recorder, socket: int | None) -> None:
        """From now on what is sent goes into the recording, where there is one."""
        if socket is not None:
            self._recorder, self._socket = recorder, socket

    async def send(
        self,
        message: str | bytes | bytearray | memoryview | Iterable[Any] | AsyncIterable[Any],
        *,
        text: bool | None = None,
    ) -> None:
        """Only whole messages are recorded; the emulator sends no others."""
        await super().send(message, text=text)
        if self._recorder is not None and isinstance(message, str | bytes):
            self._recorder.frame(self._socket, message)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._recorder is None:
            return
        sent = self.protocol.close_sent
        if sent is None:
            self._recorder.closed(self._socket, "dropped")
        else:
            first = self.protocol.close_rcvd_then_sent
            self._recorder.closed(self._socket, "by-application" if first else "closed", sent.code)
