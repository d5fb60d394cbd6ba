"""What readers see change: numbered changes of a call, open lines, and the bell that says "look again"."""

from enum import StrEnum

import msgspec


class ChangeKind(StrEnum):
    SEGMENT = "segment"
    GAP = "gap"
    TRANSCRIPTION = "transcription"
    CALL = "call"


class Change(msgspec.Struct, frozen=True):
    """One committed change of one call; numbers are gapless from 1 within the call.

    `body` is the public JSON of what changed (see `callscribe.domain.views`), as it is sent to readers.
    """

    call_id: str
    number: int
    kind: ChangeKind
    at: int
    body: msgspec.Raw


class Ring(msgspec.Struct, frozen=True, tag="ring", tag_field="notice"):
    """Something was committed for a call: readers look into the store."""

    call_id: str
    number: int


class Partial(msgspec.Struct, frozen=True, tag="partial", tag_field="notice"):
    """A speaker's open line, replaced by each next one and closed by their Final; never stored, unnumbered.

    `body` is the public JSON (`PartialView`).
    """

    call_id: str
    body: msgspec.Raw


class JobsDue(msgspec.Struct, frozen=True, tag="jobs", tag_field="notice"):
    """Commands or observations were stored: workers look into the store."""


Notice = Ring | Partial | JobsDue

JOBS_TOPIC = "jobs"


def call_topic(call_id: str) -> str:
    return f"call:{call_id}"


RINGS_TOPIC = "rings"
"""Every Ring of every call, for those who deliver changes onwards."""
