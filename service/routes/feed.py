"""The live transcript as Server-Sent Events."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from callscribe.actions.feed import GRACE_SECONDS, follow
from callscribe.domain.call import ENDED
from callscribe.domain.changes import Partial
from callscribe.domain.errors import CallNotFound, FieldError, InvalidRequest, Overloaded
from callscribe.ports import StoredCall
from service import examples
from service.edge import AtEdge, Edge
from service.guards import Reader
from service.openapi import described
from service.routes.known import KnownCall
from service.single import single
from service.sse import EventStream, event

router = APIRouter(prefix="/v1/calls/{id}/transcript/stream", tags=["transcripts"])
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)


def _after(
    stored: KnownCall,
    request: Request,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            description="The last `id` that was read; overrules `after`.",
            examples=["7"],
        ),
    ] = None,
    after: Annotated[
        str | None,
        Query(
            description="Only changes with a higher number, such as `lastChange` of the transcript.",
            examples=["7"],
        ),
    ] = None,
) -> int | None:
    """Where the reader goes on. Raises InvalidRequest for what is no number of this call's changes."""
    single(request)
    if last_event_id is not None:
        return _number(last_event_id, "header.Last-Event-ID", stored.last_change)
    return None if after is None else _number(after, "query.after", stored.last_change)


def _number(text: str, where: str, last: int) -> int:
    if not _NUMBER.fullmatch(text):
        what = "expected the number of a change"
    elif int(text) > last:
        what = f"the call's last change has the number {last}"
    else:
        return int(text)
    raise InvalidRequest(what, errors=(FieldError(where, what),))


After = Annotated[int | None, Depends(_after)]


@router.get(
    "",
    operation_id="streamTranscript",
    summary="Follow a transcript as it is spoken",
    status_code=200,
    response_class=EventStream,
    **described(
        {
            200: (
                "Events `segment` (SegmentView), `gap` (GapView), `transcription` (TranscriptionView, or "
                "StreamShiftView where the times of a stream's segments changed) and `call` (CallView), each with the "
                "change's number as `id`; and `partial` (PartialView), a speaker's open line, without one.",
                {"text/event-stream": {"schema": {"type": "string"}, "example": examples.STREAM}},
            ),
            204: ("The call has ended and the reader has everything: do not come again.", None),
        },
        InvalidRequest,
        CallNotFound,
        Overloaded,
    ),
)
async def stream_transcript(edge: AtEdge, caller: Reader, stored: KnownCall, after: After) -> Response:
    """First what is committed after the given number, then what follows, without holes.

    Closes a few seconds after the call has ended. A `segment` closes its speaker's open line.
    """
    edge.check_running()
    edge.streams.check()
    if _is_over(edge, stored, after):
        return Response(status_code=204)
    return EventStream(edge, _events(edge, stored.call.id, after))


def _is_over(edge: Edge, stored: StoredCall, after: int | None) -> bool:
    """Whether nothing can come any more: EventSource reconnects to a stream that ends, until it gets a 204."""
    call = stored.call
    if call.state not in ENDED or after != stored.last_change:
        return False
    return edge.ports.clock.now() - (call.ended_at or call.created_at) > GRACE_SECONDS * 1000


async def _events(edge: Edge, call_id: str, after: int | None) -> AsyncGenerator[bytes, None]:
    async with aclosing(follow(edge.ports, call_id, after)) as changes:
        async for change in changes:
            if isinstance(change, Partial):
                yield event("partial", bytes(change.body))
            else:
                yield event(change.kind, bytes(change.body), change.number)
