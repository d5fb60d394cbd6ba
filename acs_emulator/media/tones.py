"""DTMF tones: how people write them, and as ACS names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

_NAMES = {
    **{str(digit): name for digit, name in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )},
    **{letter: letter for letter in "abcd"},
    "#": "pound",
    "*": "asterisk",
}  # fmt: skip
NAMES = frozenset(_NAMES.values())
KEYS = {name: key.upper() for key, name in _NAMES.items()}
"""The key of every tone."""
SECONDS_PER_TONE = 0.25
"""From one tone to the next: a tone and the pause behind it."""

_APART = re.compile(r"[\s,]+")


def tones(written: str | Sequence[str]) -> tuple[str, ...]:
    """The names of tones that are written as keys (`12#`), as names (`one, two, pound`), or as a list of either.

    Raises ValueError.
    """
    parts = _APART.split(written.strip()) if isinstance(written, str) else list(written)
    return tuple(name for part in parts for name in _named(part))


def _named(part: str) -> list[str]:
    lowered = part.lower()
    if lowered in NAMES:
        return [lowered]
    if not lowered or any(key not in _NAMES for key in lowered):
        raise ValueError(f"{part!r} is no key: 0 to 9, A to D, # and *, or a name such as pound")
    return [_NAMES[key] for key in lowered]


def _from_wire(value: object) -> object:
    if isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        return tones(value)
    return value


Keys = Annotated[
    tuple[str, ...],
    BeforeValidator(_from_wire),
    Field(min_length=1, max_length=100),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Of the control plane: keys in any of their forms."""


def _name(value: object) -> object:
    if isinstance(value, str) and value.lower() in NAMES:
        return value.lower()
    raise ValueError("must be one of " + ", ".join(sorted(NAMES)))


Tone = Annotated[str, BeforeValidator(_name)]
"""Of the data plane: `DtmfTone` of the wire, in any case."""
