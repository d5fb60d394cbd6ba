"""Takes the envelopes off what Azure posts: CloudEvents (structured, batched, binary) and Event Grid events.

The envelope types are Azure's own (`azure-core`, `azure-eventgrid`); what is inside is the domain's matter.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent

from callscribe.actions.inbox import Aside
from callscribe.domain.errors import MalformedBody
from callscribe.domain.events import Envelope
from callscribe.domain.timeline import parse_rfc3339

MOST_ITEMS = 5000
"""The most events that Event Grid puts into one batch."""
_LONGEST = 2048
_BINARY = "ce-"
_EVENT_GRID = ("id", "topic", "subject", "data", "eventType", "dataVersion")
"""What is read of an Event Grid event; the SDK would take other spellings for the same, and refuse their values."""
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Half a surrogate pair, such as a name cut within an emoji leaves, is a group of its own; whole pairs are none."""
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Unreadable(ValueError):
    """An item is no event; the message holds nothing of it."""


def opened(body: bytes, headers: Mapping[str, str], now: int) -> list[Envelope | Aside]:
    """The events in a posted body, in order; items that are none become `Aside`.

    An event without a time, which CloudEvents allows, gets `now` (unix ms). Raises MalformedBody where the body is
    neither a JSON object that can be read nor an array of at most MOST_ITEMS.
    """
    body = _ESCAPES.sub(lambda met: rb"\ufffd" if met[1] else met[0], body)
    try:
        if _BINARY + "type" in headers:
            return [_binary(body, headers, now)]
        return [_item(raw, now) for raw in _items(body)]
    except _NOT_JSON as fault:
        raise MalformedBody("the body is not valid JSON in UTF-8") from fault


def _items(body: bytes) -> list[msgspec.Raw]:
    start = body.lstrip(b" \t\r\n")[:1]
    if start == b"{":
        msgspec.json.decode(body)  # alone it is the whole body, which is refused where it cannot be read
        return [msgspec.json.decode(body, type=msgspec.Raw)]
    if start != b"[":
        raise MalformedBody("expected an event or an array of events")
    items = msgspec.json.decode(body, type=list[msgspec.Raw])
    if len(items) > MOST_ITEMS:
        raise MalformedBody(f"at most {MOST_ITEMS} events are taken at once")
    return items


def _item(raw: msgspec.Raw, now: int) -> Envelope | Aside:
    try:
        event = msgspec.json.decode(raw)
    except _NOT_JSON:
        return Aside(reason="not valid JSON in UTF-8", raw=bytes(raw))
    try:
        if not isinstance(event, dict):
            raise _Unreadable("expected an object")
        return _of_event_grid(event) if "eventType" in event else _of_cloud_event(event, now)
    except _Unreadable as fault:
        return Aside(reason=str(fault), raw=bytes(raw))


def _binary(body: bytes, headers: Mapping[str, str], now: int) -> Envelope | Aside:
    """A CloudEvent in binary mode: its attributes are headers, its data is the body (HTTP binding 3.1)."""
    event: dict[str, Any] = {
        name.removeprefix(_BINARY): value for name, value in headers.items() if name.startswith(_BINARY)
    }
    if body:
        event["data"] = msgspec.json.decode(body)
    try:
        return _of_cloud_event(event, now)
    except _Unreadable as fault:
        return Aside(reason=str(fault), raw=body)


def _of_event_grid(event: dict[str, Any]) -> Envelope:
    _texts(event, ("id", "eventType", "eventTime"), ("topic", "subject"))
    if "data" not in event:
        raise _Unreadable("data is missing")
    at = _time(event["eventTime"])
    # The time is ours to read: azure-core cuts it to microseconds and takes +05:30 for half an hour.
    opened = EventGridEvent.from_dict({name: event[name] for name in _EVENT_GRID if name in event})
    return Envelope(
        id=opened.id,
        type=opened.event_type,
        source=opened.topic or "",
        subject=opened.subject or "",
        time=at,
        data=opened.data,
    )


def _of_cloud_event(event: dict[str, Any], now: int) -> Envelope:
    # An official example of Event Grid's misspells the attribute.
    event = {"specversion" if name == "specVersion" else name: value for name, value in event.items()}
    _texts(event, ("id", "source", "type", "specversion"), ("subject", "time"))
    if event["specversion"] != "1.0":
        raise _Unreadable("specversion is not 1.0")
    at = _time(event["time"]) if event.get("time") is not None else now
    try:
        opened: CloudEvent[Any] = CloudEvent.from_dict(
            {name: value for name, value in event.items() if name != "time" and value is not None}
        )
    except (ValueError, TypeError) as fault:
        raise _Unreadable("not a CloudEvent: an extension's name or the encoding of data is wrong") from fault
    return Envelope(
        id=opened.id,
        type=opened.type,
        source=opened.source,
        subject=opened.subject or "",
        time=at,
        data=_data(opened.data),
    )


def _data(data: object) -> object:
    """The data as JSON values, also where it came as base64."""
    if not isinstance(data, bytes):
        return data
    try:
        return msgspec.json.decode(data)
    except _NOT_JSON as fault:
        raise _Unreadable("data is not JSON") from fault


def _texts(event: Mapping[str, Any], required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    for name in (*required, *optional):
        value = event.get(name)
        if value is None and name in optional:
            continue
        if not isinstance(value, str) or (not value and name in required):
            raise _Unreadable(f"{name} is missing or no text")
        if len(value) > _LONGEST:
            raise _Unreadable(f"{name} is longer than {_LONGEST} characters")


def _time(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError as fault:
        raise _Unreadable("the event's time is not in the form of RFC 3339") from fault
