"""Rows of the tables that both ways of writing fill; loads no SQL toolkit."""

import msgspec

from callscribe.domain.commands import Command
from callscribe.ports import EventRecord, Job


def event_row(event: EventRecord) -> dict[str, object]:
    """Data that is no UTF-8 gets U+FFFD for the wrong bytes, since readers could not be given them."""
    data = None if event.data is None else bytes(event.data).decode(errors="replace")
    return msgspec.structs.asdict(event) | {"data": data}


def job_row(job: Job) -> dict[str, object]:
    return msgspec.structs.asdict(job) | {
        "family": "command" if isinstance(job.work, Command) else "observation",
        "work": msgspec.json.encode(job.work).decode(),
    }
