"""How the operations of `asks` write their members and read their answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from acs_emulator.client.values import Call, Clock, Entry, Json, Page, Recorder, Subscription

Turn = str | Mapping[str, Any]
"""What somebody says, or a turn as dialogue files have it."""


def call(text: str) -> Call:
    return Call.read(json.loads(text))


def clock(text: str) -> Clock:
    shown = json.loads(text)
    return Clock(shown["speed"], shown["held"], shown["now"])


def page(text: str) -> Page:
    shown = json.loads(text)
    return Page(tuple(Entry.read(one) for one in shown["entries"]), shown["last"])


def recorder(text: str) -> Recorder:
    shown = json.loads(text)
    return Recorder(shown["on"], shown["lines"], shown["truncated"])


def subscription(shown: Json) -> Subscription:
    return Subscription(
        shown["name"], shown["url"], shown["schema"], shown["validated"], shown["provisioningState"]
    )


def nothing(text: str) -> None:
    return None


def dialogue(turns: Sequence[Turn]) -> dict[str, Any]:
    return {"turns": [{"text": one} if isinstance(one, str) else dict(one) for one in turns]}


def text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def camel(members: Mapping[str, Any]) -> dict[str, Any]:
    """Names in camelCase."""
    named = {}
    for name, value in members.items():
        first, *others = name.split("_")
        named[first + "".join(word.capitalize() for word in others)] = value
    return named
