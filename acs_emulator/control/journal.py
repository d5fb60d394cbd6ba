"""What the emulator received and sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from acs_emulator.control.answers import JournalPage
from acs_emulator.errors import ControlRefused
from acs_emulator.matching import BadCondition, matching
from acs_emulator.rest.context import TheExchange

router = APIRouter(prefix="/_emulator", tags=["journal"])
MAX_WAIT = 60.0


@router.get("/journal", response_model=JournalPage, summary="What happened, or what happens next")
async def read_journal(
    exchange: TheExchange,
    kind: Annotated[str, Query(description="Kinds, separated by commas; all by default")] = "",
    type_: Annotated[
        str | None,
        Query(alias="type", description="An event's type, with or without Microsoft.Communication."),
    ] = None,
    call_connection_id: Annotated[str | None, Query(alias="callConnectionId")] = None,
    where: Annotated[
        list[str] | None,
        Query(
            description="Conditions that all have to hold, such as `/event/data/operationContext=greeting`: "
            "a JSON pointer into the entry, and a string or the JSON of anything else"
        ),
    ] = None,
    after: Annotated[int, Query(ge=0, description="Only entries with a higher number")] = 0,
    limit: Annotated[int, Query(ge=1, le=20_000, description="At most so many, the oldest")] = 20_000,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT, description="Real seconds to wait for a match")] = 0.0,
) -> dict[str, Any]:
    """Matching entries, oldest first; empty where none came in time."""
    kinds = tuple(name for name in kind.split(",") if name)
    try:
        matches = matching(call_connection_id=call_connection_id, type_=type_, where=where or ())
    except BadCondition as error:
        raise ControlRefused(422, "The request is invalid", str(error)) from error
    found = await exchange.journal.wait(*kinds, after=after, where=matches, within=wait)
    return {"entries": [entry.to_json() for entry in found[:limit]], "last": exchange.journal.last}
