"""How an emulator is set up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEVELOPMENT_ACCESS_KEY = "Y2FsbHNjcmliZS1lbXVsYXRvci1kZXZlbG9wbWVudC1rZXktbm90LXNlY3JldCE="
DEVELOPMENT_RESOURCE_ID = "7b2f5a0e-6c1d-4e53-9a2b-0c4d8e6f1a35"
DEVELOPMENT_TENANT_ID = "c0a1b2d3-5e6f-4a7b-8c9d-1e2f3a4b5c6d"
DEVELOPMENT_CLIENT_ID = "5d9c1f7e-2b48-4d6a-9e03-7a1b8c2d4f60"
DEVELOPMENT_CLIENT_SECRET = "acs-emulator-development-secret"  # noqa: S105 - fixed and printed at start
DEVELOPMENT_IDENTITY_HEADER = "3f0e6b82-94d7-4c1a-b5e8-6d2f9a7c1e04"
ACS_ISSUER = "https://acscallautomation.communication.azure.com"
RECORDING_HOST = "us-storage.asm.skype.com"


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one emulator; read once, when it starts.

    Port 0 takes a free port; an `https_port` of None serves no TLS. The access key, the resource id and what Entra asks
    for are fixed development values, so that a configuration written today works tomorrow; none is a secret.
    """

    host: str = "127.0.0.1"
    names: tuple[str, ...] = ()
    """Other hosts under which clients reach it; its certificate is for them as well."""
    http_port: int = 0
    https_port: int | None = None
    access_key: str = DEVELOPMENT_ACCESS_KEY
    resource_id: str = DEVELOPMENT_RESOURCE_ID
    issuer: str = ACS_ISSUER
    """The `iss` of the tokens on callbacks and transcription sockets."""
    tenant_id: str = DEVELOPMENT_TENANT_ID
    client_id: str = DEVELOPMENT_CLIENT_ID
    """Of the one application that Entra knows; also of the managed identity."""
    client_secret: str = DEVELOPMENT_CLIENT_SECRET
    identity_header: str = DEVELOPMENT_IDENTITY_HEADER
    """What the environment of a managed identity calls IDENTITY_HEADER."""
    events: tuple[str, ...] = ()
    """Event Grid subscriptions made at start, in the EventGrid schema; the receiver may start later."""
    speed: float = 1.0
    """How many emulated seconds pass in one real second."""
    ring_seconds: float = 30.0
    seed: int | None = None
    """Runs with the same seed draw the same random numbers; None draws others each time."""
    legacy_offsets: bool = False
    """Packets of the preview of early 2024: no durations, offsets of about 2.5e18."""
    ca_file: Path | None = None
    """Where the certificate of the development CA is kept when TLS is served, with its key in a file beside it; both are
    used again at the next start. By default they are made anew and kept nowhere."""
    recordings: Path | None = None
    """The folder into which the files of recordings are written, beside the built-in storage; nowhere by default."""
    recording_host: str = RECORDING_HOST
    """Under which host the files of recordings are told to lie. SDKs take none but Microsoft's; `emulator` stands for the
    emulator's own address, for clients that do not look."""
    recording_chunk_seconds: float = 4 * 3600.0
    """The longest chunk of a recording."""
    ready_file: Path | None = None
    """Where a JSON note of the addresses is written once the emulator listens."""
