"""What load.c does, for a machine without a C compiler: the same words, the same lines, the same packets.

Frames are made once and sent on every connection, under a masking key of zeros (RFC 6455 section 5.3 asks clients of
others to choose unpredictable ones); a server unmasks them like any. Fast servers may wait for this generator.
"""

from __future__ import annotations

import functools
import re
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

BLOCK = 65_536
AT_ONCE = 128
_STAMP = re.compile(rb"t=(\d{19})")
_OFFSET = re.compile(rb'"offset": ?(\d{19})')
_REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Script:
    """The packets of a connection, by number: the first opens it, the others come again and again with raised offsets."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._first, *self._others = texts
        offsets = [int(found) for text in texts for found in _OFFSET.findall(text)]
        self._span = max(offsets) - min(offsets) + 50_000_000 if offsets else 0
        self.packet = functools.cache(self._packet)

    def _packet(self, number: int) -> bytes:
        if number == 0:
            return self._first
        times, place = divmod(number - 1, len(self._others))
        raised = times * self._span
        return _OFFSET.sub(lambda found: b'"offset":%d' % (int(found[1]) + raised), self._others[place])

    def frame(self, number: int) -> bytes:
        """The packet as a frame, stamped with the time now where it has a place for that."""
        text = self.packet(number)
        if found := _STAMP.search(text):
            text = b"%bt=%019d%b" % (text[: found.start()], time.monotonic_ns(), text[found.end() :])
        return framed(text)

    def is_final(self, number: int) -> bool:
        return b'"Final"' in self.packet(number)


def framed(text: bytes) -> bytes:
    """A masked text frame of a message of at most 65,535 bytes (RFC 6455 section 5.2)."""
    length = len(text)
    head = bytes([0x81, 0x80 | length]) if length < 126 else b"\x81\xfe" + length.to_bytes(2, "big")
    return head + bytes(4) + text


@dataclass(slots=True)
class Connection:
    socket: socket.socket
    waiting: memoryview = field(default_factory=lambda: memoryview(b""))

    def flush(self) -> bool:
        """Whether everything went out."""
        while self.waiting:
            try:
                self.waiting = self.waiting[self.socket.send(self.waiting) :]
            except BlockingIOError:
                return False
        return True


def opened(address: tuple[str, int], paths: Sequence[str], many: int, at_once: int) -> list[Connection]:
    """Connections whose handshakes are done; raises ConnectionError where one is refused."""
    connections: list[Connection] = []
    for first in range(0, many, at_once):
        group = []
        for number in range(first, min(first + at_once, many)):
            made = socket.socket()
            made.setblocking(False)
            made.connect_ex(address)
            group.append((made, paths[number % len(paths)]))
        for made, path in group:
            made.settimeout(60)
            _ask(made, path, address)
        for made, _ in group:
            answer = made.recv(4096)
            if not answer.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(f"refused: {answer[:200]!r}")
            made.setblocking(False)
            connections.append(Connection(made))
    return connections


def _ask(made: socket.socket, path: str, address: tuple[str, int]) -> None:
    """Waits until the connection stands, by writing to it."""
    with selectors.DefaultSelector() as selector:
        selector.register(made, selectors.EVENT_WRITE)
        if not selector.select(60):
            raise ConnectionError(f"no connection to port {address[1]}")
    made.sendall(_REQUEST.format(path=path).encode())


def blast(connections: Sequence[Connection], script: Script, amount: int) -> None:
    """Every connection gets the same blocks, each as fast as it takes them."""
    blocks = list(_blocks(script, amount))
    left = {connection: iter(blocks) for connection in map(id, connections)}
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_WRITE, connection)
        while left:
            for key, _ in selector.select():
                if not key.data.flush():
                    continue
                block = next(left[id(key.data)], None)
                if block is None:
                    selector.unregister(key.fileobj)
                    del left[id(key.data)]
                else:
                    key.data.waiting = memoryview(block)


def _blocks(script: Script, amount: int) -> Iterator[bytes]:
    block = bytearray()
    for number in range(1, amount + 1):
        block += script.frame(number)
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def paced(connections: Sequence[Connection], script: Script, waves: int, rate: float) -> None:
    began, each = time.monotonic(), 1 / abs(rate)
    step = each / len(connections) if rate < 0 else 0.0
    for wave in range(waves):
        for place, connection in enumerate(connections):
            left = began + wave * each + place * step - time.monotonic()
            if left > 0 and (step or not place):
                time.sleep(left)
            connection.waiting = memoryview(bytes(connection.waiting) + script.frame(wave + 1))
            while not connection.flush() and len(connection.waiting) > BLOCK:
                time.sleep(0.001)
    while not all(connection.flush() for connection in connections):
        time.sleep(0.001)


def main(words: Sequence[str]) -> None:
    mode, host, port, paths, packets, many, amount, rate = words
    with open(paths, encoding="utf-8") as file:
        ways = file.read().splitlines()
    with open(packets, "rb") as texts:
        script = Script(texts.read().splitlines())
    began = time.monotonic()
    connections = opened((host, int(port)), ways, int(many), int(many) if mode == "burst" else AT_ONCE)
    _say(f"open {time.monotonic() - began:.6f}")
    if mode != "burst":
        for connection in connections:
            connection.socket.sendall(script.frame(0))
    sys.stdin.readline()
    began, sent = time.monotonic(), 0
    if mode in ("blast", "paced"):
        sent = int(amount)
        if mode == "blast":
            blast(connections, script, sent)
        else:
            paced(connections, script, sent, float(rate))
    finals = sum(script.is_final(number) for number in range(1, sent + 1))
    _say(f"sent {sent * len(connections)} {finals * len(connections)} {time.monotonic() - began:.6f}")
    sys.stdin.readline()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
