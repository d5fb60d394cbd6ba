"""How calls end."""

from __future__ import annotations

import asyncio

from acs_emulator.callbacks import SCOPE as CALLBACKS
from acs_emulator.calls import Call, CallState, Leg, LegState
from acs_emulator.eventgrid import SCOPE as EVENTS
from acs_emulator.events import Result
from acs_emulator.exchange import Exchange
from acs_emulator.presence import participants_updated
from acs_emulator.transcription import operations as transcription

ENDED_BY_THIS_APP = Result(
    200,
    7000,
    "Call was ended by Azure Communication Service Call Automation API or a server bot. DiagCode: 0#7000.@",
)
ENDED_BY_AN_APP = Result(200, 7000, "The conversation has ended. DiagCode: 0#7000.@")
ENDED_BY_PSTN_CALLER = Result(200, 540000, "Call ended successfully by local PSTN caller.")
ENDED_BY_PSTN_CALLEE = Result(200, 560000, "Call ended successfully by remote PSTN participant.")
ENDED_BY_USER = Result(200, 5001, "This conversation has ended.. DiagCode: 0#5001.@")

CANCELED_BY_CALLER = Result(487, 0, "The caller canceled the call. DiagCode: 487#0.@")

HANG_UP_DELAY = 0.1
"""Emulated seconds between a request that ends a call and the event that says so."""


def terminate(exchange: Exchange, leg: Leg) -> None:
    """End the call for everybody, soon."""
    _disconnect_soon(exchange, leg.call, leg)


def hang_up(exchange: Exchange, leg: Leg) -> None:
    """Take the application out of the call. The call goes on where at least two others remain; else it ends."""
    call = leg.call
    others = [other for other in call.legs if other is not leg]
    if len(call.people) + len(others) < 2:
        _disconnect_soon(exchange, call, leg)
        return
    leg.state = LegState.DISCONNECTING
    exchange.tasks.start(_leave(exchange, leg), scope=call.call_id)


async def person_leaves(exchange: Exchange, call: Call, raw_id: str, *, everyone: bool) -> None:
    """Somebody hangs up. With `everyone`, or where no human remains, the call ends."""
    call.people.pop(raw_id, None)
    exchange.note_call(call, "left")
    if not everyone and call.people:
        participants_updated(exchange, call)
        return
    await end(exchange, call, _by_person(call, raw_id))


async def end(exchange: Exchange, call: Call, result: Result, by: Leg | None = None) -> None:
    """Tell every leg, close every socket, forget the call. `by` is the leg that ended it."""
    if call.state is CallState.ENDED:
        return
    call.state = CallState.ENDED
    exchange.tasks.cancel(call.call_id)
    for offer in [offer for offer in exchange.offers.values() if offer.call is call]:
        del exchange.offers[offer.context]
        offer.outcome.cancel()
    legs = list(call.legs)
    for leg in legs:
        if leg.origin == "answer" and leg.state is LegState.UNKNOWN:
            exchange.callbacks.send(
                leg, "AnswerFailed", result=CANCELED_BY_CALLER, context=leg.operation_context
            )
        leg.state = LegState.DISCONNECTING
    await asyncio.gather(*(transcription.close(leg) for leg in legs))
    for leg in legs:
        told = ENDED_BY_AN_APP if by is not None and leg is not by else result
        disconnected(exchange, leg, told)
    exchange.calls.remove(call)
    exchange.note_call(call, "ended")


def disconnected(exchange: Exchange, leg: Leg, result: Result) -> None:
    """The leg's last event; from now on ACS knows no such call."""
    leg.state = LegState.DISCONNECTED
    exchange.callbacks.send(leg, "CallDisconnected", result=result, context=leg.operation_context)
    exchange.calls.detach(leg)


async def not_created(exchange: Exchange, leg: Leg, result: Result) -> None:
    """Nobody answered: CallDisconnected, then CreateCallFailed without the context, as captured."""
    call = leg.call
    exchange.callbacks.send(leg, "CallDisconnected", result=result, context=leg.operation_context)
    exchange.callbacks.send(leg, "CreateCallFailed", result=result)
    leg.state = LegState.DISCONNECTED
    exchange.calls.detach(leg)
    call.state = CallState.ENDED
    exchange.calls.remove(call)
    exchange.note_call(call, "ended")
    exchange.tasks.cancel(call.call_id)


async def forget_all(exchange: Exchange) -> None:
    """Drop every call, and every delivery under way, without a word to the application."""
    for call in exchange.calls.all():
        call.state = CallState.ENDED
        exchange.tasks.cancel(call.call_id)
        await asyncio.gather(*(transcription.close(leg) for leg in call.legs))
        for leg in list(call.legs):
            leg.state = LegState.DISCONNECTED
            exchange.calls.detach(leg)
        exchange.calls.remove(call)
    exchange.offers.clear()
    exchange.tasks.cancel(CALLBACKS)
    exchange.tasks.cancel(EVENTS)


def _disconnect_soon(exchange: Exchange, call: Call, leg: Leg) -> None:
    for each in call.legs:
        each.state = LegState.DISCONNECTING
    exchange.tasks.start(_end_after_delay(exchange, call, leg), scope=call.call_id)


async def _end_after_delay(exchange: Exchange, call: Call, leg: Leg) -> None:
    await exchange.clock.sleep(HANG_UP_DELAY)
    await end(exchange, call, ENDED_BY_THIS_APP, by=leg)


async def _leave(exchange: Exchange, leg: Leg) -> None:
    await exchange.clock.sleep(HANG_UP_DELAY)
    await transcription.close(leg)
    disconnected(exchange, leg, ENDED_BY_THIS_APP)
    participants_updated(exchange, leg.call)


def _by_person(call: Call, raw_id: str) -> Result:
    if not raw_id.startswith("4:"):
        return ENDED_BY_USER
    return ENDED_BY_PSTN_CALLER if call.direction == "incoming" else ENDED_BY_PSTN_CALLEE
