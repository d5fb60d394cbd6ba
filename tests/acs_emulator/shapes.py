"""How what the emulator sends differs from what the service sent: names, their order, types, and the form of strings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

PLACEHOLDER = re.compile(r"REDACTED|sanitized|…|test|<.*>|.*\{[a-zA-Z-]+\}.*|correlationId")
"""Strings that somebody put in the place of the service's own."""
FORMS = (
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?\+00:00"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{0,6}[1-9])?Z"),
    re.compile(r"calling/callConnections/[0-9a-f-]{36}"),
    re.compile(r"calling/recordings/\S+=?/\S+/RecordingStateChanged"),
    re.compile(r"Microsoft\.Communication\.[A-Za-z]+"),
    re.compile(r"(8:acs:|4:\+|28:)\S*"),
    re.compile(r"https?://\S+"),
    re.compile(r"[A-Za-z0-9+/_-]{60,}={0,2}"),
    re.compile(r"[a-z]+[A-Za-z0-9]*"),
)
"""A string of the service has the first of these forms that it fits; the emulator's must have it too."""
IDENTITIES = ("communicationUser", "phoneNumber")
"""Members of an identifier, one of which it has; who calls is up to the situation."""
NUMBERS = (int, float)


def differences(
    golden: Any, sent: Any, *, more: Collection[str] = (), less: Collection[str] = (), where: str = ""
) -> Iterator[str]:
    """What is wrong. Members named in `more` may be sent besides the golden's, those in `less` may be missing."""
    if isinstance(golden, dict) and isinstance(sent, dict):
        yield from _members(golden, sent, more, less, where)
    elif isinstance(golden, list) and isinstance(sent, list):
        if golden and not sent:
            yield f"{where} is empty"
        for one in sent if golden else []:
            yield from differences(golden[0], one, more=more, less=less, where=f"{where}[]")
    elif isinstance(golden, str) and isinstance(sent, str):
        yield from _string(golden, sent, where)
    elif _kind(golden) is not _kind(sent):
        yield f"{where} is {type(sent).__name__}, not {type(golden).__name__}"


def _members(
    golden: dict[str, Any], sent: dict[str, Any], more: Collection[str], less: Collection[str], where: str
) -> Iterator[str]:
    golden, sent = _anybody(golden), _anybody(sent)
    for name in sent:
        if name not in golden and name not in more:
            yield f"{where}.{name} is sent, and the service sends none"
    for name in golden:
        if name not in sent and name not in less:
            yield f"{where}.{name} is missing"
    common = [name for name in golden if name in sent]
    if [name for name in sent if name in golden] != common:
        yield f"{where} has its members in another order: {list(sent)}, not {list(golden)}"
    for name in common:
        yield from differences(golden[name], sent[name], more=more, less=less, where=f"{where}.{name}")


def _anybody(value: dict[str, Any]) -> dict[str, Any]:
    """An identifier without what tells who it is."""
    kind = next((name for name in IDENTITIES if name in value), None)
    if kind is None or "rawId" not in value:
        return value
    return {"identity" if name == kind else name: "…" for name in value}


def _string(golden: str, sent: str, where: str) -> Iterator[str]:
    if PLACEHOLDER.fullmatch(golden) or golden == "":
        return
    for form in FORMS:
        if form.fullmatch(golden):
            if form.fullmatch(sent) is None:
                yield f"{where} is {sent!r}, which is not like {golden!r}"
            return


def _kind(value: Any) -> object:
    return float if isinstance(value, NUMBERS) and not isinstance(value, bool) else type(value)
