"""Start and stop of media streaming, and what ACS tells about them.

HTTP answers 202 whatever comes of it; success and failure are callbacks. Starting what runs, and stopping what does
not, is confirmed as if it had just happened; that is a guess.
"""

from __future__ import annotations

from typing import Literal

from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.outgoing.dialling import DialFailed
from acs_emulator.outgoing.events import MEDIA_OK, Told
from acs_emulator.outgoing.streams import Reports
from acs_emulator.streaming import failures
from acs_emulator.streaming.failures import Failure
from acs_emulator.streaming.state import MediaStreaming
from acs_emulator.streaming.stream import Stream


async def start_at_setup(exchange: Exchange, leg: Leg) -> None:
    """Dial as soon as the call is set up, which may be before CallConnected; sound follows once it is connected."""
    streaming = leg.media_streaming
    if streaming is None or not streaming.start_at_setup:
        return
    async with streaming.operation:
        await _open(exchange, leg, streaming, Told(leg.operation_context))


async def start(exchange: Exchange, leg: Leg, told: Told) -> None:
    """Events: MediaStreamingStarted or MediaStreamingFailed."""
    streaming = _agreed(exchange, leg, told)
    if streaming is None:
        return
    async with streaming.operation:
        if streaming.stream is not None:
            _tell(exchange, leg, told, "Started", "subscriptionStarted")
            return
        streaming.renew()
        await _open(exchange, leg, streaming, told)


async def stop(exchange: Exchange, leg: Leg, told: Told) -> None:
    """Events: MediaStreamingStopped, once the socket is closed, or MediaStreamingFailed."""
    streaming = _agreed(exchange, leg, told)
    if streaming is None:
        return
    async with streaming.operation:
        if streaming.stream is not None:
            await streaming.stream.close()
        _tell(exchange, leg, told, "Stopped", "subscriptionStopped")


async def close(leg: Leg) -> None:
    """The call has ended: the socket is closed, and no event tells of it, as with transcription."""
    if leg.media_streaming is not None and leg.media_streaming.stream is not None:
        await leg.media_streaming.stream.close()


def failed(exchange: Exchange, leg: Leg, told: Told, failure: Failure) -> None:
    exchange.callbacks.send(
        leg,
        "MediaStreamingFailed",
        told,
        result=failure.result,
        fields=_update_field("mediaStreamingFailed", failure.details),
    )


def _agreed(exchange: Exchange, leg: Leg, told: Told) -> MediaStreaming | None:
    """What was agreed at setup; that there is nothing, or that the call is not connected, is told as a failure."""
    failure = failures.of_state(leg)
    if failure is None and leg.media_streaming is not None:
        return leg.media_streaming
    failed(exchange, leg, told, failure or failures.URL_NOT_SET)
    return None


async def _open(exchange: Exchange, leg: Leg, streaming: MediaStreaming, told: Told) -> None:
    if not streaming.transport_url:
        failed(exchange, leg, told, failures.URL_MISSING)
        return
    stream = Stream(exchange, leg, streaming, _reports(exchange, leg, told))
    try:
        await stream.open()
    except DialFailed:
        failed(exchange, leg, told, failures.NOT_DIALLED)
        return
    if leg.gone:
        stream.abandon()
        return
    streaming.stream = stream
    exchange.tasks.start(stream.run(), scope=f"media stream {leg.connection_id}")
    leg.call.ring_change()
    # Applications act on it as soon as they are told, which they may only on a call that is connected.
    await leg.set_up()
    if not leg.gone:
        _tell(exchange, leg, told, "Started", "subscriptionStarted")


def _reports(exchange: Exchange, leg: Leg, told: Told) -> Reports:
    """Interruption as `MediaStreamingStopped`, resumption as `MediaStreamingStarted`: a guess, there are no event
    classes of their own."""
    return Reports(
        interrupted=lambda: _tell(exchange, leg, told, "Stopped", "streamConnectionInterrupted"),
        reestablished=lambda: _tell(exchange, leg, told, "Started", "streamConnectionReestablished"),
        failed=lambda failure: failed(exchange, leg, told, failure),
    )


def _tell(
    exchange: Exchange, leg: Leg, told: Told, what: Literal["Started", "Stopped"], details: str
) -> None:
    exchange.callbacks.send(
        leg,
        f"MediaStreaming{what}",
        told,
        result=MEDIA_OK,
        fields=_update_field(f"mediaStreaming{what}", details),
    )


def _update_field(status: str, details: str) -> dict[str, object]:
    update = {"contentType": "audio", "mediaStreamingStatus": status, "mediaStreamingStatusDetails": details}
    return {"mediaStreamingUpdate": update}
