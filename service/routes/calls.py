"""Calls: placing, joining, expecting, listing, reading, ending; who takes part; the timeline."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from callscribe.actions import calls
from callscribe.domain import participants, reading, views
from callscribe.domain.call import Call
from callscribe.domain.errors import (
    CallEnded,
    CallNotConnected,
    CallNotFound,
    CallSetUpElsewhere,
    FieldError,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InvalidRequest,
    LocaleInvalid,
    LocaleIsAVoice,
    LocaleWithoutRegion,
    ParticipantInvalid,
)
from callscribe.domain.timeline import parse_rfc3339, rfc3339
from callscribe.ports import CallFilter, EventRecord
from service import examples
from service.answers import CallList, EventList, as_json, page
from service.edge import AtEdge
from service.guards import Controller, Reader
from service.idempotency import IdempotencyKey, name_of, once
from service.openapi import ACS_ERRORS, described, json_of
from service.placing import placed
from service.request_body import taken
from service.routes.bodies import (
    AddParticipantBody,
    CallQuery,
    EventQuery,
    HangUpBody,
    OperationContext,
    PlaceCall,
)
from service.routes.known import CallId, KnownCall
from service.single import single

router = APIRouter(prefix="/v1/calls", tags=["calls"])
_REPEATED = (IdempotencyInProgress, IdempotencyKeyReused)
_LIVE = (CallNotFound, CallNotConnected, CallEnded, CallSetUpElsewhere)


@router.post(
    "",
    operation_id="placeCall",
    summary="Place, join or expect a call",
    status_code=201,
    **described(
        {
            201: (
                "The call; with `expect`, also the two URLs to give to the system that sets the call up.",
                {
                    "application/json": {
                        "schema": {
                            "oneOf": [
                                {"$ref": "#/components/schemas/CallView"},
                                {"$ref": "#/components/schemas/ExpectedCallView"},
                            ]
                        },
                        "examples": {
                            "placed": {"value": examples.CALL},
                            "expected": {"value": examples.EXPECTED},
                        },
                    }
                },
            )
        },
        ParticipantInvalid,
        LocaleInvalid,
        LocaleWithoutRegion,
        LocaleIsAVoice,
        *_REPEATED,
        *ACS_ERRORS,
        takes=PlaceCall,
    ),
)
async def place_call(
    edge: AtEdge,
    caller: Controller,
    key: IdempotencyKey,
    body: Annotated[PlaceCall, Depends(taken(PlaceCall))],
    request: Request,
) -> Response:
    """ACS has accepted the call when this answers; its life is told by the timeline and the live stream."""
    edge.check_running()

    async def act() -> Response:
        call = await placed(edge.ports, body.order(), await name_of(caller, key, request))
        view: views.View = reading.call_view(call)
        if body.expect is not None:
            view = views.ExpectedCallView(
                call=reading.call_view(call),
                transport_url=edge.ports.config.transport_url(call),
                callback_uri=edge.ports.config.callback_uri(call),
            )
        return as_json(view, 201, {"Location": f"/v1/calls/{call.id}"})

    return await once(edge, caller, key, request, act)


@router.get(
    "",
    operation_id="listCalls",
    summary="List calls, newest first",
    **described(
        {200: ("A page of calls.", json_of(CallList, examples.CALLS))}, InvalidRequest, ParticipantInvalid
    ),
)
async def list_calls(
    edge: AtEdge, caller: Reader, query: Annotated[CallQuery, Query()], request: Request
) -> Response:
    """The `Link` header leads to the next page."""
    single(request)
    where = CallFilter(
        state=query.state,
        direction=query.direction,
        participant=query.participant,
        external_id=query.external_id,
        since=None if query.since is None else parse_rfc3339(query.since),
    )
    found, cursor = await edge.ports.store.calls(where, query.limit, query.cursor)
    return page(CallList(tuple(reading.call_view(one.call) for one in found), cursor), request)


@router.get(
    "/{id}",
    operation_id="readCall",
    summary="Read a call",
    **described({200: ("The call.", json_of(views.CallView, examples.CALL))}, CallNotFound),
)
async def read_call(caller: Reader, stored: KnownCall) -> Response:
    """The call as it is now: its state, who takes part, and how its transcription stands."""
    return as_json(reading.call_view(stored.call))


@router.post(
    "/{id}/participants",
    operation_id="addParticipant",
    summary="Add somebody to a call",
    status_code=202,
    **described(
        {
            202: (
                "ACS invites them; whether they come is told on the timeline.",
                json_of(views.CallView, examples.CALL),
            )
        },
        ParticipantInvalid,
        *_LIVE,
        *_REPEATED,
        *ACS_ERRORS,
        takes=AddParticipantBody,
    ),
)
async def add_participant(
    edge: AtEdge,
    caller: Controller,
    call_id: CallId,
    key: IdempotencyKey,
    body: Annotated[AddParticipantBody, Depends(taken(AddParticipantBody))],
    request: Request,
) -> Response:
    """Phones see `sourceCallerId`, or else the call's own."""
    edge.check_running()

    async def act() -> Response:
        return _accepted(
            await calls.add_participant(
                edge.ports, call_id, body.target, body.source_caller_id, body.operation_context
            )
        )

    return await once(edge, caller, key, request, act)


@router.delete(
    "/{id}/participants/{rawId}",
    operation_id="removeParticipant",
    summary="Remove somebody from a call",
    status_code=202,
    **described(
        {202: ("ACS removes them.", json_of(views.CallView, examples.CALL))},
        InvalidRequest,
        ParticipantInvalid,
        *_LIVE,
        *ACS_ERRORS,
    ),
)
async def remove_participant(
    edge: AtEdge,
    caller: Controller,
    call_id: CallId,
    raw_id: Annotated[
        str,
        Path(
            alias="rawId",
            description="A `rawId` of the call's participants, percent-encoded, or a phone number.",
            examples=["4:+442079460123"],
        ),
    ],
    request: Request,
    context: Annotated[OperationContext | None, Query(alias="operationContext")] = None,
) -> Response:
    """Whoever is removed can be added again."""
    single(request)
    edge.check_running()
    try:
        target = participants.raw_id(raw_id)
    except participants.InvalidIdentifier as fault:
        raise ParticipantInvalid(str(fault), errors=(FieldError("path.rawId", str(fault)),)) from fault
    return _accepted(await calls.remove_participant(edge.ports, call_id, target, context))


@router.post(
    "/{id}/hang-up",
    operation_id="hangUp",
    summary="End a call",
    status_code=202,
    **described(
        {
            202: (
                "ACS ends the call; one that has ended stays as it is.",
                json_of(views.CallView, examples.CALL),
            )
        },
        CallNotFound,
        CallNotConnected,
        CallSetUpElsewhere,
        *_REPEATED,
        *ACS_ERRORS,
        takes=HangUpBody,
    ),
)
async def hang_up(
    edge: AtEdge,
    caller: Controller,
    call_id: CallId,
    key: IdempotencyKey,
    body: Annotated[HangUpBody, Depends(taken(HangUpBody))],
    request: Request,
) -> Response:
    """For everyone, unless `forEveryone` is false."""
    edge.check_running()

    async def act() -> Response:
        return _accepted(await calls.hang_up(edge.ports, call_id, body.for_everyone))

    return await once(edge, caller, key, request, act)


@router.get(
    "/{id}/events",
    operation_id="listEvents",
    summary="Read a call's timeline, oldest first",
    **described(
        {200: ("A page of the timeline.", json_of(EventList, examples.EVENTS))}, InvalidRequest, CallNotFound
    ),
)
async def list_events(
    edge: AtEdge, caller: Reader, stored: KnownCall, query: Annotated[EventQuery, Query()], request: Request
) -> Response:
    """Everything that came in or was seen of the call, with ACS's events as they were sent."""
    single(request)
    found, cursor = await edge.ports.store.events(stored.call.id, query.limit, query.cursor)
    return page(EventList(tuple(_event_view(one) for one in found), cursor), request)


def _accepted(call: Call) -> Response:
    return as_json(reading.call_view(call), 202, {"Location": f"/v1/calls/{call.id}"})


def _event_view(event: EventRecord) -> views.EventView:
    return views.EventView(
        id=event.id,
        at=rfc3339(event.at),
        received_at=rfc3339(event.received_at),
        type=event.type,
        source=event.source,
        note=event.note,
        data=event.data,
    )
