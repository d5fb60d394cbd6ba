"""Conditions on entries of the journal, for HTTP and in process alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acs_emulator.journal import Entry

MAX_CONDITIONS = 10
_MISSING = object()


class BadCondition(ValueError):
    """A condition that cannot be read; the message says what it should look like."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a member of an entry has to be."""

    pointer: tuple[str, ...]
    value: str

    def holds(self, entry: Entry) -> bool:
        found: Any = entry.to_json()
        for name in self.pointer:
            if isinstance(found, Mapping):
                found = found.get(name, _MISSING)
            elif (
                isinstance(found, Sequence)
                and not isinstance(found, str)
                and name.isdecimal()
                and len(name) < 10
            ):
                found = found[int(name)] if int(name) < len(found) else _MISSING
            else:
                return False
        return found is not _MISSING and _text(found) == self.value


def condition(text: str) -> Condition:
    """`/event/data/operationContext=greeting`: a JSON pointer (RFC 6901) into the entry, and the text of a string or the
    JSON of anything else. Raises BadCondition."""
    pointer, equals, value = text.partition("=")
    if not equals or not pointer.startswith("/"):
        raise BadCondition(f"{text!r} is no condition such as /event/data/operationContext=greeting")
    names = pointer[1:].split("/")
    return Condition(tuple(name.replace("~1", "/").replace("~0", "~") for name in names), value)


def matching(
    *, call_connection_id: str | None = None, type_: str | None = None, where: Sequence[str] = ()
) -> Callable[[Entry], bool]:
    """Whether an entry is of this call connection and of this event type (with or without `Microsoft.Communication.`),
    and fulfils every condition. Raises BadCondition."""
    if len(where) > MAX_CONDITIONS:
        raise BadCondition(f"at most {MAX_CONDITIONS} conditions")
    conditions = [condition(text) for text in where]
    wanted = type_ and _name(type_)

    def matches(entry: Entry) -> bool:
        return (
            call_connection_id in (None, entry.data.get("callConnectionId"))
            and (wanted is None or _name(str(entry.data.get("type", ""))) == wanted)
            and all(one.holds(entry) for one in conditions)
        )

    return matches


def _name(event_type: str) -> str:
    return event_type.removeprefix("Microsoft.Communication.")


def _text(found: object) -> str:
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
