"""A real endpoint that verifies signatures with the library that receivers use."""

import base64
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import time

import anyio
import msgspec
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from callscribe.adapters import outbound
from callscribe.adapters.outbound import WebhookSink, is_public
from callscribe.domain.changes import Change, ChangeKind
from callscribe.domain.hooks import PushRefused
from tests.callscribe.http_receiver import Receiver, Reply, receiver

pytestmark = pytest.mark.anyio

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


class Now:
    def now(self) -> int:
        return int(time() * 1000)


def changes(*numbers: int) -> list[Change]:
    return [
        Change(
            "call_1",
            number,
            ChangeKind.SEGMENT,
            1_763_618_400_123,
            msgspec.Raw(b'{"text":"Gr\xc3\xbc\xc3\x9fe"}'),
        )
        for number in numbers
    ]


@asynccontextmanager
async def endpoint() -> AsyncIterator[tuple[WebhookSink, Receiver]]:
    async with receiver() as server:
        sink = WebhookSink("webhook", f"{server.url}/hooks?for=us", SECRET, Now(), development=True)
        try:
            yield sink, server
        finally:
            await sink.aclose()


async def test_signed_and_in_order() -> None:
    """One POST for each change, in order, each verifiable with the shared secret and with no other."""
    async with endpoint() as (sink, server):
        assert await sink.send(changes(4, 5, 6)) == 6
        ids = [request.headers["webhook-id"] for request in server.requests]
        assert ids == ["call_1_4", "call_1_5", "call_1_6"]
        for request in server.requests:
            body = Webhook(SECRET).verify(request.body, dict(request.headers))
            assert body["type"] == "transcript.segment"
            assert body["data"]["segment"] == {"text": "Grüße"}
            assert (request.path, request.query["for"]) == ("/hooks", "us")
            assert request.headers["content-type"] == "application/json"
            with pytest.raises(WebhookVerificationError):
                Webhook("whsec_" + base64.b64encode(b"another secret of thirty-two ...").decode()).verify(
                    request.body, dict(request.headers)
                )


@pytest.mark.parametrize(("status", "gone"), [(400, False), (410, True), (500, False)])
async def test_refused_on_the_way(status: int, gone: bool) -> None:
    """What was accepted before the refusal is told, and nothing is sent after it."""
    async with endpoint() as (sink, server):
        server.replies = [Reply(204), Reply(status)]
        with pytest.raises(PushRefused) as refused:
            await sink.send(changes(4, 5, 6))
        assert (refused.value.accepted, refused.value.gone) == (4, gone)
        assert len(server.requests) == 2


async def test_a_redirect() -> None:
    """It is not followed: the signed words go nowhere but to the endpoint that was set."""
    async with endpoint() as (sink, server):
        server.default = Reply(307, headers={"Location": f"{server.url}/elsewhere"})
        with pytest.raises(PushRefused, match="307"):
            await sink.send(changes(1))
        assert [request.path for request in server.requests] == ["/hooks"]


async def test_asked_to_wait() -> None:
    """Retry-After is handed on."""
    async with endpoint() as (sink, server):
        server.default = Reply(429, headers={"Retry-After": "120"})
        with pytest.raises(PushRefused) as refused:
            await sink.send(changes(1))
        assert refused.value.retry_after == 120


async def test_a_long_answer() -> None:
    """Of a long answer nothing is read: only its status counts."""
    async with endpoint() as (sink, server):
        server.default = Reply(200, b"x" * 1_000_000)
        assert await sink.send(changes(1, 2)) == 2


async def test_nobody_listens() -> None:
    """No connection is a refusal to be tried again."""
    async with receiver() as server:
        url = server.url
    sink = WebhookSink("webhook", url, SECRET, Now(), development=True)
    with pytest.raises(PushRefused, match="ConnectError"):
        await sink.send(changes(1))
    await sink.aclose()


async def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that keeps silent is given up for this time."""
    monkeypatch.setattr(outbound, "ANSWER_WITHIN_S", 0.05)
    async with endpoint() as (sink, server):
        late = anyio.Event()
        server.default = Reply(held=late)
        with pytest.raises(PushRefused, match="in time"):
            await sink.send(changes(1))
        late.set()


async def test_a_slow_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time no further change is begun, and what was accepted is told."""
    monkeypatch.setattr(outbound, "SEND_FOR_S", -1.0)
    async with endpoint() as (sink, server):
        assert await sink.send(changes(1, 2, 3)) == 1
        assert len(server.requests) == 1


async def test_nothing_to_send() -> None:
    """Sending nothing is a mistake of the caller."""
    async with endpoint() as (sink, _):
        with pytest.raises(ValueError, match="nothing"):
            await sink.send([])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("64:ff9b::5db8:d822", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    """Private, link-local, loopback, shared and multicast addresses are not, nor those that carry one inside."""
    assert is_public(address) is public


@pytest.mark.parametrize("url", ["https://127.0.0.1/hooks", "https://localhost/hooks", "https://[::1]/hooks"])
async def test_an_address_inside(url: str) -> None:
    """Outside development nothing is sent into the private network, whatever its name."""
    sink = WebhookSink("webhook", url, SECRET, Now())
    with pytest.raises(PushRefused, match="private address"):
        await sink.send(changes(1))
    await sink.aclose()


@pytest.mark.parametrize("addresses", [[], ["93.184.216.34", "10.0.0.1"]])
async def test_a_name_with_a_private_address_among_public_ones(addresses: list[str]) -> None:
    """One private address is enough to refuse, and so is none at all."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    sink = WebhookSink("webhook", "https://hooks.test", SECRET, Now(), resolve=resolve)
    with pytest.raises(PushRefused, match="private address"):
        await sink.send(changes(1))
    await sink.aclose()


async def test_a_name_that_does_not_exist() -> None:
    """It is a refusal to be tried again."""
    sink = WebhookSink("webhook", "https://does-not-exist.invalid/hooks", SECRET, Now())
    with pytest.raises(PushRefused, match="cannot be resolved"):
        await sink.send(changes(1))
    await sink.aclose()


def certificate(path: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (path / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path / "cert.pem", path / "key.pem"


@pytest.mark.parametrize("name", ["hooks.test", "other.test"])
async def test_the_address_that_was_checked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was checked, while certificate and Host are those of the name."""
    cert, key = certificate(tmp_path, "hooks.test")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    hosts: list[str] = []

    async def take(request: web.Request) -> web.Response:
        hosts.append(request.headers["Host"])
        return web.Response()

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    app = web.Application()
    app.router.add_post("/hooks", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port = runner.addresses[0][1]
    sink = WebhookSink("webhook", f"https://{name}:{port}/hooks", SECRET, Now(), resolve=resolve)
    if name == "hooks.test":
        assert await sink.send(changes(1)) == 1
        assert hosts == [f"hooks.test:{port}"]
    else:
        with pytest.raises(PushRefused, match="ConnectError"):
            await sink.send(changes(1))
    await sink.aclose()
    await runner.cleanup()
