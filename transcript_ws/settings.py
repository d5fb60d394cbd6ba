"""What the transcript server needs to know of the settings."""

from dataclasses import dataclass

from callscribe.actions.ingest import Limits
from callscribe.runtime.settings import SocketToken


@dataclass(frozen=True, slots=True)
class SocketSettings:
    token: SocketToken
    limits: Limits
    message_bytes: int
    """Largest message; a larger one closes its socket with 1009."""
    opening_seconds: float = 10.0
    """For the opening handshake, a token's check included."""
    closing_seconds: float = 5.0
    ping_seconds: float = 20.0
    """Between two pings. There is no deadline for the pong: nobody has proven that ACS sends one."""
