"""Server-sent events, as browsers read them (WHATWG HTML, section 9.2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """One event; `id` is the last one the server gave."""

    event: str
    data: str
    id: str


def parse(lines: Iterable[str]) -> Iterator[Sent]:
    """The events in a stream's lines; comments, unknown fields and events without data are passed over."""
    event, data, last_id = "", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Sent(event or "message", "\n".join(data), last_id)
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
