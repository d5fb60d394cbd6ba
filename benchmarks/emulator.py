"""`make bench`: how quickly the emulator starts, what a hundred calls at once cost, and that memory does not grow.

The emulator is a process of its own on one core; the application that answers is this program, on another where there
is one. Every call is dialled in, answered through REST with the official SDK, transcribed to a socket while a script
is spoken, and hung up by the caller.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from azure.communication.callautomation import TranscriptionOptions
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

ROOT = Path(__file__).parents[1]
STARTS = 5
AT_ONCE = 100
LATE_S = 0.1
"""A packet that comes later than this after its words were spoken is late."""
MILESTONES = (100, 500, 1000)
IN_FLIGHT = 25
FAST = 20.0
"""Emulated seconds per second while memory is watched: a phone rings for one and a half real ones."""
GROWTH_MIB = 8.0
"""What memory may grow by between the last two milestones; the journal is full by then."""
PATIENCE_S = 60.0
WORDS = "so this is what I wanted to tell you about the order that never came"
TICKS = 10_000_000


class Failed(Exception):
    """A measurement that did not come out; the message says why."""


def main() -> int:
    """The exit code: 1 where memory grows, or calls get lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.emulator", description=__doc__)
    parser.add_argument("--only", choices=("start", "calls", "memory"), help="one of the three")
    only = parser.parse_args().only
    logging.getLogger("azure").setLevel(logging.ERROR)
    try:
        if only in (None, "start"):
            _starts()
        if only in (None, "calls", "memory"):
            asyncio.run(_calls(only))
    except Failed as failed:
        sys.stderr.write(f"FAILED: {failed}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _starts() -> None:
    took = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with _emulator():
            took.append(time.perf_counter() - began)
    each = ", ".join(f"{one:.2f}" for one in sorted(took))
    _say(f"start to ready      {statistics.median(took):.2f} s (median of {STARTS}: {each})")


@dataclass(frozen=True)
class Running:
    """An emulator's process and what it told."""

    process: subprocess.Popen[bytes]
    url: str
    key: str

    def resident(self) -> float:
        """MiB of memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def worked(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _emulator(core: int | None = None) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "acs_emulator", "--http-port", "0", "--https-port", "0"]
        command += ["--ready-file", str(ready)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            try:
                if core is not None:
                    os.sched_setaffinity(process.pid, {core})
                told = _told(process, ready)
                yield Running(process, told["httpUrl"], told["accessKey"])
            finally:
                process.terminate()


def _told(process: subprocess.Popen[bytes], ready: Path) -> dict[str, str]:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, ValueError):
            told: dict[str, str] = json.loads(ready.read_text())
            return told
        time.sleep(0.005)
    raise Failed("the emulator did not start")


@dataclass
class Application:
    """Answers every call; keeps by how much packets came later than their words were spoken."""

    client: CallAutomationClient
    url: str = ""
    ended: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    behind: list[tuple[float, float]] = field(default_factory=list)
    """For each result of every call by how many seconds it came late, and when."""
    errors: list[str] = field(default_factory=list)
    _answering: set[asyncio.Task[None]] = field(default_factory=set)

    async def events(self, request: web.Request) -> web.Response:
        body = await request.json()
        if request.headers.get("aeg-event-type") == "SubscriptionValidation":
            return web.json_response({"validationResponse": body[0]["data"]["validationCode"]})
        for event in body:
            if event["eventType"] == "Microsoft.Communication.IncomingCall":
                task = asyncio.create_task(self._answer(event["data"]["incomingCallContext"]))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
        return web.Response()

    async def _answer(self, context: str) -> None:
        transcription = TranscriptionOptions(
            transport_url=f"{self.url.replace('http', 'ws')}/transcripts",
            transport_type="websocket",
            locale="en-US",
            start_transcription=True,
            enable_intermediate_results=True,
        )
        try:
            await self.client.answer_call(
                context,
                f"{self.url}/callbacks",
                cognitive_services_endpoint="https://speech.cognitiveservices.azure.com/",
                transcription=transcription,
            )
        except Exception as error:  # noqa: BLE001 - a benchmark's supervisor: any error is one of its results
            self.errors.append(str(error))

    async def callbacks(self, request: web.Request) -> web.Response:
        for event in await request.json():
            if event["type"] == "Microsoft.Communication.CallDisconnected":
                self.ended.put_nowait(event["data"]["callConnectionId"])
        return web.Response()

    async def transcripts(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        lags: list[tuple[float, float]] = []
        async for message in socket:
            now = time.perf_counter()
            packet: dict[str, Any] = json.loads(message.data)
            if packet["kind"] == "TranscriptionData":
                data = packet["transcriptionData"]
                lags.append((now - (data["offset"] + data["duration"]) / TICKS, now))
        least = min(lags, default=(0.0, 0.0))[0]
        self.behind += [(lag - least, when) for lag, when in lags]
        return socket


@contextlib.asynccontextmanager
async def _application(running: Running) -> AsyncIterator[Application]:
    async with CallAutomationClient(running.url, AzureKeyCredential(running.key)) as client:
        made = Application(client)
        app = web.Application()
        app.add_routes(
            [
                web.post("/events", made.events),
                web.post("/callbacks", made.callbacks),
                web.get("/transcripts", made.transcripts),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            await runner.cleanup()


@dataclass(frozen=True)
class Telephones:
    """The people who dial in."""

    http: aiohttp.ClientSession
    application: Application

    async def control(self, path: str, **body: Any) -> None:
        async with self.http.post(f"/_emulator{path}", json=body) as response:
            if response.status >= 300:
                raise Failed(await response.text())

    async def call(self, number: int, sentences: int) -> None:
        turns = [{"speaker": "caller", "text": f"{WORDS} {sentence}."} for sentence in range(sentences)]
        await self.control("/calls", **{"from": f"+1555{number:07}", "dialogue": {"turns": turns}})

    async def all_over(self, calls: int) -> None:
        """Return when that many calls more have ended."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                for _ in range(calls):
                    await self.application.ended.get()
        except TimeoutError:
            why = "; ".join(self.application.errors[:3]) or "no error was told"
            raise Failed(f"calls got lost ({why})") from None


async def _calls(only: str | None) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    with _emulator(cores[0]) as running:
        async with (
            aiohttp.ClientSession(running.url, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http,
            _application(running) as application,
        ):
            telephones = Telephones(http, application)
            await telephones.control("/event-subscriptions", url=f"{application.url}/events")
            if only in (None, "calls"):
                await _at_once(running, telephones)
            if only in (None, "memory"):
                await _memory(running, telephones)


async def _at_once(running: Running, telephones: Telephones) -> None:
    """A hundred calls at the speed of life."""
    began, worked = time.perf_counter(), running.worked()
    await asyncio.gather(*(telephones.call(number, 2) for number in range(AT_ONCE)))
    await telephones.all_over(AT_ONCE)
    took, busy = time.perf_counter() - began, running.worked() - worked
    behind = sorted(lag for lag, _ in telephones.application.behind)
    late = [when - began for lag, when in telephones.application.behind if lag > LATE_S]
    until = f" (the last of them {max(late):.1f} s after the dialling began)" if late else ""
    _say(f"{AT_ONCE} calls at once   {took:.1f} s, {AT_ONCE / took:.1f} calls/s, {busy:.1f} s of one core")
    _say(
        f"packets             {len(behind)}, {len(late)} later than {LATE_S * 1000:.0f} ms{until}; "
        f"median {behind[len(behind) // 2] * 1000:.0f} ms, "
        f"99 % within {behind[len(behind) * 99 // 100] * 1000:.0f} ms"
    )


async def _memory(running: Running, telephones: Telephones) -> None:
    """A thousand calls, faster than life; fails where memory grows once the journal is full."""
    await telephones.control("/clock", speed=FAST)
    resident = {0: running.resident()}
    began, done = time.perf_counter(), 0
    for milestone in MILESTONES:
        for number in range(done, milestone):
            if number - done >= IN_FLIGHT:
                await telephones.all_over(1)
            await telephones.call(number, 4)
        await telephones.all_over(min(IN_FLIGHT, milestone - done))
        done = milestone
        resident[milestone] = running.resident()
    took = time.perf_counter() - began
    sizes = ", ".join(f"{size:.1f} after {calls}" for calls, size in resident.items())
    _say(f"{done} calls          {took:.1f} s, {done / took:.1f} calls/s; MiB: {sizes}")
    grown = resident[MILESTONES[-1]] - resident[MILESTONES[-2]]
    if grown > GROWTH_MIB:
        raise Failed(f"memory grew by {grown:.1f} MiB over the last {done - MILESTONES[-2]} calls")


if __name__ == "__main__":
    sys.exit(main())
