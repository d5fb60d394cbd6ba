"""How an emulator is set up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEVELOPMENT_ACCESS_KEY = "Y2FsbHNjcmliZS1lbXVsYXRvci1kZXZlbG9wbWVudC1rZXktbm90LXNlY3JldCE="
DEVELOPMENT_RESOURCE_ID = "7b2f5a0e-6c1d-4e53-9a2b-0c4d8e6f1a35"
ACS_ISSUER = "https://acscallautomation.communication.azure.com"


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one emulator; read once, when it starts.

    Port 0 takes a free port; an `https_port` of None serves no TLS. The access key and the resource id are fixed
    development values, so that a configuration written today works tomorrow; neither is a secret.
    """

    host: str = "127.0.0.1"
    http_port: int = 0
    https_port: int | None = None
    access_key: str = DEVELOPMENT_ACCESS_KEY
    resource_id: str = DEVELOPMENT_RESOURCE_ID
    issuer: str = ACS_ISSUER
    """The `iss` of the tokens on callbacks and transcription sockets."""
    events: tuple[str, ...] = ()
    """Event Grid subscriptions made at start, in the EventGrid schema; the receiver may start later."""
    speed: float = 1.0
    """How many emulated seconds pass in one real second."""
    ring_seconds: float = 30.0
    legacy_offsets: bool = False
    """Packets of the preview of early 2024: no durations, offsets of about 2.5e18."""
    ca_file: Path | None = None
    """Where the certificate of the development CA is written when TLS is served; nowhere by default."""
    ready_file: Path | None = None
    """Where a JSON note of the addresses is written once the emulator listens."""
