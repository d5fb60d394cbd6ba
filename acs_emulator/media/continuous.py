"""Continuous recognition of DTMF: every tone of a participant becomes an event."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from acs_emulator.calls import parties
from acs_emulator.calls.call import Call, Leg
from acs_emulator.calls.endcodes import PARTICIPANT_NOT_FOUND
from acs_emulator.exchange import Exchange
from acs_emulator.outgoing.events import MEDIA_OK, Result, Told
from acs_emulator.people.scene import Press, Utterance

RECEIVED = Result(message="DTMF tone received successfully.")
"""The wording is that of the Java SDK's tests."""
STOPPED = MEDIA_OK
"""A guess: the captures of this event are older than `resultInformation`."""


@dataclass(slots=True, eq=False)
class Continuous:
    """Hears one participant for one leg. Satisfies `scene.Listener`."""

    exchange: Exchange
    leg: Leg
    target: str
    told: Told
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """`sequenceId`, from 1 on."""

    def hear(self, utterance: Utterance) -> None:
        """Words are none of its business."""

    def hear_press(self, press: Press) -> None:
        if not parties.comes_from(self.leg, self.target, press.raw_id):
            return
        fields: dict[str, object] = {"sequenceId": next(self.numbers), "tone": press.tone}
        self._tell("ContinuousDtmfRecognitionToneReceived", RECEIVED, self.told, fields)

    def failed(self) -> None:
        self._tell("ContinuousDtmfRecognitionToneFailed", PARTICIPANT_NOT_FOUND, self.told)

    def stopped(self, told: Told) -> None:
        self._tell("ContinuousDtmfRecognitionStopped", STOPPED, told)

    def _tell(self, name: str, result: Result, told: Told, fields: dict[str, object] | None = None) -> None:
        self.exchange.callbacks.send(self.leg, name, told, result=result, fields=fields)


def start(exchange: Exchange, leg: Leg, target: str, told: Told) -> None:
    """Events: ContinuousDtmfRecognitionToneReceived for each tone. Starting again only changes the context, which is
    a guess."""
    running = _running(leg, target)
    if running is not None:
        running.told = told
        return
    leg.listeners.append(Continuous(exchange, leg, target, told))


def stop(exchange: Exchange, leg: Leg, target: str, told: Told) -> None:
    """Events: ContinuousDtmfRecognitionStopped; also where nothing ran, which is a guess."""
    running = _running(leg, target)
    if running is not None:
        leg.listeners.remove(running)
    (running or Continuous(exchange, leg, target, told)).stopped(told)


def gone(call: Call, raw_id: str) -> None:
    """A participant left. Events: ContinuousDtmfRecognitionToneFailed, whose occasion and code are a guess."""
    for one in call.listeners:
        if isinstance(one, Continuous) and one.target == raw_id:
            one.leg.listeners.remove(one)
            one.failed()


def stop_all(leg: Leg) -> None:
    """The leg ends: each recognition is told to have stopped, as the how-to on media actions says."""
    for one in [one for one in leg.listeners if isinstance(one, Continuous)]:
        leg.listeners.remove(one)
        one.stopped(one.told)


def _running(leg: Leg, target: str) -> Continuous | None:
    running = (one for one in leg.listeners if isinstance(one, Continuous))
    return next((one for one in running if one.target == target), None)
