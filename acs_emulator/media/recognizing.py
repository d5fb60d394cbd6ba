"""Recognising what somebody says or presses, after a prompt or during it."""

from __future__ import annotations

import asyncio
import functools

from acs_emulator.calls import parties
from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.media.playing import PlayFailed, sound, tell_started
from acs_emulator.media.prompts import Prompt
from acs_emulator.media.queue import MAIN, Operation
from acs_emulator.outgoing.events import CANCELED, Result
from acs_emulator.recognition import outcomes
from acs_emulator.recognition.ear import Ear
from acs_emulator.recognition.outcomes import Outcome
from acs_emulator.recognition.request import Request
from acs_emulator.transcription.failures import COGNITIVE_NOT_SET

PROMPT_STARTED = Result(message="Success Result")
"""As captured: PlayStarted of a prompt has another message than that of a play, and no PlayCompleted follows it."""


def recognize(exchange: Exchange, leg: Leg, request: Request, *, interrupt: bool) -> None:
    """Recognise after what is already queued, or instead of it. Events: PlayStarted for a prompt; RecognizeCompleted,
    RecognizeFailed or RecognizeCanceled. Raises Refused as `playing.play`."""
    target = parties.find(leg, request.target)
    if interrupt:
        leg.media.cancel_all()
    group = parties.is_group(leg)
    queued = Operation(
        lane=target if group else MAIN,
        exclusive=(target,) if group else (),
        tell_canceled=lambda: exchange.callbacks.send(
            leg, "RecognizeCanceled", request.told, result=CANCELED
        ),
    )
    leg.media.add(queued)
    queued.task = exchange.tasks.start(_recognize(exchange, leg, request, queued), scope=leg.call.call_id)


async def _recognize(exchange: Exchange, leg: Leg, request: Request, queued: Operation) -> None:
    try:
        async with leg.media.turn(queued):
            outcome = await _outcome(exchange, leg, request)
        name = "RecognizeCompleted" if outcome.completed else "RecognizeFailed"
        exchange.callbacks.send(leg, name, request.told, result=outcome.result, fields=outcome.fields)
    finally:
        leg.media.remove(queued)


async def _outcome(exchange: Exchange, leg: Leg, request: Request) -> Outcome:
    if request.takes_speech and not leg.cognitive_services_endpoint:
        return Outcome(COGNITIVE_NOT_SET.result)
    ear = Ear(request, functools.partial(parties.comes_from, leg, request.target))
    leg.listeners.append(ear)
    try:
        if request.prompts:
            await _prompt(exchange, leg, request, ear)
        return await _listen(exchange, leg, ear)
    except PlayFailed as failed:
        # Without speech services no prompt of words can be tried; other failures are those of the prompt.
        unset = failed.result == COGNITIVE_NOT_SET.result
        result = failed.result if unset else outcomes.PROMPT_FAILED
        return Outcome(result, fields={"failedPlaySourceIndex": failed.index})
    finally:
        leg.listeners.remove(ear)


async def _prompt(exchange: Exchange, leg: Leg, request: Request, ear: Ear) -> None:
    """Plays to the end, or until it is interrupted. Raises PlayFailed."""
    begun = functools.partial(tell_started, exchange, leg, request.told, PROMPT_STARTED)
    if not request.interrupt_prompt:
        await sound(exchange, leg, request.prompts, begun)
        return
    ear.open(exchange.clock.now())
    try:
        async with asyncio.TaskGroup() as both:
            playing = both.create_task(sound(exchange, leg, request.prompts, begun))
            listening = both.create_task(_interrupt(ear, playing))
            playing.add_done_callback(lambda _: listening.cancel())
    except* PlayFailed as failed:
        raise failed.exceptions[0] from None


async def _interrupt(ear: Ear, playing: asyncio.Task[list[Prompt]]) -> None:
    await ear.changed.wait()
    playing.cancel()


async def _listen(exchange: Exchange, leg: Leg, ear: Ear) -> Outcome:
    ear.listen(exchange.clock.now())
    leg.call.ring_change()
    while ear.outcome is None:
        ear.changed.clear()
        async with asyncio.TaskGroup() as waiting:
            silence = waiting.create_task(_silence(exchange, ear))
            await ear.changed.wait()
            silence.cancel()
    return ear.outcome


async def _silence(exchange: Exchange, ear: Ear) -> None:
    deadline = ear.deadline
    await exchange.clock.sleep_until(deadline)
    ear.fall_silent(deadline)
