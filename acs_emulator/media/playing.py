"""Playing texts, SSML and files into a call: who hears it, in which order, and what the application is told."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from acs_emulator.calls import parties
from acs_emulator.calls.call import Leg
from acs_emulator.clock import to_ticks
from acs_emulator.exchange import Exchange
from acs_emulator.media.prompts import CannotPlay, Prompt, Source
from acs_emulator.media.queue import MAIN, Operation
from acs_emulator.outgoing.events import CANCELED, MEDIA_OK, UNTOLD, Result, Told
from acs_emulator.people.scene import Utterance
from acs_emulator.rest.versions import at_least

PLAY_STARTED_SINCE = "2024-06-15-preview"
"""The first version whose SDK knows PlayStarted; that older ones are not sent it is a guess."""

CONFIDENCE = 0.9
"""With which words that are played are recognised."""


@dataclass(frozen=True, slots=True)
class Play:
    """A play operation."""

    sources: Sequence[Source]
    targets: Sequence[str] = ()
    """Raw ids; everybody where there are none."""
    loop: bool = False
    told: Told = UNTOLD


class PlayFailed(Exception):
    """A source cannot be played."""

    def __init__(self, index: int, result: Result) -> None:
        super().__init__(result.message)
        self.index = index
        self.result = result


def play(exchange: Exchange, leg: Leg, operation: Play, *, interrupt: bool) -> None:
    """Play after what is already queued, or instead of it. Events: PlayStarted, then PlayCompleted or PlayFailed.

    Raises Refused: for a target that is not in the call (404, "8522"; that it is told at once is a guess), and as
    `MediaQueue.add`.
    """
    targets = tuple(parties.find(leg, target) for target in operation.targets)
    if interrupt:
        leg.media.cancel_all()
    queued = Operation(
        lane=targets[0] if targets and parties.is_group(leg) else MAIN,
        exclusive=targets,
        tell_canceled=lambda: exchange.callbacks.send(leg, "PlayCanceled", operation.told, result=CANCELED),
    )
    leg.media.add(queued)
    queued.task = exchange.tasks.start(_play(exchange, leg, operation, queued), scope=leg.call.call_id)


async def _play(exchange: Exchange, leg: Leg, operation: Play, queued: Operation) -> None:
    begun = functools.partial(tell_started, exchange, leg, operation.told, MEDIA_OK)
    try:
        async with leg.media.turn(queued):
            prompts = await sound(exchange, leg, operation.sources, begun)
            while operation.loop:
                for prompt in prompts:
                    await _sound(exchange, leg, prompt)
    except PlayFailed as failed:
        fields: dict[str, object] = {"failedPlaySourceIndex": failed.index}
        exchange.callbacks.send(leg, "PlayFailed", operation.told, result=failed.result, fields=fields)
    else:
        exchange.callbacks.send(leg, "PlayCompleted", operation.told, result=MEDIA_OK)
    finally:
        leg.media.remove(queued)


async def sound(
    exchange: Exchange, leg: Leg, sources: Sequence[Source], begun: Callable[[], None]
) -> list[Prompt]:
    """Let the call hear the sources one after the other; `begun` is called when the first one sounds.

    Returns them as they were played. Where it is cancelled it falls silent. Raises PlayFailed.
    """
    endpoint = bool(leg.cognitive_services_endpoint)
    prompts: list[Prompt] = []
    for index, source in enumerate(sources):
        try:
            prompt = await exchange.prompts.ready(
                exchange.client, exchange.clock, source, cognitive_services=endpoint
            )
        except CannotPlay as cannot:
            raise PlayFailed(index, cannot.result) from cannot
        prompts.append(prompt)
        if index == 0:
            begun()
        await _sound(exchange, leg, prompt)
    return prompts


async def _sound(exchange: Exchange, leg: Leg, prompt: Prompt) -> None:
    """Words are heard by the recognitions of the application's other ends, whoever the play is for."""
    began = exchange.clock.now()
    leg.call.sound.add(leg.shown_as, to_ticks(began), to_ticks(prompt.seconds), prompt.render(leg.shown_as))
    _say(leg, prompt, began, final=False)
    try:
        await exchange.clock.sleep_until(began + prompt.seconds)
    except asyncio.CancelledError:
        leg.call.sound.cut(leg.shown_as, exchange.clock.ticks())
        raise
    _say(leg, prompt, began, final=True)


def _say(leg: Leg, prompt: Prompt, began: float, *, final: bool) -> None:
    if not prompt.words:
        return
    text = prompt.words if final else ""
    offset, duration = to_ticks(began), to_ticks(prompt.seconds)
    said = Utterance(leg.shown_as, final, text, offset, duration, CONFIDENCE, ())
    for listener in leg.call.listeners:
        listener.hear(said)


def tell_started(exchange: Exchange, leg: Leg, told: Told, result: Result) -> None:
    """PlayStarted, where the leg's version has it."""
    if at_least(leg.api_version, PLAY_STARTED_SINCE):
        exchange.callbacks.send(leg, "PlayStarted", told, result=result)
