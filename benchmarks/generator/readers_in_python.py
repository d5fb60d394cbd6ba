"""What readers.c does, for a machine without a C compiler: the same words and the same lines."""

from __future__ import annotations

import re
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import percentile

STAMP = 21
"""Bytes of a stamp: "t=" and 19 digits."""
SILENCE_S = 10.0
_STAMPS = re.compile(rb"t=(\d{19})")


@dataclass(slots=True)
class Reader:
    socket: socket.socket
    tail: bytes = b""

    def count(self, data: bytes, now: float) -> list[float]:
        """Seconds from sending for each delivery that is whole; a stamp may be cut in two by the reading."""
        data = self.tail + data
        found = list(_STAMPS.finditer(data))
        end = found[-1].end() if found else 0
        self.tail = data[max(end, len(data) - STAMP + 1) :]
        return [now - int(one[1]) / 1e9 for one in found]


def opened(address: tuple[str, int], paths: Sequence[str], many: int, deaf: int, bearer: str) -> list[Reader]:
    """Readers whose streams have begun, without the deaf ones, which have only asked."""
    readers = []
    for number in range(many):
        made = socket.create_connection(address, timeout=60)
        path = paths[number % len(paths)]
        made.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: {bearer}\r\n\r\n".encode()
        )
        readers.append(Reader(made))
    for reader in readers[deaf:]:
        _begin(reader)
    return readers


def _begin(reader: Reader) -> None:
    heard = b""
    while b"\r\n\r\n" not in heard or heard.endswith(b"\r\n\r\n"):
        more = reader.socket.recv(65_536)
        heard += more
        if not more or not heard.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"refused: {heard[:300]!r}")
    reader.socket.setblocking(False)


def listen(readers: Sequence[Reader], expected: int) -> tuple[list[float], float]:
    """The latency of each delivery, and when the last came."""
    latencies: list[float] = []
    last = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader.socket, selectors.EVENT_READ, reader)
        while len(latencies) < expected:
            ready = selector.select(SILENCE_S if latencies else 60)
            if not ready:
                break
            for key, _ in ready:
                data = key.data.socket.recv(262_144)
                if not data:
                    raise ConnectionError("the server hung up")
                last = time.monotonic()
                latencies += key.data.count(data, last)
    return latencies, last


def main(words: Sequence[str]) -> None:
    host, port, paths, many, deaf, expected, bearer = words
    with open(paths, encoding="utf-8") as file:
        ways = file.read().splitlines()
    began = time.monotonic()
    readers = opened((host, int(port)), ways, int(many), int(deaf), bearer)
    _say(f"open {time.monotonic() - began:.6f}")
    latencies, last = listen(readers[int(deaf) :], int(expected))
    parts = [percentile(latencies or [0.0], part) for part in (0.5, 0.99, 0.999)]
    _say(f"heard {len(latencies)} {last:.6f} {parts[0]:.6f} {parts[1]:.6f} {parts[2]:.6f}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
