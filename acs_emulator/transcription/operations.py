"""Start, update and stop of transcription, and what ACS tells about them.

HTTP answers 202 whatever comes of it; success and failure are callbacks. Starting what runs, and stopping what does
not, is confirmed as if it had just happened; that is a guess. A start at set-up on a 1:1 call with a user of ACS, which
Microsoft lists as a known issue, works here: how it fails is documented nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from acs_emulator.calls.call import Leg
from acs_emulator.exchange import Exchange
from acs_emulator.faults import Stage, TranscriptionFailed
from acs_emulator.outgoing.dialling import DialFailed
from acs_emulator.outgoing.events import MEDIA_OK, UNTOLD, Told
from acs_emulator.outgoing.streams import Reports
from acs_emulator.transcription import failures
from acs_emulator.transcription.failures import Failure
from acs_emulator.transcription.insights import NOTHING, Insights
from acs_emulator.transcription.state import Transcription
from acs_emulator.transcription.stream import Stream


@dataclass(frozen=True, slots=True)
class Request:
    """What start, update and stop may carry."""

    locale: str | None = None
    locales: tuple[str, ...] = ()
    model_endpoint_id: str | None = None
    insights: Insights = NOTHING
    told: Told = UNTOLD


async def start_at_setup(exchange: Exchange, leg: Leg) -> None:
    """Dial as soon as the call is set up, which may be before CallConnected."""
    transcription = leg.transcription
    if transcription is None or not transcription.start_at_setup:
        return
    request = Request(told=Told(leg.operation_context))
    async with transcription.operation:
        failure = _struck(exchange, leg, "setup") or _unready(
            leg, transcription, transcription.locale or next(iter(transcription.locales), None)
        )
        await _open(exchange, leg, transcription, request, failure)


async def start(exchange: Exchange, leg: Leg, request: Request) -> None:
    """Events: TranscriptionStarted or TranscriptionFailed."""
    transcription = _agreed(exchange, leg, request)
    if transcription is None:
        return
    async with transcription.operation:
        if transcription.stream is not None:
            _tell(exchange, leg, request, "Started", "transcriptionStarted", "subscriptionStarted")
            return
        locale, locales = _languages(transcription, request)
        failure = (
            _struck(exchange, leg, "start")
            or failures.of_state(leg)
            or _unready(leg, transcription, locale or next(iter(locales), None))
        )
        if failure is None:
            transcription.locale, transcription.locales = locale, locales
            _adopt(transcription, request)
            transcription.renew()
        await _open(exchange, leg, transcription, request, failure)


async def update(exchange: Exchange, leg: Leg, request: Request) -> None:
    """Events: TranscriptionUpdated, with the context of the start where it has none of its own, as captured; or
    TranscriptionFailed, after which the stream goes on as it was."""
    transcription = _agreed(exchange, leg, request)
    if transcription is None:
        return
    async with transcription.operation:
        failure = (
            _struck(exchange, leg, "update")
            or failures.of_state(leg)
            or _no_update(leg, transcription, request)
        )
        if failure is not None or transcription.stream is None:
            failed(exchange, leg, request, failure or failures.UPDATE_NOT_SUPPORTED_NOW)
            return
        _adopt(transcription, request)
        transcription.stream.listen_for(request.locale or "")
        context = request.told.context or transcription.context
        request = replace(request, told=replace(request.told, context=context))
        _tell(exchange, leg, request, "Updated", "transcriptionUpdated", "transcriptionLocaleUpdated")


async def stop(exchange: Exchange, leg: Leg, request: Request) -> None:
    """Events: TranscriptionStopped, once the socket is closed, or TranscriptionFailed."""
    transcription = _agreed(exchange, leg, request)
    if transcription is None:
        return
    async with transcription.operation:
        failure = _struck(exchange, leg, "stop") or failures.of_state(leg)
        if failure is not None:
            failed(exchange, leg, request, failure)
            return
        if transcription.stream is not None:
            await transcription.stream.close()
        _tell(exchange, leg, request, "Stopped", "transcriptionStopped", "subscriptionStopped")


async def close(leg: Leg) -> None:
    """The call has ended: the socket is closed, and no event tells of it, as captured."""
    if leg.transcription is not None and leg.transcription.stream is not None:
        await leg.transcription.stream.close()


def failed(exchange: Exchange, leg: Leg, request: Request, failure: Failure) -> None:
    exchange.callbacks.send(
        leg,
        "TranscriptionFailed",
        request.told,
        result=failure.result,
        fields=_update_field("transcriptionFailed", failure.details),
    )


async def _open(
    exchange: Exchange, leg: Leg, transcription: Transcription, request: Request, failure: Failure | None
) -> None:
    if failure is not None:
        failed(exchange, leg, request, failure)
        return
    stream = Stream(exchange, leg, transcription, _reports(exchange, leg, request))
    try:
        await stream.open()
    except DialFailed:
        failed(exchange, leg, request, failures.STREAM_URL)
        return
    if leg.gone:
        stream.abandon()
        return
    transcription.stream = stream
    transcription.context = request.told.context
    exchange.tasks.start(stream.run(), scope=f"stream {leg.connection_id}")
    leg.call.ring_change()
    # Applications act on it as soon as they are told, which they may only on a call that is connected.
    await leg.set_up()
    if not leg.gone:
        _tell(exchange, leg, request, "Started", "transcriptionStarted", "subscriptionStarted")


def _reports(exchange: Exchange, leg: Leg, request: Request) -> Reports:
    """Interruption and resumption as `TranscriptionUpdated`: a guess, there is no event class of their own."""

    def tell(status: str, details: str) -> None:
        _tell(exchange, leg, request, "Updated", status, details)

    return Reports(
        interrupted=lambda: tell("transcriptionUpdated", "streamConnectionInterrupted"),
        reestablished=lambda: tell("transcriptionResumed", "streamConnectionReestablished"),
        failed=lambda failure: failed(exchange, leg, request, failure),
    )


def _tell(
    exchange: Exchange,
    leg: Leg,
    request: Request,
    what: Literal["Started", "Updated", "Stopped"],
    status: str,
    details: str,
) -> None:
    exchange.callbacks.send(
        leg,
        f"Transcription{what}",
        request.told,
        result=MEDIA_OK,
        fields=_update_field(status, details),
    )


def _update_field(status: str, details: str) -> dict[str, object]:
    return {"transcriptionUpdate": {"transcriptionStatus": status, "transcriptionStatusDetails": details}}


def _struck(exchange: Exchange, leg: Leg, stage: Stage) -> Failure | None:
    fault = exchange.faults.take(TranscriptionFailed, leg.connection_id, lambda fault: fault.on == stage)
    if fault is None:
        return None
    return failures.documented(fault.code, fault.sub_code, fault.message, fault.details)


def _agreed(exchange: Exchange, leg: Leg, request: Request) -> Transcription | None:
    """What was agreed at setup; that there is nothing is told as a failure."""
    if leg.transcription is None:
        without = failures.URL_NOT_SET if leg.cognitive_services_endpoint else failures.COGNITIVE_NOT_SET
        failed(exchange, leg, request, failures.of_state(leg) or without)
    return leg.transcription


def _unready(leg: Leg, transcription: Transcription, locale: str | None) -> Failure | None:
    if not leg.cognitive_services_endpoint:
        return failures.COGNITIVE_NOT_SET
    if not transcription.transport_url:
        return failures.URL_NOT_SET
    return failures.of_locale(locale)


def _languages(transcription: Transcription, request: Request) -> tuple[str | None, tuple[str, ...]]:
    """What to listen for: what the request names, else as before."""
    if request.locale or request.locales:
        return request.locale, request.locales
    return transcription.locale, transcription.locales


def _adopt(transcription: Transcription, request: Request) -> None:
    transcription.model_endpoint_id = request.model_endpoint_id or transcription.model_endpoint_id
    transcription.insights = request.insights.over(transcription.insights)


def _no_update(leg: Leg, transcription: Transcription, request: Request) -> Failure | None:
    if leg.origin == "connect":
        return failures.UPDATE_ON_CONNECT
    if transcription.stream is None:
        return failures.UPDATE_NOT_SUPPORTED_NOW
    return failures.of_locale(request.locale)
