"""What a recording consists of: JSON lines, one for everything that went out."""

from __future__ import annotations

import base64
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acs_emulator.signing import BadToken
from acs_emulator.wire import StrictBody


class _Line(StrictBody):
    number: Annotated[int, Field(ge=1)]
    """Rises by one from line to line."""
    at: Annotated[float, Field(ge=0)]
    """Emulated seconds after the recording began."""


class _Addressed(_Line):
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    """Without the token, which is signed anew when the line is replayed."""
    token_seconds: int | None = None
    """For how long the token that went with it is good; null where none did."""
    bad_token: BadToken | None = None
    """In which way the token was wrong."""


class _Content(StrictBody):
    """Bytes, as text where they are UTF-8."""

    text: str | None = None
    base64: str | None = None

    @model_validator(mode="after")
    def _can_be_decoded(self) -> Self:
        if self.base64 is not None:
            self.content()
        return self

    def content(self) -> bytes:
        """Exactly what was sent."""
        return (self.text or "").encode() if self.base64 is None else base64.b64decode(self.base64)


class Request(_Addressed, _Content):
    """A callback or an Event Grid delivery, handshakes and repetitions included."""

    kind: Literal["request"] = "request"
    method: str = "POST"


class Opened(_Addressed):
    """A socket was dialled, and answered."""

    kind: Literal["opened"] = "opened"
    socket: int
    """Names the socket in the lines of its frames."""


class Frame(_Content, _Line):
    """One message on a socket: a text frame, or a binary one where `binary` says so."""

    kind: Literal["frame"] = "frame"
    socket: int
    binary: bool = False

    @model_validator(mode="after")
    def _is_text_unless_binary(self) -> Self:
        if self.base64 is not None and not self.binary:
            self.content().decode()
        return self


How = Literal["closed", "dropped", "by-application"]


class Closed(_Line):
    """The end of a socket."""

    kind: Literal["closed"] = "closed"
    socket: int
    how: How
    """With a closing handshake, without one, or at the wish of the application."""
    code: int | None = None


Line = Annotated[Request | Opened | Frame | Closed, Field(discriminator="kind")]


def shown(content: bytes) -> tuple[str | None, str | None]:
    """`text` and `base64` of a line that stands for these bytes."""
    try:
        return content.decode() or None, None
    except UnicodeDecodeError:
        return None, base64.b64encode(content).decode()
