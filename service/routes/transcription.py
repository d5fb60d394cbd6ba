"""Control of a call's transcription: start, update-locale, stop, and how it stands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from msgspec.structs import replace
from starlette.responses import Response

from callscribe.actions import transcription
from callscribe.domain import reading, views
from callscribe.domain.access import Principal
from callscribe.domain.errors import (
    CallConflict,
    CallNotFound,
    CallscribeError,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    LocaleInvalid,
    LocaleIsAVoice,
    LocaleWithoutRegion,
    OperationTimedOut,
    members,
)
from callscribe.ports import OperationRecord, Ports
from service import examples
from service.answers import as_json
from service.edge import AtEdge, Edge
from service.guards import Controller, Reader
from service.idempotency import IdempotencyKey, once
from service.negotiation import LONGEST_WAIT, wait_of
from service.openapi import ACS_ERRORS, TRANSCRIPTION_ERRORS, described, json_of
from service.problems import problem_of_failure, request_id
from service.request_body import taken
from service.routes.bodies import StartTranscriptionBody, StopTranscriptionBody, UpdateLocaleBody
from service.routes.known import CallId, KnownCall

router = APIRouter(prefix="/v1/calls/{id}/transcription", tags=["transcription"])


def _wait(
    request: Request,
    prefer: Annotated[
        str | None,
        Header(
            alias="Prefer",
            description=f"`wait=N`, 0 to {LONGEST_WAIT} seconds: the answer waits for ACS's event (RFC 7240).",
            examples=["wait=10"],
        ),
    ] = None,
) -> int | None:
    return wait_of(request.headers.getlist("prefer"))


@dataclass(frozen=True, slots=True)
class _Order:
    """What a start, update-locale and stop have in common."""

    edge: Edge
    caller: Principal
    call_id: str
    key: str | None
    wait: int | None
    request: Request

    @property
    def ports(self) -> Ports:
        return self.edge.ports

    async def carried_out(self, ask: Callable[[], Awaitable[OperationRecord]]) -> Response:
        """The answer to asking ACS, once for an idempotency key and after waiting as long as the client prefers."""
        self.edge.check_running()
        return await once(self.edge, self.caller, self.key, self.request, lambda: self._settled(ask))

    async def _settled(self, ask: Callable[[], Awaitable[OperationRecord]]) -> Response:
        """The operation as it is after at most `wait` seconds: 200, 202, or the problem with which it ended."""
        record = await ask()
        if self.wait is not None and record.state == "running":
            ended = await transcription.wait(self.ports, record.operation.id, self.wait)
            record = replace(ended, note=record.note or ended.note)
        headers = {} if self.wait is None else {"Preference-Applied": f"wait={self.wait}"}
        if record.failure is not None:
            answer = problem_of_failure(record.failure, request_id(self.request))
            answer.headers.update(headers)
            return answer
        headers["Location"] = f"/v1/calls/{record.call_id}/transcription"
        view = reading.operation_view(record.operation, record.state, None, record.note)
        return as_json(view, 202 if record.state == "running" else 200, headers)


def _order(
    edge: AtEdge,
    caller: Controller,
    call_id: CallId,
    key: IdempotencyKey,
    wait: Annotated[int | None, Depends(_wait)],
    request: Request,
) -> _Order:
    return _Order(edge, caller, call_id, key, wait, request)


Order = Annotated[_Order, Depends(_order)]
_ANSWERS = {
    200: ("Done: ACS confirmed it, or it was so already.", json_of(views.OperationView, examples.DONE)),
    202: ("ACS was asked; its event will tell.", json_of(views.OperationView, examples.OPERATION)),
}
_REFUSED: tuple[type[CallscribeError], ...] = (
    CallNotFound,
    *members(CallConflict),
    IdempotencyInProgress,
    IdempotencyKeyReused,
    OperationTimedOut,
    *ACS_ERRORS,
    *TRANSCRIPTION_ERRORS,
)
_LOCALES = (LocaleInvalid, LocaleWithoutRegion, LocaleIsAVoice)


@router.get(
    "",
    operation_id="readTranscription",
    summary="Read how a call's transcription stands",
    **described(
        {200: ("The transcription.", json_of(views.TranscriptionView, examples.TRANSCRIPTION))}, CallNotFound
    ),
)
async def read_transcription(caller: Reader, stored: KnownCall) -> Response:
    """State, locale, the operation in flight, the last failure and the attempts so far."""
    return as_json(reading.transcription_view(stored.call.transcription))


@router.post(
    "/start",
    operation_id="startTranscription",
    summary="Start transcription",
    status_code=202,
    **described(_ANSWERS, *_REFUSED, *_LOCALES, takes=StartTranscriptionBody),
)
async def start_transcription(
    order: Order, body: Annotated[StartTranscriptionBody, Depends(taken(StartTranscriptionBody))]
) -> Response:
    """Without a locale the call's own is used. Also on calls that other systems set up, by `callConnectionId`."""
    return await order.carried_out(
        lambda: transcription.start(
            order.ports, order.call_id, body.locale, body.speech_model_endpoint_id, body.operation_context
        )
    )


@router.post(
    "/update-locale",
    operation_id="updateLocale",
    summary="Change the locale of a running transcription",
    status_code=202,
    **described(_ANSWERS, *_REFUSED, *_LOCALES, takes=UpdateLocaleBody),
)
async def update_locale(
    order: Order, body: Annotated[UpdateLocaleBody, Depends(taken(UpdateLocaleBody))]
) -> Response:
    """On joined calls, where ACS refuses this, transcription is stopped and started; the transcript shows the gap."""
    return await order.carried_out(
        lambda: transcription.update_locale(
            order.ports, order.call_id, body.locale, body.speech_model_endpoint_id, body.operation_context
        )
    )


@router.post(
    "/stop",
    operation_id="stopTranscription",
    summary="Stop transcription",
    status_code=202,
    **described(_ANSWERS, *_REFUSED, takes=StopTranscriptionBody),
)
async def stop_transcription(
    order: Order, body: Annotated[StopTranscriptionBody, Depends(taken(StopTranscriptionBody))]
) -> Response:
    """What was said before is kept, also where its words arrive a little later."""
    return await order.carried_out(
        lambda: transcription.stop(order.ports, order.call_id, body.operation_context)
    )
