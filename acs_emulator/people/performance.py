"""What is said and pressed in a call is heard by its transcriptions and recognitions."""

from __future__ import annotations

from collections.abc import Sequence

from acs_emulator.audio.soundtrack import Render
from acs_emulator.calls.call import Call, CallState, Leg
from acs_emulator.calls.leaving import person_leaves
from acs_emulator.calls.presence import join
from acs_emulator.clock import TICKS_PER_SECOND
from acs_emulator.exchange import Exchange
from acs_emulator.people.scene import Press, Scene, Speech, SpeechFailed, Utterance
from acs_emulator.recognition.ear import Ear
from acs_emulator.streaming.stream import Stream as MediaStream
from acs_emulator.transcription.stream import Stream

HANG_UP_AFTER = 1.0
"""Emulated seconds of silence before the caller hangs up."""
DEFAULT_LOCALE = "en-US"


def come_in(
    exchange: Exchange, call: Call, raw_id: str, *, human: str = "", beside: Leg | None = None
) -> None:
    """A human who took the call is in it, and says what they, or `human` behind them, have to say."""
    join(exchange, call, raw_id, beside=beside)
    dialogue = exchange.callees.get(human or raw_id).dialogue
    if dialogue is not None:
        begin(exchange, call, dialogue, raw_id)


def begin(exchange: Exchange, call: Call, speech: Speech, speaker: str) -> None:
    """Let the speech be said in the call; `speaker` is who hangs up after it."""
    task = exchange.tasks.start(_perform(exchange, call, speech, speaker), scope=call.call_id)
    whose = call.who(speaker) or speaker
    call.performances[task] = whose
    task.add_done_callback(lambda done: call.home_of(whose).performances.pop(done, None))


async def _perform(exchange: Exchange, call: Call, speech: Speech, speaker: str) -> None:
    asked = exchange.clock.now()
    began = max(asked, await _transcription_began(call, speaker)) if speech.wait_for_transcription else asked
    exchange.journal.add("speech", what="began", callId=call.call_id)
    try:
        await speech.perform(scene(exchange, call, began))
    except SpeechFailed as failed:
        exchange.journal.add("error", message=str(failed), callId=call.call_id)
    exchange.journal.add("speech", what="ended", callId=call.call_id)
    if speech.hang_up:
        await exchange.clock.sleep(HANG_UP_AFTER)
        await person_leaves(exchange, call, speaker, everyone=speaker == call.home_of(speaker).caller)


def scene(exchange: Exchange, call: Call, began: float) -> Scene:
    """The call as its speeches see it."""
    locales = [leg.transcription.locale for leg in call.legs if leg.transcription]
    answered: set[Ear] = set()
    return Scene(
        clock=exchange.clock,
        began=began,
        locale=next((locale for locale in locales if locale), DEFAULT_LOCALE),
        say=lambda utterance: _say(call, utterance),
        sound=lambda *sound: _sound(call, *sound),
        speaker=lambda name: _speaker(call, name),
        asked=lambda raw_id: _asked(call, raw_id, answered),
        press=lambda raw_id, tones: press(exchange, call, raw_id, tones),
    )


def _say(call: Call, utterance: Utterance) -> None:
    """Heard in the call where the speaker is now, by nobody once they have left."""
    call = call.home_of(utterance.raw_id)
    person = call.people.get(utterance.raw_id)
    if person is None or not person.audible:
        return
    for stream in _streams(call):
        stream.hear(utterance)
    for listener in call.listeners:
        listener.hear(utterance)


def _sound(call: Call, raw_id: str, offset: int, duration: int, render: Render) -> int:
    home = call.home_of(raw_id)
    return home.sound.add(raw_id, offset, duration, render) if raw_id in home.people else offset


def silence(exchange: Exchange, call: Call, raw_id: str, *, silent: bool) -> None:
    """Somebody is not heard from now on, or is heard again."""
    call = call.home_of(raw_id)
    person = call.people.get(raw_id)
    if person is not None:
        person.silent = silent
        call.hush(exchange.clock.ticks())
        exchange.journal.add(
            "speech", what="silent" if silent else "audible", callId=call.call_id, rawId=raw_id
        )


def press(exchange: Exchange, call: Call, raw_id: str, tones: Sequence[str]) -> None:
    """Somebody presses keys, all at once; keys are heard whether or not their microphone is muted."""
    call = call.home_of(raw_id)
    exchange.journal.add("tones", what="pressed", callId=call.call_id, rawId=raw_id, tones=list(tones))
    let_hear(exchange, call, raw_id, tones)


def let_hear(exchange: Exchange, call: Call, raw_id: str, tones: Sequence[str]) -> None:
    """Whoever listens in the call hears tones of this raw id."""
    for tone in tones:
        pressed = Press(raw_id, tone, exchange.clock.ticks())
        for listener in call.listeners:
            listener.hear_press(pressed)


def _streams(call: Call) -> list[Stream]:
    running = (leg.transcription.stream for leg in call.legs if leg.transcription)
    return [stream for stream in running if stream is not None]


def _media(call: Call) -> list[MediaStream]:
    if any(leg.transcription for leg in call.legs):
        return []
    running = (leg.media_streaming.stream for leg in call.legs if leg.media_streaming)
    return [stream for stream in running if stream is not None]


async def _transcription_began(call: Call, speaker: str) -> float:
    """When the first transcription began of the call where the speaker is, on the emulator's clock; waits for it.
    Where none was agreed upon, a media stream is what is waited for."""
    while not (streams := _streams(call) or _media(call)) or call.state is not CallState.ESTABLISHED:
        await call.changed.wait()
        call = call.home_of(speaker)
    return min(stream.origin for stream in streams) / TICKS_PER_SECOND


async def _speaker(call: Call, name: str) -> str:
    while (raw_id := call.who(name)) is None:
        await call.changed.wait()
    return raw_id


async def _asked(call: Call, raw_id: str, answered: set[Ear]) -> None:
    while True:
        call = call.home_of(raw_id)
        ears = (one for one in call.listeners if isinstance(one, Ear))
        asking = next((ear for ear in ears if ear not in answered and ear.asks(raw_id)), None)
        if asking is not None:
            answered.add(asking)
            return
        await call.changed.wait()
