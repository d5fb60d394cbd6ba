"""How calls end."""

from __future__ import annotations

import asyncio

from acs_emulator.calls import callevents, endcodes
from acs_emulator.calls.call import Call, CallState, Leg, LegState
from acs_emulator.calls.presence import leave, participants_updated
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import is_phone_number
from acs_emulator.media import continuous
from acs_emulator.outgoing.events import Result, Told
from acs_emulator.recordings import operations as recordings
from acs_emulator.streaming import operations as streaming
from acs_emulator.transcription import operations as transcription
from acs_emulator.transcription.summaries import summarize_at_end

HANG_UP_DELAY = 0.1
"""Emulated seconds between a request that ends a call and the event that says so."""
TALK_ON = 3600.0
"""Emulated seconds after which people hang up whom the application has left alone."""


def terminate(exchange: Exchange, leg: Leg) -> None:
    """End the call for everybody, soon."""
    if leg.state is LegState.DISCONNECTING:
        return
    _disconnect_soon(exchange, leg.call, leg)


def hang_up(exchange: Exchange, leg: Leg) -> None:
    """Take the application out of the call. The call goes on where at least two others remain; else it ends."""
    call = leg.call
    if leg.state in (LegState.DISCONNECTING, LegState.TRANSFER_ACCEPTED):
        return
    others = [other for other in call.legs if other is not leg]
    if len(call.people) + len(others) < 2:
        _disconnect_soon(exchange, call, leg)
        return
    leg.state = LegState.DISCONNECTING
    exchange.tasks.start(_hang_up(exchange, leg), scope=call.call_id)


async def person_leaves(
    exchange: Exchange, call: Call, raw_id: str, *, everyone: bool, dropped: bool = False
) -> None:
    """Somebody hangs up, or loses the connection (`dropped`). With `everyone`, or where no human remains, the call
    ends."""
    call = call.home_of(raw_id)
    if not leave(exchange, call, raw_id):
        return
    if not everyone and call.people:
        participants_updated(exchange, call)
        return
    await end(exchange, call, endcodes.DROPPED if dropped else _by_person(call, raw_id))


async def leg_leaves(exchange: Exchange, leg: Leg, result: Result) -> None:
    """One end of the application's leaves, and the others talk on."""
    call = leg.call
    if leg.talks:
        leg.state = LegState.DISCONNECTING
    await _close_sockets(leg)
    if leg.state is LegState.DISCONNECTED:
        return
    disconnected(exchange, leg, result)
    participants_updated(exchange, call)
    if not call.legs:
        talk_on(exchange, call)


def talk_on(exchange: Exchange, call: Call) -> None:
    """The people have been left alone. Where the application does not come back, they hang up some time."""
    exchange.tasks.start(_talk_on(exchange, call), scope=call.call_id)


async def end(exchange: Exchange, call: Call, result: Result, by: Leg | None = None) -> None:
    """Tell every leg, close every socket, forget the call. `by` is the leg that ended it."""
    if call.state is CallState.ENDED:
        return
    call.state = CallState.ENDED
    exchange.tasks.cancel(call.call_id)
    withdraw_offers(exchange, call)
    legs = list(call.legs)
    for leg in legs:
        if leg.origin == "answer" and leg.state is LegState.UNKNOWN:
            exchange.callbacks.send(
                leg,
                "AnswerFailed",
                Told(leg.operation_context),
                result=endcodes.canceled_by(leg.source or ""),
            )
        leg.state = LegState.DISCONNECTING
    await asyncio.gather(*(_close_sockets(leg) for leg in legs))
    for leg in legs:
        disconnected(exchange, leg, result if by is None or leg is by else _by_app(leg, by))
    callevents.ended(exchange, call)
    recordings.call_ended(exchange, call)
    exchange.calls.remove(call)
    exchange.note_call(call, "ended")


def withdraw_offers(exchange: Exchange, call: Call) -> None:
    """The call rings nowhere any more."""
    for offer in [offer for offer in exchange.offers.values() if offer.call is call]:
        del exchange.offers[offer.context]
        offer.outcome.cancel()


def disconnected(exchange: Exchange, leg: Leg, result: Result) -> None:
    """The leg's last event; from now on ACS knows no such call."""
    leg.state = LegState.DISCONNECTED
    leg.call.ring_change()
    leg.media.drop()
    continuous.stop_all(leg)
    exchange.callbacks.send(leg, "CallDisconnected", Told(leg.operation_context), result=result)
    summarize_at_end(exchange, leg)
    exchange.calls.detach(leg)


async def not_created(exchange: Exchange, leg: Leg, result: Result) -> None:
    """Nobody answered: CallDisconnected, then CreateCallFailed without the context, as captured."""
    call = leg.call
    exchange.callbacks.send(leg, "CallDisconnected", Told(leg.operation_context), result=result)
    exchange.callbacks.send(leg, "CreateCallFailed", result=result)
    leg.state = LegState.DISCONNECTED
    exchange.calls.detach(leg)
    call.state = CallState.ENDED
    recordings.call_ended(exchange, call)
    exchange.calls.remove(call)
    exchange.note_call(call, "ended")
    exchange.tasks.cancel(call.call_id)


async def _close_sockets(leg: Leg) -> None:
    await asyncio.gather(transcription.close(leg), streaming.close(leg))


async def forget_all(exchange: Exchange) -> None:
    """Drop every call, and every delivery under way, without a word to the application."""
    for call in exchange.calls.all():
        call.state = CallState.ENDED
        exchange.tasks.cancel(call.call_id)
        await asyncio.gather(*(_close_sockets(leg) for leg in call.legs))
        for leg in list(call.legs):
            leg.state = LegState.DISCONNECTED
            exchange.calls.detach(leg)
        exchange.calls.remove(call)
    exchange.offers.clear()
    recordings.forget_all(exchange)
    exchange.callbacks.drop_all()
    exchange.event_grid.drop_all()


def _disconnect_soon(exchange: Exchange, call: Call, leg: Leg) -> None:
    rings = leg.state is LegState.CONNECTING and len(call.legs) == 1
    for each in call.legs:
        if each is leg or each.talks:
            each.state = LegState.DISCONNECTING
    exchange.tasks.start(_end_after_delay(exchange, call, leg, rings=rings), scope=call.call_id)


async def _end_after_delay(exchange: Exchange, call: Call, leg: Leg, *, rings: bool) -> None:
    await exchange.clock.sleep(HANG_UP_DELAY)
    if not rings:
        await end(exchange, call, endcodes.ENDED_BY_THIS_APP, by=leg)
        return
    withdraw_offers(exchange, call)
    await not_created(exchange, leg, endcodes.canceled(leg.targets[0] if leg.targets else ""))


async def _hang_up(exchange: Exchange, leg: Leg) -> None:
    await exchange.clock.sleep(HANG_UP_DELAY)
    await leg_leaves(exchange, leg, endcodes.ENDED_BY_THIS_APP)


async def _talk_on(exchange: Exchange, call: Call) -> None:
    await exchange.clock.sleep(TALK_ON)
    if not call.legs:
        await end(exchange, call, endcodes.ENDED_BY_USER)


def _by_app(leg: Leg, by: Leg) -> Result:
    """What a leg is told when another end of the application's ended the call; by phone where a line is between."""
    if leg.line:
        return endcodes.ENDED_BY_PSTN_CALLER
    return endcodes.ENDED_BY_PSTN_CALLEE if by.line else endcodes.ENDED_BY_AN_APP


def _by_person(call: Call, raw_id: str) -> Result:
    if is_phone_number(raw_id):
        incoming = call.direction == "incoming"
        return endcodes.ENDED_BY_PSTN_CALLER if incoming else endcodes.ENDED_BY_PSTN_CALLEE
    return endcodes.ENDED_BY_ORGANIZER if call.direction in ("room", "group") else endcodes.ENDED_BY_USER
