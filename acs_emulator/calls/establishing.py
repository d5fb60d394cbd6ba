"""How calls begin: dialled in, placed, answered, joined."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from acs_emulator.calls import callevents, endcodes, leaving
from acs_emulator.calls.call import Call, CallState, Leg, LegState, Person, room_call_id
from acs_emulator.calls.presence import join, participants_updated
from acs_emulator.calls.ringing import Answered, Invitation, invitation_from, ring, settle
from acs_emulator.errors import call_not_found
from acs_emulator.exchange import Exchange, Offer, Redirected
from acs_emulator.identifiers import is_phone_number
from acs_emulator.outgoing.events import Result, Told
from acs_emulator.people import performance
from acs_emulator.people.callees import Unanswered
from acs_emulator.people.scene import Speech
from acs_emulator.streaming import operations as streaming
from acs_emulator.streaming.state import MediaStreaming
from acs_emulator.transcription import operations as transcription
from acs_emulator.transcription.state import Transcription

CONNECT_DELAY = 0.2
"""Emulated seconds from answer to CallConnected; the transcription socket is dialled meanwhile."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What create, answer and connect have in common."""

    api_version: str
    callback_uri: str
    operation_context: str | None = None
    cognitive_services_endpoint: str | None = None
    transcription: Transcription | None = None
    media_streaming: MediaStreaming | None = None


@dataclass(frozen=True, slots=True)
class Placing:
    """What only create has."""

    targets: Sequence[str]
    source: str | None = None
    source_caller_id: str | None = None
    source_display_name: str = ""
    custom_context: Mapping[str, object] | None = None


def dial_in(
    exchange: Exchange,
    caller: str,
    callee: str,
    *,
    display_name: str = "",
    custom_context: Mapping[str, object] | None = None,
    speech: Speech | None = None,
    legacy_offsets: bool = False,
) -> Call:
    """Somebody rings. The call waits to be answered, redirected or rejected until it has rung long enough."""
    call = exchange.calls.add(Call("incoming", caller=caller, speech=speech, legacy_offsets=legacy_offsets))
    join(exchange, call, caller)
    exchange.note_call(call, "ringing")
    invitation = Invitation(
        caller, callee, call.correlation_id, call.server_call_id, display_name, custom_context
    )
    exchange.tasks.start(_ring_in(exchange, call, invitation), scope=call.call_id)
    return call


async def _ring_in(exchange: Exchange, call: Call, invitation: Invitation) -> None:
    outcome = await ring(exchange, call, invitation, at_application=True)
    if isinstance(outcome, Answered) and outcome.leg is not None:
        await establish(exchange, outcome.leg)
        return
    # Unanswered, rejected, or redirected to a human: the application has no part in it any more.
    await leaving.end(exchange, call, endcodes.ENDED_BY_USER)


def answer(exchange: Exchange, context: str, setup: Setup, answered_by: str | None) -> Leg:
    """The new leg, not yet connected. Raises Refused where the call rings no more."""
    offer = _ringing(exchange, context)
    app = answered_by or (exchange.app if is_phone_number(offer.callee) else offer.callee)
    leg = _attach(
        exchange,
        offer.call,
        setup,
        "answer",
        app,
        correlation_id=offer.correlation_id,
    )
    leg.state = LegState.UNKNOWN
    leg.source, leg.targets = offer.caller, (offer.callee,)
    leg.answered_by = answered_by
    leg.answered_for = offer.callee if is_phone_number(offer.callee) else None
    if offer.line is not None:
        leg.line, leg.own_server_call_id = offer.line, offer.server_call_id
        leg.seat.raw_id, leg.far = leg.shown_as, Person(offer.line.far)
    settle(exchange, offer, leg)
    return leg


def reject(exchange: Exchange, context: str, reason: Literal["none", "busy", "forbidden"]) -> None:
    """The caller hears the reason; no event tells of it. Raises Refused where the call rings no more."""
    offer = _ringing(exchange, context)
    settle(exchange, offer, Unanswered(endcodes.rejected(offer.callee, reason)))


def redirect(exchange: Exchange, context: str, target: str) -> None:
    """The call rings at the target instead; no event tells of it. Raises Refused where it rings no more."""
    settle(exchange, _ringing(exchange, context), Redirected(target))


def create(exchange: Exchange, setup: Setup, placing: Placing) -> Leg:
    """The new leg, connecting: every target is rung at once, the first who answers makes it a call."""
    call = exchange.calls.add(Call("outgoing"))
    leg = _attach(
        exchange, call, setup, "create", placing.source or exchange.app, correlation_id=call.correlation_id
    )
    leg.source, leg.targets = leg.app, tuple(placing.targets)
    leg.source_caller_id = placing.source_caller_id
    leg.source_display_name = placing.source_display_name
    exchange.note_call(call, "ringing")
    exchange.tasks.start(_place(exchange, leg, placing), scope=call.call_id)
    return leg


async def _place(exchange: Exchange, leg: Leg, placing: Placing) -> None:
    reasons: list[Result] = []
    connected = asyncio.Lock()

    async def reach(target: str) -> None:
        outcome = await ring(exchange, leg.call, _invitation(leg, target, placing))
        if isinstance(outcome, Unanswered):
            reasons.append(outcome.result)
            return
        async with connected:
            await _answered(exchange, leg, outcome)

    async with asyncio.TaskGroup() as targets:
        for target in placing.targets:
            targets.create_task(reach(target))
    if len(reasons) == len(placing.targets):
        everywhere = len(reasons) > 1 and set(reasons) == {endcodes.DECLINED}
        await leaving.not_created(exchange, leg, endcodes.DECLINED_EVERYWHERE if everywhere else reasons[-1])


async def _answered(exchange: Exchange, leg: Leg, outcome: Answered) -> None:
    call = leg.call
    if outcome.leg is None:
        performance.come_in(exchange, call, outcome.raw_id, human=outcome.human)
    if leg.state is LegState.CONNECTING:
        await establish(exchange, leg)
    if outcome.leg is not None:
        await establish(exchange, outcome.leg)


def _invitation(leg: Leg, target: str, placing: Placing) -> Invitation:
    return invitation_from(
        leg,
        target,
        caller=placing.source_caller_id if is_phone_number(target) else None,
        display_name=placing.source_display_name,
        custom_context=placing.custom_context,
    )


def connect(exchange: Exchange, setup: Setup, call: Call) -> Leg:
    """The application joins a call that others set up."""
    leg = _attach(exchange, call, setup, "connect", exchange.app, correlation_id=call.correlation_id)
    leg.source = leg.app
    leg.state = LegState.UNKNOWN
    exchange.tasks.start(establish(exchange, leg), scope=call.call_id)
    return leg


def connect_failed(exchange: Exchange, setup: Setup) -> Leg:
    """There is no call of that server call id: told by ConnectFailed, which is a guess."""
    call = Call("group", state=CallState.ENDED)
    leg = _attach(exchange, call, setup, "connect", exchange.app, correlation_id=call.correlation_id)
    leg.state = LegState.DISCONNECTED
    exchange.calls.detach(leg)
    refused = call_not_found()
    result = Result(404, 8522, refused.message)
    exchange.callbacks.send(leg, "ConnectFailed", Told(setup.operation_context), result=result)
    return leg


def room(exchange: Exchange, direction: Literal["room", "group"], any_id: str) -> Call:
    """The call of a room or group, which exists as soon as somebody names it."""
    call_id = room_call_id(direction, any_id)
    call = exchange.calls.find(call_id)
    return call or exchange.calls.add(Call(direction, call_id=call_id))


async def establish(exchange: Exchange, leg: Leg) -> None:
    """Connect the leg, tell it, and let what is to be said begin."""
    call = leg.call
    exchange.tasks.start(transcription.start_at_setup(exchange, leg), scope=call.call_id)
    exchange.tasks.start(streaming.start_at_setup(exchange, leg), scope=call.call_id)
    await exchange.clock.sleep(CONNECT_DELAY)
    if leg.gone:
        return
    leg.state = LegState.CONNECTED
    first = call.state is CallState.RINGING
    call.state = CallState.ESTABLISHED
    exchange.callbacks.send(leg, "CallConnected", Told(leg.operation_context))
    callevents.established(exchange, call)
    participants_updated(exchange, call)
    call.ring_change()
    if first:
        exchange.note_call(call, "established")
    if call.speech is not None and call.caller is not None:
        performance.begin(exchange, call, call.speech, call.caller)
        call.speech = None


def _ringing(exchange: Exchange, context: str) -> Offer:
    offer = exchange.offers.get(context)
    if offer is None:
        raise call_not_found()
    return offer


def _attach(
    exchange: Exchange,
    call: Call,
    setup: Setup,
    origin: Literal["answer", "create", "connect"],
    app: str,
    *,
    correlation_id: str,
) -> Leg:
    return exchange.calls.attach(
        Leg(
            call=call,
            origin=origin,
            api_version=setup.api_version,
            app=app,
            callback_uri=setup.callback_uri,
            correlation_id=correlation_id,
            operation_context=setup.operation_context,
            cognitive_services_endpoint=setup.cognitive_services_endpoint,
            transcription=setup.transcription,
            media_streaming=setup.media_streaming,
        )
    )
