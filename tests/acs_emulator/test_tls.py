import asyncio
import ssl
import stat
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from acs_emulator import tls


def test_the_development_authority() -> None:
    """A CA that signs nothing but servers, and a context that is ready to serve."""
    made = tls.make("emulator.local")
    authority = x509.load_pem_x509_certificate(made.ca_certificate)
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert made.context.protocol == ssl.PROTOCOL_TLS_SERVER


def test_every_authority_is_another() -> None:
    """Nothing is kept between two starts."""
    assert tls.make("10.0.0.1").ca_certificate != tls.make("10.0.0.1").ca_certificate


@pytest.mark.anyio
@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "emulator.local", "emulator", "us-storage.asm.skype.com"]
)
async def test_the_names_of_a_server(name: str) -> None:
    """Loopback, the host, and the hosts that SDKs take recordings from; strictly verified."""
    made = tls.make("emulator.local", "emulator")
    trusting = ssl.create_default_context(cadata=made.ca_certificate.decode())
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=made.context) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=name)
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname="elsewhere")


def test_a_kept_authority(tmp_path: Path) -> None:
    """Used again; its key is for the owner alone."""
    file = tmp_path / "ca.pem"
    first = tls.make("localhost", ca_file=file)
    assert file.read_bytes() == first.ca_certificate
    assert stat.S_IMODE(tls.key_file(file).stat().st_mode) == 0o600
    assert tls.make("localhost", ca_file=file).ca_certificate == first.ca_certificate


def test_an_authority_of_somebody_elses(tmp_path: Path) -> None:
    """May be brought along, with its key beside it."""
    theirs = trustme.CA()
    file = tmp_path / "theirs.pem"
    theirs.cert_pem.write_to_path(file)
    theirs.private_key_pem.write_to_path(tls.key_file(file))
    assert tls.make("localhost", ca_file=file).ca_certificate == theirs.cert_pem.bytes()


def test_files_that_are_no_authority(tmp_path: Path) -> None:
    """Refused in a sentence that names them, and left alone."""
    file = tmp_path / "ca.pem"
    with pytest.raises(tls.BadAuthority, match="the folder"):
        tls.make("localhost", ca_file=tmp_path)
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.raises(tls.BadAuthority, match="without its private key"):
        tls.make("localhost", ca_file=file)
    trustme.CA().private_key_pem.write_to_path(tls.key_file(file))
    with pytest.raises(tls.BadAuthority, match="do not belong together"):
        tls.make("localhost", ca_file=file)
    file.write_text("nothing of the kind")
    with pytest.raises(tls.BadAuthority, match="remove both"):
        tls.make("localhost", ca_file=file)
