"""The transcript of a call, in the form the client likes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from callscribe.actions.feed import snapshot
from callscribe.domain import views
from callscribe.domain.errors import CallNotFound, InvalidRequest, NotAcceptable
from callscribe.domain.formats import FORMS, Form, form_named
from service import examples
from service.edge import AtEdge
from service.guards import Reader
from service.negotiation import preferred
from service.openapi import described, json_of
from service.routes.known import KnownCall
from service.single import single

router = APIRouter(prefix="/v1/calls/{id}/transcript", tags=["transcripts"])
_NAMES = ", ".join(form.name for form in FORMS)


@router.get(
    "",
    operation_id="readTranscript",
    summary="Read a transcript",
    **described(
        {
            200: (
                "The transcript.",
                {
                    **json_of(views.TranscriptView, examples.TRANSCRIPT),
                    "text/plain": {"schema": {"type": "string"}, "example": examples.TEXT},
                },
            )
        },
        InvalidRequest,
        CallNotFound,
        NotAcceptable,
    ),
)
async def read_transcript(
    edge: AtEdge,
    caller: Reader,
    stored: KnownCall,
    request: Request,
    name: Annotated[
        str | None,
        Query(
            alias="format",
            description=f"One of {_NAMES}; overrules `Accept`.",
            json_schema_extra={"enum": [form.name for form in FORMS]},
        ),
    ] = None,
) -> Response:
    """Everything that is committed, ordered by time over all participants; `lastChange` is where to follow from."""
    single(request)
    form = _form(name, request.headers.get("accept"))
    transcript = await snapshot(edge.ports, stored.call.id)
    return Response(form.written(transcript), media_type=form.media_type, headers={"Vary": "Accept"})


def _form(name: str | None, accept: str | None) -> Form:
    if name is not None:
        form = form_named(name)
    else:
        media_type = preferred(accept, [form.media_type for form in FORMS])
        form = next((form for form in FORMS if form.media_type == media_type), None)
    if form is None:
        raise NotAcceptable(f"offered are {_NAMES}")
    return form
