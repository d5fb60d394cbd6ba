"""What is said in a call is heard by its transcriptions."""

from __future__ import annotations

from collections.abc import Sequence

from acs_emulator.calls import Call, CallState
from acs_emulator.clock import TICKS_PER_SECOND
from acs_emulator.exchange import Exchange
from acs_emulator.leaving import person_leaves
from acs_emulator.scene import Press, Scene, Speech, SpeechFailed, Utterance
from acs_emulator.transcription.stream import Stream

HANG_UP_AFTER = 1.0
"""Emulated seconds of silence before the caller hangs up."""
DEFAULT_LOCALE = "en-US"


def begin(exchange: Exchange, call: Call, speech: Speech, speaker: str) -> None:
    """Let the speech be said in the call; `speaker` is who hangs up after it."""
    exchange.tasks.start(_perform(exchange, call, speech, speaker), scope=call.call_id)


async def _perform(exchange: Exchange, call: Call, speech: Speech, speaker: str) -> None:
    asked = exchange.clock.now()
    began = max(asked, await _transcription_began(call)) if speech.wait_for_transcription else asked
    exchange.journal.add("speech", what="began", callId=call.call_id)
    try:
        await speech.perform(scene(exchange, call, began))
    except SpeechFailed as failed:
        exchange.journal.add("error", message=str(failed), callId=call.call_id)
    exchange.journal.add("speech", what="ended", callId=call.call_id)
    if speech.hang_up:
        await exchange.clock.sleep(HANG_UP_AFTER)
        await person_leaves(exchange, call, speaker, everyone=speaker == call.caller)


def scene(exchange: Exchange, call: Call, began: float) -> Scene:
    """The call as its speeches see it."""
    locales = [leg.transcription.locale for leg in call.legs if leg.transcription]
    return Scene(
        clock=exchange.clock,
        began=began,
        locale=next((locale for locale in locales if locale), DEFAULT_LOCALE),
        say=lambda utterance: _say(call, utterance),
        speaker=lambda name: _speaker(call, name),
    )


def _say(call: Call, utterance: Utterance) -> None:
    person = call.people.get(utterance.raw_id)
    if person is not None and not person.audible:
        return
    for stream in _streams(call):
        stream.hear(utterance)
    for listener in list(call.listeners):
        listener.hear(utterance)


def press(exchange: Exchange, call: Call, raw_id: str, tones: Sequence[str]) -> None:
    """Somebody presses keys, all at once; keys are heard whether or not their microphone is muted."""
    for tone in tones:
        pressed = Press(raw_id, tone, exchange.clock.ticks())
        for listener in list(call.listeners):
            listener.hear_press(pressed)


def _streams(call: Call) -> list[Stream]:
    running = (leg.transcription.stream for leg in call.legs if leg.transcription)
    return [stream for stream in running if stream is not None]


async def _transcription_began(call: Call) -> float:
    """When the first transcription of the call began, on the emulator's clock; waits for it."""
    while not (streams := _streams(call)) or call.state is not CallState.ESTABLISHED:
        await call.changed.wait()
    return min(stream.origin for stream in streams) / TICKS_PER_SECOND


async def _speaker(call: Call, name: str) -> str:
    while (raw_id := call.who(name)) is None:
        await call.changed.wait()
    return raw_id
