"""Call connections: create, answer, reject, redirect, connect, get, hang up, terminate, transfer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from acs_emulator.calls import establishing, leaving, transferring
from acs_emulator.calls.establishing import Placing
from acs_emulator.errors import Refused
from acs_emulator.identifiers import is_phone_number
from acs_emulator.rest.bodies import setup as bodies
from acs_emulator.rest.bodies.participants import TransferToParticipant
from acs_emulator.rest.context import ApiVersion, TheExchange, TheLeg, require_established, with_context

router = APIRouter(prefix="/calling")


@router.post("/callConnections", status_code=201)
async def create_call(
    body: bodies.CreateCall, exchange: TheExchange, api_version: ApiVersion
) -> dict[str, Any]:
    """201 with the connection in state `connecting`. Events: CallConnected, or CreateCallFailed."""
    targets = [target.name for target in body.targets]
    caller_id = body.source_caller_id_number
    if caller_id is None and any(is_phone_number(target) for target in targets):
        raise Refused(
            400,
            "8523",
            "Invalid Request, a source caller id number is needed to call a phone number.",
            target="sourceCallerIdNumber",
        )
    placing = Placing(
        targets=targets,
        source=body.source_name,
        source_caller_id=caller_id.raw_id if caller_id else None,
        source_display_name=body.source_display_name or "",
        custom_context=body.custom_calling_context,
    )
    return establishing.create(exchange, body.to_setup(api_version), placing).properties()


@router.post("/callConnections:answer")
async def answer_call(
    body: bodies.AnswerCall, exchange: TheExchange, api_version: ApiVersion
) -> dict[str, Any]:
    """200 with the connection in state `unknown`. Events: CallConnected, or AnswerFailed."""
    answered_by = body.answered_by.id if body.answered_by else None
    leg = establishing.answer(exchange, body.incoming_call_context, body.to_setup(api_version), answered_by)
    return leg.properties()


@router.post("/callConnections:reject", status_code=204)
async def reject_call(body: bodies.RejectCall, exchange: TheExchange) -> Response:
    """204; no event."""
    establishing.reject(exchange, body.incoming_call_context, body.call_reject_reason or "none")
    return Response(status_code=204)


@router.post("/callConnections:redirect", status_code=204)
async def redirect_call(body: bodies.RedirectCall, exchange: TheExchange) -> Response:
    """204; no event."""
    establishing.redirect(exchange, body.incoming_call_context, body.target.name)
    return Response(status_code=204)


@router.post("/callConnections:connect")
async def connect(body: bodies.Connect, exchange: TheExchange, api_version: ApiVersion) -> dict[str, Any]:
    """200 with the connection in state `unknown`. Events: CallConnected, or ConnectFailed."""
    locator, setup = body.call_locator, body.to_setup(api_version)
    if locator.room_id:
        call = establishing.room(exchange, "room", locator.room_id)
    elif locator.group_call_id:
        call = establishing.room(exchange, "group", locator.group_call_id)
    else:
        found = exchange.calls.find(locator.server_call_id or "")
        if found is None:
            return establishing.connect_failed(exchange, setup).properties()
        call = found
    return establishing.connect(exchange, setup, call).properties()


@router.get("/callConnections/{connection_id}")
async def get_call(leg: TheLeg) -> dict[str, Any]:
    """200, or 404 with the code "8522"."""
    return leg.properties()


@router.delete("/callConnections/{connection_id}", status_code=204)
async def hang_up_call(leg: TheLeg, exchange: TheExchange) -> Response:
    """204; the application leaves. Events: CallDisconnected."""
    leaving.hang_up(exchange, leg)
    return Response(status_code=204)


@router.post("/callConnections/{connection_id}:terminate", status_code=204)
async def terminate_call(leg: TheLeg, exchange: TheExchange) -> Response:
    """204; the call ends for everybody. Events: CallDisconnected."""
    leaving.terminate(exchange, leg)
    return Response(status_code=204)


@router.post("/callConnections/{connection_id}:transferToParticipant", status_code=202)
async def transfer_to_participant(
    body: TransferToParticipant, leg: TheLeg, exchange: TheExchange
) -> dict[str, Any]:
    """202. Events: CallTransferAccepted or CallTransferFailed."""
    require_established(leg)
    caller_id = body.source_caller_id_number
    asked = transferring.Transfer(
        target=body.target_participant.name,
        transferee=body.transferee.name if body.transferee else None,
        source_caller_id=caller_id.raw_id if caller_id else None,
        custom_context=body.custom_calling_context,
        told=body.told,
    )
    transferring.transfer(exchange, leg, asked)
    return with_context({}, body.operation_context)
