import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from azure.communication.callautomation import TranscriptionOptions
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.server import serve

from acs_emulator import CannotStart, Emulator, Options
from acs_emulator.outgoing.trust import outgoing

pytestmark = pytest.mark.anyio


@dataclass
class Application:
    """Webhooks and a socket over TLS, with certificates of a private authority."""

    receiver: Any
    webhooks: str
    socket: str


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "private.pem")
    return made


@pytest.fixture
async def application(authority: trustme.CA, receiver: Any, listener: Any) -> AsyncIterator[Application]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with (
        await asyncio.start_server(receiver.answer, "127.0.0.1", 0, ssl=context) as webhooks,
        serve(listener.listen, "127.0.0.1", 0, ssl=context) as sockets,
    ):
        yield Application(
            receiver,
            f"https://localhost:{webhooks.sockets[0].getsockname()[1]}",
            f"wss://localhost:{next(iter(sockets.sockets)).getsockname()[1]}/transcripts",
        )


async def _subscribe(emulator: Emulator, application: Application) -> int:
    async with httpx.AsyncClient(base_url=emulator.url) as http:
        body = {"url": f"{application.webhooks}/events"}
        return (await http.post("/_emulator/event-subscriptions", json=body)).status_code


async def test_an_application_that_ssl_cert_file_vouches_for(
    application: Application, listener: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Event Grid, callbacks and the transcription socket reach it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "private.pem"))
    async with (
        Emulator(Options(speed=100)) as emulator,
        httpx.AsyncClient(base_url=emulator.url) as http,
        CallAutomationClient(emulator.url, AzureKeyCredential(emulator.access_key)) as client,
    ):
        assert await _subscribe(emulator, application) == 201
        await http.post("/_emulator/calls", json={})
        [offered] = await emulator.journal.wait(
            "eventgrid", where=lambda e: "IncomingCall" in str(e.data["event"]), within=10
        )
        event: Any = offered.data["event"]
        await client.answer_call(
            event[0]["data"]["incomingCallContext"],
            f"{application.webhooks}/callbacks",
            cognitive_services_endpoint="https://speech.cognitiveservices.azure.com/",
            transcription=TranscriptionOptions(
                transport_url=application.socket,
                transport_type="websocket",
                locale="en-US",
                start_transcription=True,
            ),
        )
        await listener.until(lambda: bool(listener.metadata))
        assert await emulator.journal.wait(
            "callback",
            where=lambda e: (e.data["type"], e.data["status"]) == ("CallConnected", 200),
            within=10,
        )


async def test_an_application_that_nobody_vouches_for(application: Application) -> None:
    """Is not reached: certificates are verified."""
    async with Emulator(Options()) as emulator:
        assert await _subscribe(emulator, application) == 424
    assert not application.receiver.requests


def test_the_systems_authorities_stay(authority: trustme.CA, tmp_path: Path) -> None:
    """SSL_CERT_FILE adds to them, where OpenSSL alone would put it in their place."""
    before = outgoing({}).get_ca_certs(binary_form=True)
    after = outgoing({"SSL_CERT_FILE": str(tmp_path / "private.pem")}).get_ca_certs(binary_form=True)
    assert set(before) < set(after)
    assert len(after) == len(before) + 1


async def test_a_file_without_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told at the start, not at the first callback."""
    for name, content in (("missing.pem", None), ("empty.pem", "nothing")):
        if content is not None:
            (tmp_path / name).write_text(content)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / name))
        with pytest.raises(CannotStart, match=f"SSL_CERT_FILE names .*{name}"):
            await Emulator(Options()).__aenter__()
