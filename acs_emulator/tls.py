"""A development certificate authority of the emulator's own, and the server certificate it issues."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

VALID_FOR = timedelta(days=397)
"""Of a server's certificate, made at each start; what browsers and Apple's systems accept at most."""
ALWAYS = ("localhost", "127.0.0.1", "::1")
RECORDING_HOSTS = ("*.asm.skype.com", "*.asyncgw.teams.microsoft.com", "*.ams.gov.teams.microsoft.us")
"""Where SDKs insist that recordings come from; a test leads these names to the loopback address."""
_NAME = "Azure Communication Services emulator"


class BadAuthority(Exception):
    """A kept authority cannot be used; the message says in one sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Development:
    """A server's TLS context, and the certificate (PEM) of the authority that clients have to trust."""

    context: ssl.SSLContext
    ca_certificate: bytes


def make(*hosts: str, ca_file: Path | None = None) -> Development:
    """TLS for `localhost`, the loopback addresses, the hosts, and the hosts of recordings.

    The authority is the one kept in `ca_file`; it is made where there is none. Without a file it stays in memory. The
    server's key does so too, but for the moment in which OpenSSL reads it from a temporary file. Raises BadAuthority,
    OSError where the file cannot be written, and ValueError where a host is no name.
    """
    authority = _new() if ca_file is None else _kept(ca_file)
    certificate = authority.issue_cert(
        *dict.fromkeys((*ALWAYS, *hosts, *RECORDING_HOSTS)),
        common_name="localhost",
        organization_name=_NAME,
        not_before=datetime.now(UTC) - timedelta(hours=1),
        not_after=datetime.now(UTC) + VALID_FOR,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return Development(context, authority.cert_pem.bytes())


def key_file(ca_file: Path) -> Path:
    """Where the private key of a kept authority is: beside its certificate."""
    return ca_file.with_name(f"{ca_file.name}.key")


def _new() -> trustme.CA:
    return trustme.CA(path_length=0, organization_name=_NAME, organization_unit_name="Development CA")


def _kept(ca_file: Path) -> trustme.CA:
    key = key_file(ca_file)
    if ca_file.is_dir():
        raise BadAuthority(f"The emulator cannot use the folder {ca_file}; name a file with --ca-file.")
    if ca_file.exists() and key.exists():
        return _load(ca_file, key)
    if ca_file.exists():
        raise BadAuthority(
            f"The emulator cannot use {ca_file} without its private key {key}; "
            "remove the file, or choose another with --ca-file."
        )
    authority = _new()
    _write_private(key, authority.private_key_pem.bytes())
    ca_file.write_bytes(authority.cert_pem.bytes())
    return authority


def _load(ca_file: Path, key: Path) -> trustme.CA:
    try:
        certificate_pem, key_pem = ca_file.read_bytes(), key.read_bytes()
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        if load_pem_private_key(key_pem, None).public_key() != certificate.public_key():
            raise ValueError("they do not belong together")
        return trustme.CA.from_pem(certificate_pem, key_pem)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadAuthority(
            f"The emulator cannot use {ca_file} with {key} ({error}); remove both, or choose another with --ca-file."
        ) from error


def _write_private(path: Path, content: bytes) -> None:
    """For the owner alone, from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
