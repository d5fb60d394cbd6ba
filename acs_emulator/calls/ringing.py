"""Ringing: at a human, who behaves as told, or at the application, as an IncomingCall event."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from acs_emulator.calls.call import Call, Leg, Line, new_server_call_id
from acs_emulator.exchange import Exchange, Offer, Redirected
from acs_emulator.identifiers import is_communication_user, is_phone_number, wire_in_event_grid
from acs_emulator.people.callees import PickedUp, Unanswered, unanswered

ANSWER_AFTER = 1.0
GIVE_UP_AFTER = 30.0
MAX_REDIRECTS = 5
_CONTEXT_NOISE = 3600
"""Bytes that gzip cannot shrink, so that a context is as long as in the captures, about 7 KB."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody took the call: a human, or the application with a leg of its own."""

    raw_id: str
    """As who they are in the call."""
    leg: Leg | None = None
    human: str = ""
    """Who they are themselves, where that is somebody else."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is to be reached, and what they see of it."""

    caller: str
    callee: str
    correlation_id: str
    server_call_id: str
    display_name: str = ""
    custom_context: Mapping[str, object] | None = None
    give_up_after: float | None = None
    line: Line | None = None
    """The PSTN line that the application's other end would be behind."""


def invitation_from(
    leg: Leg,
    callee: str,
    *,
    caller: str | None = None,
    display_name: str = "",
    custom_context: Mapping[str, object] | None = None,
    give_up_after: float | None = None,
) -> Invitation:
    """Somebody is called by the application. Both ends of a VoIP call share their ids; a hop over PSTN, where the call
    is from the number `caller`, makes new ones, as captured."""
    pstn = is_phone_number(callee)
    shown = caller or leg.app
    return Invitation(
        shown,
        callee,
        str(uuid.uuid4()) if pstn else leg.correlation_id,
        new_server_call_id() if pstn else leg.call.server_call_id,
        display_name,
        custom_context,
        give_up_after,
        Line(far=shown, near=callee) if pstn else None,
    )


async def ring(
    exchange: Exchange, call: Call, invitation: Invitation, *, at_application: bool = False
) -> Answered | Unanswered:
    """Who answered, or why nobody did. Follows redirections; whoever comes to answer behind a phone number is that number
    in the call, because a PSTN line shows nothing else.

    `at_application` rings at the application whatever the callees' book says.
    """
    callee, redirected = invitation.callee, False
    for _ in range(MAX_REDIRECTS):
        rings_here = at_application or exchange.callees.get(callee).raises_incoming_call
        rings_on_both = redirected and is_phone_number(invitation.caller) and is_communication_user(callee)
        if not rings_here and not rings_on_both:
            reached = await _ring_human(exchange, callee, invitation.give_up_after)
            return _behind(invitation, reached.raw_id) if isinstance(reached, Answered) else reached
        offer = _offer(exchange, call, invitation, callee)
        if not rings_here:
            exchange.tasks.start(_ring_user_too(exchange, offer), scope=call.call_id)
        try:
            outcome = await offer.outcome
        finally:
            exchange.offers.pop(offer.context, None)
        if isinstance(outcome, Leg):
            return Answered(outcome.app, outcome)
        if isinstance(outcome, PickedUp):
            return _behind(invitation, outcome.raw_id)
        if isinstance(outcome, Unanswered):
            return outcome
        callee, at_application, redirected = outcome.target, False, True
    return unanswered(callee, "no-answer")


def _behind(invitation: Invitation, human: str) -> Answered:
    return Answered(invitation.callee if is_phone_number(invitation.callee) else human, human=human)


async def _ring_user_too(exchange: Exchange, offer: Offer) -> None:
    """A phone call that is redirected to an ACS user rings at the user's devices and raises an IncomingCall, the second
    of that call; whoever is first takes it. Source: azure-docs, incoming-call concepts."""
    outcome = await _ring_human(exchange, offer.callee, None)
    settle(exchange, offer, outcome if isinstance(outcome, Unanswered) else PickedUp(outcome.raw_id))


async def _ring_human(exchange: Exchange, raw_id: str, give_up_after: float | None) -> Answered | Unanswered:
    callee = exchange.callees.get(raw_id)
    silent = callee.behaviour == "no-answer"
    after = callee.after_seconds
    if after is None:
        after = GIVE_UP_AFTER if silent else ANSWER_AFTER
    if give_up_after is not None and (silent or give_up_after < after):
        await exchange.clock.sleep(min(give_up_after, after))
        return unanswered(raw_id, "no-answer")
    await exchange.clock.sleep(after)
    return Answered(raw_id) if callee.behaviour == "answer" else unanswered(raw_id, callee.behaviour)


def _offer(exchange: Exchange, call: Call, invitation: Invitation, callee: str) -> Offer:
    """Raise an IncomingCall event; gives up by itself when it has rung long enough."""
    context = _incoming_call_context(call)
    offer = Offer(
        call,
        invitation.caller,
        callee,
        invitation.correlation_id,
        context,
        asyncio.get_running_loop().create_future(),
        invitation.server_call_id,
        invitation.line,
    )
    exchange.offers[context] = offer
    exchange.tasks.start(_give_up(exchange, offer, invitation.give_up_after), scope=call.call_id)
    data: dict[str, object] = {
        "to": wire_in_event_grid(callee),
        "from": wire_in_event_grid(invitation.caller),
        "serverCallId": invitation.server_call_id,
        "callerDisplayName": invitation.display_name,
    }
    given = {name: one for name, one in (invitation.custom_context or {}).items() if one is not None}
    if given:
        data["customContext"] = given
    data |= {"incomingCallContext": context, "correlationId": invitation.correlation_id}
    subject = f"/caller/{invitation.caller}/recipient/{callee}"
    told = exchange.event_grid.publish("Microsoft.Communication.IncomingCall", subject, data)
    exchange.journal.add(
        "call",
        what="offered",
        callId=call.call_id,
        correlationId=invitation.correlation_id,
        subscriptions=told,
    )
    return offer


async def _give_up(exchange: Exchange, offer: Offer, after: float | None) -> None:
    await exchange.clock.sleep(exchange.options.ring_seconds if after is None else after)
    settle(exchange, offer, unanswered(offer.callee, "no-answer"))


def settle(exchange: Exchange, offer: Offer, outcome: Leg | PickedUp | Unanswered | Redirected) -> None:
    """The first outcome counts; after it the `incomingCallContext` is worth nothing."""
    exchange.offers.pop(offer.context, None)
    if not offer.outcome.done():
        offer.outcome.set_result(outcome)


def _incoming_call_context(call: Call) -> str:
    """Opaque: as long as the real one, and of its form (a JWT without signature around a compressed context)."""
    noise = base64.b64encode(secrets.token_bytes(_CONTEXT_NOISE)).decode()
    context = gzip.compress(json.dumps({"callId": call.call_id, "state": noise}).encode())
    header = {"alg": "none", "typ": "JWT"}
    payload = {"cc": base64.b64encode(context).decode(), "exp": int(time.time()) + 300}
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, payload))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
