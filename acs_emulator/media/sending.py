"""DTMF tones that the application sends to somebody in a call."""

from __future__ import annotations

from collections.abc import Sequence

from acs_emulator.calls import parties
from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import is_phone_number
from acs_emulator.media.queue import Operation
from acs_emulator.media.tones import SECONDS_PER_TONE
from acs_emulator.outgoing.events import CANCELED, Result, Told
from acs_emulator.people import performance

SENT = Result(message="Send DTMF completed successfully.")
"""The wording is that of the Java SDK's tests."""
NOT_PSTN = Result(
    405, 8520, "Functionality is not supported at this time, tones are sent to phone numbers only."
)
"""The how-to on media actions says that it is not supported; which code tells it is a guess."""


def send(exchange: Exchange, leg: Leg, target: str, tones: Sequence[str], told: Told) -> None:
    """Events: SendDtmfTonesCompleted, or SendDtmfTonesFailed. Raises Refused as `parties.find` and
    `MediaQueue.add`."""
    target = parties.find(leg, target)
    if not is_phone_number(target):
        exchange.callbacks.send(leg, "SendDtmfTonesFailed", told, result=NOT_PSTN)
        return
    queued = Operation(
        lane=target,
        exclusive=(target,),
        tell_canceled=lambda: exchange.callbacks.send(leg, "SendDtmfTonesFailed", told, result=CANCELED),
    )
    leg.media.add(queued)
    exchange.journal.add(
        "tones",
        what="sent",
        callId=leg.call.call_id,
        callConnectionId=leg.connection_id,
        rawId=target,
        tones=list(tones),
    )
    queued.task = exchange.tasks.start(_send(exchange, leg, queued, tones, told), scope=leg.call.call_id)


async def _send(exchange: Exchange, leg: Leg, queued: Operation, tones: Sequence[str], told: Told) -> None:
    try:
        for tone in tones:
            performance.let_hear(exchange, leg.call, leg.shown_as, (tone,))
            await exchange.clock.sleep(SECONDS_PER_TONE)
        exchange.callbacks.send(leg, "SendDtmfTonesCompleted", told, result=SENT)
    finally:
        leg.media.remove(queued)
