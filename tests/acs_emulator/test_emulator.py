import asyncio
import json
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.communication.callautomation import CallAutomationClient, CommunicationUserIdentifier

from acs_emulator import CannotStart, Emulator, Options, PortBusy, serving

pytestmark = pytest.mark.anyio


async def test_nothing_is_left_behind() -> None:
    """No task and no socket outlives it, though a call rings and somebody waits."""
    before = asyncio.all_tasks()
    async with Emulator(Options()) as emulator, httpx.AsyncClient(base_url=emulator.url) as http:
        await http.post("/_emulator/calls", json={})
        waiting = asyncio.create_task(http.get("/_emulator/journal?kind=packet&wait=60"))
        await emulator.journal.wait("call")
        port = int(emulator.url.rpartition(":")[2])
        emulator.journal.close()
        assert (await waiting).json()["entries"] == []
    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_a_busy_port() -> None:
    """PortBusy names port and option, and nothing is left listening."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=f"127.0.0.1:{port} .*--http-port"):
            await Emulator(Options(http_port=port)).__aenter__()
        with pytest.raises(PortBusy, match="--https-port"):
            await Emulator(Options(https_port=port)).__aenter__()


async def test_a_connection_string_over_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocking SDK trusts the development CA through REQUESTS_CA_BUNDLE."""
    ca_file = tmp_path / "ca.pem"
    async with Emulator(Options(https_port=0, ca_file=ca_file)) as emulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))

        def place() -> str:
            with CallAutomationClient.from_connection_string(emulator.connection_string) as client:
                target = CommunicationUserIdentifier("8:acs:resource_user")
                return str(client.create_call(target, f"{emulator.url}/nowhere").call_connection_state)

        assert await asyncio.to_thread(place) == "connecting"
        context = ssl.create_default_context(cafile=str(ca_file))
        async with httpx.AsyncClient(base_url=emulator.https_url or "", verify=context) as http:
            shown = (await http.get("/_emulator/connection-string")).json()
        assert shown["connectionString"] == emulator.connection_string
        assert shown["endpoint"].startswith("https://")


_ASYNCHRONOUS = """
import asyncio, sys
from azure.communication.callautomation import CommunicationUserIdentifier
from azure.communication.callautomation.aio import CallAutomationClient

async def place():
    async with CallAutomationClient.from_connection_string(sys.argv[1]) as client:
        target = CommunicationUserIdentifier("8:acs:resource_user")
        print((await client.create_call(target, "http://127.0.0.1:9/nowhere")).call_connection_state, end="")

asyncio.run(place())
"""


async def test_the_asynchronous_client_over_https(tmp_path: Path) -> None:
    """A program of its own trusts the development CA through SSL_CERT_FILE, which has to be there when it starts."""
    ca_file = tmp_path / "ca.pem"
    async with Emulator(Options(https_port=0, ca_file=ca_file)) as emulator:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _ASYNCHRONOUS, emulator.connection_string),
            env={**os.environ, "SSL_CERT_FILE": str(ca_file)},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await program.communicate()
    assert said == b"connecting"


async def test_the_certificate_over_http(tmp_path: Path) -> None:
    """Whoever has no file fetches it; without https there is none."""
    async with Emulator(Options(https_port=0)) as emulator, httpx.AsyncClient() as http:
        fetched = (await http.get(f"{emulator.url}/_emulator/ca.pem")).text
        assert emulator.description()["caUrl"] == f"{emulator.url}/_emulator/ca.pem"
        trusting = ssl.create_default_context(cadata=fetched)
        async with httpx.AsyncClient(verify=trusting) as secure:
            assert (await secure.get(f"{emulator.https_url}/calling/keys")).status_code == 200
    async with Emulator(Options()) as emulator, httpx.AsyncClient() as http:
        assert (await http.get(f"{emulator.url}/_emulator/ca.pem")).status_code == 404
        assert emulator.ca_certificate is None


async def test_trust_survives_a_restart(tmp_path: Path) -> None:
    """A kept authority is used again: what trusted the first emulator trusts the next."""
    ca_file = tmp_path / "ca.pem"
    async with Emulator(Options(https_port=0, ca_file=ca_file)):
        trusting = ssl.create_default_context(cafile=str(ca_file))
    async with (
        Emulator(Options(https_port=0, ca_file=ca_file)) as emulator,
        httpx.AsyncClient(verify=trusting) as http,
    ):
        assert (await http.get(f"{emulator.https_url}/calling/keys")).status_code == 200


async def test_an_idle_client_over_https_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not listen, and so would never answer a polite goodbye."""
    monkeypatch.setattr(serving, "SHUTDOWN_PATIENCE", 1000)

    def connect(port: int, certificate: bytes) -> ssl.SSLSocket:
        trusting = ssl.create_default_context(cadata=certificate.decode())
        idle = trusting.wrap_socket(
            socket.create_connection(("127.0.0.1", port)), server_hostname="localhost"
        )
        idle.sendall(b"GET /calling/keys HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b'"keys"' not in idle.recv(65536):
            continue
        return idle

    async with asyncio.timeout(30), Emulator(Options(https_port=0)) as emulator:
        port, certificate = int(str(emulator.https_url).rpartition(":")[2]), emulator.ca_certificate or b""
        idle = await asyncio.to_thread(connect, port, certificate)
    idle.close()


async def test_an_authority_that_cannot_be_used(tmp_path: Path) -> None:
    """CannotStart says which files, and what to do."""
    (tmp_path / "ca.pem").write_text("mine")
    with pytest.raises(CannotStart, match="without its private key"):
        await Emulator(Options(https_port=0, ca_file=tmp_path / "ca.pem")).__aenter__()
    assert (tmp_path / "ca.pem").read_text() == "mine"
    with pytest.raises(CannotStart, match=r"No certificate can be for 127\.0\.0\.1, a name"):
        await Emulator(Options(https_port=0, names=("a name",))).__aenter__()


async def test_subscriptions_made_at_start_wait_for_the_receiver(receiver: Any) -> None:
    """The handshake is tried until the receiver agrees."""
    receiver.agrees = False
    async with Emulator(Options(events=(f"{receiver.url}/events",))) as emulator:
        assert await emulator.journal.wait("eventgrid")
        assert not emulator.event_grid.subscriptions
        receiver.agrees = True
        async with asyncio.timeout(10):
            while not emulator.event_grid.subscriptions:
                await emulator.journal.wait("eventgrid", after=len(emulator.journal.entries()))


async def test_the_ready_file(tmp_path: Path) -> None:
    """Tells a program where the emulator is."""
    ready = tmp_path / "ready.json"
    async with Emulator(Options(ready_file=ready)) as emulator:
        told = json.loads(ready.read_text())
        assert told == emulator.description()
        assert told["httpUrl"] == emulator.url
        assert told["httpsUrl"] is None


async def test_an_emulator_that_does_not_run() -> None:
    """Has no parts to look at."""
    with pytest.raises(RuntimeError):
        _ = Emulator().journal


async def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """CannotStart names it; nothing runs."""
    before = asyncio.all_tasks()
    for options in (
        Options(ready_file=tmp_path / "none" / "ready.json"),
        Options(https_port=0, ca_file=tmp_path / "none" / "ca.pem"),
    ):
        with pytest.raises(CannotStart, match="cannot write"):
            await Emulator(options).__aenter__()
    assert asyncio.all_tasks() == before


async def test_legacy_offsets(world: Any) -> None:
    """A call whose packets are those of the preview: no durations, offsets of about 2.5e18."""
    context = await world.dial_in("Hello there.", legacyOffsets=True)
    await world.answer(context, transcription=world.transcription())
    await world.event("CallDisconnected")
    final = world.listener.results[-1]
    assert 2.4e18 < final["offset"] < 2.6e18
    assert "duration" not in str(final)


async def test_a_call_rings_for_thirty_seconds(receiver: Any) -> None:
    """Emulated ones, where nobody says otherwise; then it has ended unanswered."""
    async with (
        Emulator(Options(events=(f"{receiver.url}/events",))) as emulator,
        httpx.AsyncClient(base_url=emulator.url) as http,
    ):
        emulator.clock.hold()
        rings = (await http.post("/_emulator/calls", json={})).json()
        await emulator.clock.step(29)
        assert [call.call_id for call in emulator.calls.all()] == [rings["callId"]]
        await emulator.clock.step(2)
        assert emulator.calls.all() == []
