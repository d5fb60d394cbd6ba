"""The load that is put on servers: what arrives is what was to be sent, from the C programs as from those in Python."""

import asyncio
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks import packets
from benchmarks.generator.readers_in_python import Reader
from tests.programs import ROOT

pytestmark = pytest.mark.anyio
C_SOURCES = ROOT / "benchmarks/generator"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=["c", "python"])
def programs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """How `load` and `readers` are started."""
    if request.param == "python":
        return {
            name: [sys.executable, "-m", f"benchmarks.generator.{name}_in_python"]
            for name in ("load", "readers")
        }
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("there is no C compiler")
    folder = tmp_path_factory.mktemp("generator")
    return {name: [_compiled(compiler, name, folder)] for name in ("load", "readers")}


def _compiled(compiler: str, name: str, folder: Path) -> str:
    binary = folder / name
    words = [compiler, "-Wall", "-Wextra", "-Werror", "-o", str(binary), str(C_SOURCES / f"{name}.c")]
    asyncio.run(_run(words))
    return str(binary)


async def _run(words: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    _, err = await process.communicate()
    assert process.returncode == 0, err.decode()


@asynccontextmanager
async def started(words: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *words, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process, word: str) -> list[float]:
    assert process.stdout is not None
    first, *rest = (await process.stdout.readline()).decode().split()
    assert first == word
    return [float(number) for number in rest]


def go_on(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")


class Arrived:
    """A server's messages by the path of their socket; `all` is set when so many came."""

    def __init__(self, many: int) -> None:
        self.texts: dict[str, list[str]] = {}
        self.all = asyncio.Event()
        self._many = many

    async def take(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        mine = self.texts[connection.request.path] = []
        with suppress(ConnectionClosed):
            async for message in connection:
                assert isinstance(message, str)
                mine.append(message)
                if sum(map(len, self.texts.values())) == self._many:
                    self.all.set()


@pytest.mark.parametrize(("mode", "rate"), [("blast", "0"), ("paced", "1000"), ("paced", "-1000")])
async def test_every_packet_arrives_once_and_in_order(
    programs: dict[str, list[str]], tmp_path: Path, mode: str, rate: str
) -> None:
    """More packets than there are texts: those of later rounds have offsets of their own."""
    amount, sockets = 250, 3
    arrived = Arrived(sockets * (amount + 1))
    paths = tmp_path / "paths"
    paths.write_text("".join(f"/call-{number}\n" for number in range(sockets)), encoding="utf-8")
    spoken = packets.write(tmp_path / "packets")
    async with serve(arrived.take, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        words = [mode, "127.0.0.1", str(port), str(paths), str(spoken), str(sockets), str(amount), rate]
        async with started([*programs["load"], *words]) as process:
            await said(process, "open")
            go_on(process)
            sent, finals, _ = await said(process, "sent")
            await arrived.all.wait()

    assert (sent, finals) == (sockets * amount, sockets * (amount // packets.PIECES))
    first, *others = arrived.texts.values()
    assert all(other == first for other in others)
    assert first[0] == packets.metadata()
    texts = list(packets.data())
    assert first[1 : len(texts) + 1] == texts
    again = first[len(texts) + 1 :]
    assert [without_offsets(text) for text in again] == [
        without_offsets(text) for text in texts[: len(again)]
    ]
    latest = max(offset for text in texts for offset in offsets(text))
    assert all(offset > latest for text in again for offset in offsets(text))


def offsets(text: str) -> list[int]:
    return [int(found) for found in re.findall(r'"offset":(\d+)', text)]


def without_offsets(text: str) -> str:
    return re.sub(r'"offset":\d+', "", text)


async def hung_up(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_live_readers_count_what_is_delivered(programs: dict[str, list[str]], tmp_path: Path) -> None:
    """Wherever the stream is cut; the deaf one asks and never reads."""
    many, events = 3, 40
    begun = asyncio.Event()
    asked: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 2000\n\n")
        writers.append(writer)
        if len(writers) == many + 1:
            begun.set()

    paths = tmp_path / "paths"
    paths.write_text("/stream\n", encoding="utf-8")
    async with await asyncio.start_server(stream, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        words = ["127.0.0.1", str(port), str(paths), str(many + 1), "1", str(many * events), "Bearer key"]
        async with started([*programs["readers"], *words]) as process:
            await said(process, "open")
            await begun.wait()
            body = b" words\n\n".join(b"data: t=%019d" % time.monotonic_ns() for _ in range(events))
            for piece in (body[at : at + 17] for at in range(0, len(body), 17)):
                for writer in writers:
                    writer.write(piece)
            heard, last, p50, p99, p999 = await said(process, "heard")
            await hung_up(writers)

    assert heard == many * events
    assert last <= time.monotonic()
    assert 0 <= p50 <= p99 <= p999
    assert all(request.startswith(b"GET /stream HTTP/1.1\r\n") for request in asked)
    assert all(b"\r\nAuthorization: Bearer key\r\n" in request for request in asked)


async def test_a_stamp_that_is_cut_in_two() -> None:
    """It counts once, wherever the cut is."""
    data = b"data: t=%019d words\n\n" % 5_000_000_000
    for cut in range(len(data)):
        reader = Reader(socket=None)  # type: ignore[arg-type]
        counted = [reader.count(piece, 7.0) for piece in (data[:cut], data[cut:], b"more")]
        assert [latency for piece in counted for latency in piece] == [2.0]
