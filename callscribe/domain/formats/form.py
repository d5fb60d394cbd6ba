"""What a form of transcript is."""

from collections.abc import Callable

import msgspec

from callscribe.domain.views import TranscriptView


class Form(msgspec.Struct, frozen=True):
    """One way to write a transcript; `name` is its short name and usual file suffix."""

    name: str
    media_type: str
    written: Callable[[TranscriptView], bytes]
    """The transcript in UTF-8."""
