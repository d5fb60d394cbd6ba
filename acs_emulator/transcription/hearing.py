"""What a transcription hears, as packets."""

from __future__ import annotations

from acs_emulator.calls.call import Leg
from acs_emulator.clock import Clock
from acs_emulator.people.scene import Utterance
from acs_emulator.transcription import insights, packets
from acs_emulator.transcription.packets import Packet, Recognition
from acs_emulator.transcription.state import Transcription


class Hearing:
    """The recogniser of one transcription; each `begin` is a recognition stream of its own, with its own offsets."""

    def __init__(self, leg: Leg, transcription: Transcription, clock: Clock, *, legacy: bool) -> None:
        self._leg = leg
        self._transcription = transcription
        self._clock = clock
        self._legacy = legacy
        self._recognition = self._new()

    @property
    def origin(self) -> int:
        """When the current recognition stream began, in ticks of the emulator's clock."""
        return self._recognition.origin

    def begin(self) -> None:
        self._recognition = self._new()

    def metadata(self) -> Packet:
        transcription = self._transcription
        return packets.metadata(
            subscription_id=transcription.subscription_id,
            locale=transcription.locale or "",
            connection_id=self._leg.connection_id,
            correlation_id=self._leg.correlation_id,
            model_endpoint_id=transcription.model_endpoint_id,
            locales=transcription.locales,
            insights=transcription.insights,
        )

    def result(self, utterance: Utterance) -> Packet | None:
        """What was said since the recognition stream began; None where that is nothing, or nobody wants it.

        Sentiment goes with final results only, which is a guess.
        """
        if not utterance.final and not self._transcription.intermediate:
            return None
        heard = packets.heard_since(utterance, self._recognition.origin)
        if heard is None:
            return None
        asked = self._transcription.insights
        shown = insights.redacted(heard) if asked.redact else heard
        if shown.final:
            self._transcription.said.append((shown.raw_id, shown.text))
        return packets.data(
            shown,
            self._recognition,
            sentiment=insights.sentiment(heard.text) if asked.sentiment and heard.final else None,
            language=insights.identified(heard, self._transcription.locales),
        )

    def _new(self) -> Recognition:
        return Recognition.beginning(self._clock.ticks(), legacy=self._legacy)
