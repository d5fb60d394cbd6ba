"""Operations that are accepted and fail: the fault `operationFailed`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from acs_emulator.calls.call import Person
from acs_emulator.exchange import Exchange
from acs_emulator.faults import OperationFailed
from acs_emulator.identifiers import wire
from acs_emulator.outgoing.events import Result
from acs_emulator.rest.bodies.identifiers import Identifier, Operation

Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Failing:
    """How an operation is answered, and the event that tells of its failure."""

    event: str
    status: int = 202
    answer: Callable[[Members], dict[str, object]] | None = None
    fields: Callable[[Members], dict[str, object]] = lambda _: {}


def _only(*names: str) -> Callable[[Members], dict[str, object]]:
    return lambda body: {name: body[name] for name in names if name in body}


def _participant(member: str) -> Callable[[Members], dict[str, object]]:
    return lambda body: {"participant": wire(_name(body[member]))}


def _name(given: object) -> str:
    return Identifier.model_validate(given).name


def _joining(given: object) -> dict[str, object]:
    return Person(_name(given)).to_json()


_CONTEXT = _only("operationContext")
_MEDIA_STREAMING: dict[str, object] = {
    "mediaStreamingUpdate": {
        "contentType": "audio",
        "mediaStreamingStatus": "mediaStreamingFailed",
        "mediaStreamingStatusDetails": "unspecifiedError",
    }
}
_FAILING = {
    "play": _Failing("PlayFailed", fields=lambda _: {"failedPlaySourceIndex": 0}),
    "recognize": _Failing("RecognizeFailed"),
    "startContinuousDtmfRecognition": _Failing("ContinuousDtmfRecognitionToneFailed", 200),
    "sendDtmfTones": _Failing("SendDtmfTonesFailed", answer=_CONTEXT),
    "hold": _Failing("HoldFailed", 200),
    "startMediaStreaming": _Failing("MediaStreamingFailed", fields=lambda _: _MEDIA_STREAMING),
    "transferToParticipant": _Failing("CallTransferFailed", answer=_CONTEXT),
    "addParticipant": _Failing(
        "AddParticipantFailed",
        answer=lambda body: {"participant": _joining(body["participantToAdd"]), **_CONTEXT(body)},
        fields=_participant("participantToAdd"),
    ),
    "removeParticipant": _Failing(
        "RemoveParticipantFailed", answer=_CONTEXT, fields=_participant("participantToRemove")
    ),
    "moveParticipants": _Failing(
        "MoveParticipantFailed",
        answer=lambda body: {
            "participants": [_joining(one) for one in body["targetParticipants"]],
            **_only("operationContext", "fromCall")(body),
        },
        fields=lambda body: {
            "participant": wire(_name(body["targetParticipants"][0])),
            **_only("fromCall")(body),
        },
    ),
    "cancelAddParticipant": _Failing(
        "CancelAddParticipantFailed",
        answer=_only("invitationId", "operationContext"),
        fields=_only("invitationId"),
    ),
}


def fail(
    exchange: Exchange, operation: str | None, connection_id: str | None, content: bytes
) -> Response | None:
    """The answer of success to an operation that fails by a fault, whose event is on its way; None where no fault
    strikes. Nothing is checked but that the call lives and that the body names whom it has to."""
    failing = _FAILING.get(operation or "")
    leg = exchange.calls.leg(connection_id or "")
    if failing is None or leg is None:
        return None
    try:
        body = json.loads(content) if content else {}
        answer = None if failing.answer is None else failing.answer(body)
        fields, told = failing.fields(body), Operation.model_validate(body).told
    except (ValueError, KeyError, TypeError, IndexError, ValidationError):
        return None
    fault = exchange.faults.take(OperationFailed, leg.connection_id, lambda one: one.operation == operation)
    if fault is None:
        return None
    exchange.callbacks.send(
        leg,
        failing.event,
        told,
        result=Result(fault.code, fault.sub_code, fault.message),
        fields={**fields, **fault.fields},
    )
    return Response(status_code=failing.status) if answer is None else JSONResponse(answer, failing.status)
