"""The recorder: keeps everything that the emulator sends out, so that it can be sent again byte for byte."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from acs_emulator.clock import Clock
from acs_emulator.recorder.lines import Closed, Frame, How, Opened, Request, shown
from acs_emulator.signing import BadToken

MAX_LINES = 200_000
MAX_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Signed:
    """With what kind of token something goes out."""

    seconds: int | None = None
    """None for no token."""
    bad: BadToken | None = None


class Recorder:
    """Off until `start`; full recordings stop by themselves and say so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: list[Request | Opened | Frame | Closed] = []
        self._sockets = itertools.count(1)
        self._began = 0.0
        self._bytes = 0
        self.on = False
        self.truncated = False

    def start(self) -> None:
        """Begin a new recording; the last one is forgotten."""
        self.clear()
        self._began = self._clock.now()
        self.on = True

    def stop(self) -> None:
        """What was recorded stays."""
        self.on = False

    def clear(self) -> None:
        self.on = self.truncated = False
        self._lines.clear()
        self._sockets = itertools.count(1)
        self._bytes = 0

    @property
    def lines(self) -> list[Request | Opened | Frame | Closed]:
        return list(self._lines)

    def request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, signed: Signed
    ) -> None:
        if self._takes(content):
            text, base64 = shown(content)
            self._lines.append(
                Request(
                    number=len(self._lines) + 1,
                    at=self._at(),
                    method=method,
                    url=url,
                    headers=dict(headers),
                    token_seconds=signed.seconds,
                    bad_token=signed.bad,
                    text=text,
                    base64=base64,
                )
            )

    def opened(self, url: str, headers: Mapping[str, str], signed: Signed) -> int | None:
        """The socket's number; None where nothing is recorded."""
        if not self._takes(b""):
            return None
        socket = next(self._sockets)
        self._lines.append(
            Opened(
                number=len(self._lines) + 1,
                at=self._at(),
                url=url,
                headers=dict(headers),
                token_seconds=signed.seconds,
                bad_token=signed.bad,
                socket=socket,
            )
        )
        return socket

    def frame(self, socket: int, message: str | bytes) -> None:
        content = message.encode() if isinstance(message, str) else message
        if self._takes(content):
            text, base64 = shown(content)
            self._lines.append(
                Frame(
                    number=len(self._lines) + 1,
                    at=self._at(),
                    socket=socket,
                    binary=not isinstance(message, str),
                    text=text,
                    base64=base64,
                )
            )

    def closed(self, socket: int, how: How, code: int | None = None) -> None:
        if self._takes(b""):
            number = len(self._lines) + 1
            self._lines.append(Closed(number=number, at=self._at(), socket=socket, how=how, code=code))

    def _at(self) -> float:
        return round(max(self._clock.now() - self._began, 0.0), 6)

    def _takes(self, content: bytes) -> bool:
        if not self.on:
            return False
        if len(self._lines) >= MAX_LINES or self._bytes + len(content) > MAX_BYTES:
            self.on, self.truncated = False, True
            return False
        self._bytes += len(content)
        return True
