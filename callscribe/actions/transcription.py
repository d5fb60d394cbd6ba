"""Starts transcription, changes its locale and stops it, on our calls and on those that others set up."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress

import msgspec

from callscribe.actions.calls import known
from callscribe.actions.jobs import perform
from callscribe.actions.steps import keep, tell
from callscribe.domain import call as life
from callscribe.domain.call import (
    ENDED,
    Call,
    CallState,
    Direction,
    Operation,
    OperationKind,
    StartMode,
    Step,
    Transcription,
    TranscriptionState,
)
from callscribe.domain.changes import call_topic
from callscribe.domain.errors import AcsCallNotFound, CallNotFound, TranscriptNotOurs
from callscribe.domain.locale import checked_locale
from callscribe.ports import AcsCall, OperationRecord, Ports

FOREIGN_NOTE = (
    "another system set this call up: its words stream to the transportUrl that it gave, not here; "
    "only the operation is ours"
)
_CONNECTION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_POLL_S = 1.0
_STATES = {
    "connected": CallState.CONNECTED,
    "transferring": CallState.CONNECTED,
    "disconnecting": CallState.DISCONNECTED,
    "disconnected": CallState.DISCONNECTED,
}

_Request = Callable[[Call, Operation], Step]


async def start(
    ports: Ports, call_id: str, locale: str | None, model: str | None, operation_context: str | None
) -> OperationRecord:
    """Ask ACS to start; `running` until its event comes, `succeeded` at once where it runs already.

    Raises locale errors, conflicts (OperationInFlight, CallNotConnected, CallEnded, AlreadyTranscribing),
    CallNotFound, TranscriptNotOurs, AcsError.
    """
    checked = checked_locale(locale) if locale is not None else None
    operation = _operation(ports, OperationKind.START, checked, model, operation_context)
    return await _ask(ports, call_id, operation, life.request_start)


async def update_locale(
    ports: Ports, call_id: str, locale: str, model: str | None, operation_context: str | None
) -> OperationRecord:
    """Ask ACS for another locale; where ACS cannot do it on this call, stop and start with a gap."""
    operation = _operation(
        ports, OperationKind.UPDATE_LOCALE, checked_locale(locale), model, operation_context
    )
    return await _ask(ports, call_id, operation, life.request_update_locale)


async def stop(ports: Ports, call_id: str, operation_context: str | None) -> OperationRecord:
    operation = _operation(ports, OperationKind.STOP, None, None, operation_context)
    return await _ask(ports, call_id, operation, life.request_stop)


async def wait(ports: Ports, operation_id: str, seconds: float) -> OperationRecord:
    """The operation when it has ended, or as it is when the time is over."""
    record = await _read(ports, operation_id)
    if record.state != "running":
        return record
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), ports.bus.subscribe(call_topic(record.call_id)) as notices:
            while record.state == "running":
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await anext(notices)
                record = await _read(ports, operation_id)
    return await _read(ports, operation_id)


async def _read(ports: Ports, operation_id: str) -> OperationRecord:
    record = await ports.store.operation(operation_id)
    assert record is not None, "an operation is asked for only after it was kept"
    return record


def _operation(
    ports: Ports, kind: OperationKind, locale: str | None, model: str | None, context: str | None
) -> Operation:
    return Operation(
        id=ports.ids.new("op"),
        kind=kind,
        at=ports.clock.now(),
        locale=locale,
        model=model,
        operation_context=context,
    )


async def _ask(ports: Ports, call_id: str, operation: Operation, request: _Request) -> OperationRecord:
    if _CONNECTION_ID.fullmatch(call_id):
        await _look_up(ports, call_id)
    async with ports.store.transaction() as tx:
        call = await known(tx, call_id)
        kept = await keep(tx, ports, call, request(call, operation), leased=True)
        foreign = call.direction is Direction.FOREIGN
    tell(ports, kept)
    for job in kept.jobs:
        await perform(ports, job, again=False)
    record = await _read(ports, operation.id)
    return _noted(record) if foreign else record


def _noted(record: OperationRecord) -> OperationRecord:
    return msgspec.structs.replace(record, note=FOREIGN_NOTE)


async def _look_up(ports: Ports, call_connection_id: str) -> None:
    """Ask ACS about a call of others that we do not know, or that was still on its way when we asked last."""
    stored = await ports.store.call(call_connection_id)
    if stored is None:
        await _adopt(ports, call_connection_id)
    elif stored.call.direction is Direction.FOREIGN and stored.call.state is not CallState.CONNECTED:
        await _refresh(ports, stored.call)


async def _refresh(ports: Ports, known_as: Call) -> None:
    """Its events go to others, so that its state is to be asked for."""
    connection = known_as.call_connection_id or ""
    try:
        state = _state((await ports.acs.look_up(connection)).state)
    except AcsCallNotFound:
        state = CallState.DISCONNECTED
    now = ports.clock.now()
    async with ports.store.transaction() as tx:
        call = await known(tx, known_as.id)
        on, over = state is CallState.CONNECTED, state in ENDED
        seen = msgspec.structs.replace(
            call,
            state=state,
            connected_at=call.connected_at or (now if on else None),
            ended_at=call.ended_at or (now if over else None),
        )
        kept = await keep(tx, ports, call, Step(seen))
    tell(ports, kept)


async def _adopt(ports: Ports, call_connection_id: str) -> None:
    """Put a call that another system set up on our record. Raises TranscriptNotOurs where it has no transcription."""
    try:
        found = await ports.acs.look_up(call_connection_id)
    except AcsCallNotFound as fault:
        raise CallNotFound("neither we nor ACS know a call with this id") from fault
    if found.transcription in (None, "disabled"):
        raise TranscriptNotOurs("another system set this call up, without transcription")
    async with ports.store.transaction() as tx:
        if await tx.call(call_connection_id) is not None:
            return
        kept = await keep(tx, ports, None, Step(_foreign(ports, found)))
    tell(ports, kept)


def _foreign(ports: Ports, found: AcsCall) -> Call:
    now = ports.clock.now()
    active = found.transcription == "active"
    transcription = Transcription(
        locale=ports.config.default_locale,
        mode=StartMode.MANUAL,
        state=TranscriptionState.STARTING if active else TranscriptionState.INACTIVE,
        event_seen=active,
    )
    state = _state(found.state)
    return Call(
        id=ports.ids.new("call"),
        key=ports.ids.secret(),
        direction=Direction.FOREIGN,
        state=state,
        created_at=now,
        transcription=transcription,
        call_connection_id=found.call_connection_id,
        server_call_id=found.server_call_id,
        correlation_id=found.correlation_id,
        from_id=found.from_id,
        to=found.targets,
        connected_at=now if state is CallState.CONNECTED else None,
    )


def _state(told: str) -> CallState:
    """Our word for ACS's state of a connection; what is neither on nor over is on its way."""
    return _STATES.get(told, CallState.CONNECTING)
