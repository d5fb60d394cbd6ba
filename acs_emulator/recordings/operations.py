"""Start, pause, resume and stop recordings; what they tell the application."""

from __future__ import annotations

import time

from acs_emulator.calls.call import Call, CallState, Leg
from acs_emulator.clock import timestamp
from acs_emulator.errors import Refused
from acs_emulator.exchange import Exchange
from acs_emulator.outgoing.events import OK, Result
from acs_emulator.recordings import delivery
from acs_emulator.recordings.recording import Recording, Wanted

START_DELAY = 0.1
"""Emulated seconds from the request, which is answered `inactive` as captured, to the first sound that is recorded."""
KIND = "azureCommunicationServices"
CALL_ENDED = Result(400, 8528, "The call is already terminated.")
"""Why a recording never began; a guess."""


def start(exchange: Exchange, call: Call, wanted: Wanted, *, paused: bool, wait: bool) -> Recording:
    """A recording that begins soon, or with `wait` as soon as the call is established. Raises Refused where the call is
    not established or recorded already."""
    if call.state is not CallState.ESTABLISHED and not wait:
        raise Refused(400, "8501", "Action is invalid when call is not in Established state.")
    recorder = Leg(
        call=call,
        origin="connect",
        api_version=wanted.api_version,
        app=exchange.app,
        callback_uri=wanted.state_callback_uri or "",
        correlation_id=call.correlation_id,
    )
    recording = Recording(call, wanted, recorder, paused)
    exchange.recordings.add(recording)
    exchange.tasks.start(_begin(exchange, recording), scope=call.call_id)
    return recording


async def _begin(exchange: Exchange, recording: Recording) -> None:
    while recording.call.state is CallState.RINGING:
        await recording.call.changed.wait()
    await exchange.clock.sleep(START_DELAY)
    if recording.ended is None:
        recording.begin(exchange.clock.ticks(), time.time_ns())
        recording.files = delivery.Delivery(exchange, recording)
        _tell_state(exchange, recording)


def pause(exchange: Exchange, recording: Recording) -> None:
    """What follows is not recorded. A recording that is still starting begins paused."""
    if recording.began is None:
        recording.paused = True
        return
    if recording.since is not None:
        recording.pause(exchange.clock.ticks())
        _tell_state(exchange, recording)


def resume(exchange: Exchange, recording: Recording) -> None:
    """What follows is recorded, in the same file."""
    if recording.began is None:
        recording.paused = False
        return
    if recording.since is None:
        recording.resume(exchange.clock.ticks())
        _tell_state(exchange, recording)


def stop(exchange: Exchange, recording: Recording) -> None:
    """From now on ACS knows no such recording; its files follow. That the session's end is then called `InitiatorLeft`
    is a guess."""
    _end(exchange, recording, "InitiatorLeft")


def call_ended(exchange: Exchange, call: Call) -> None:
    """A recording ends with its call."""
    recording = exchange.recordings.of(call)
    if recording is not None:
        _end(exchange, recording, "CallEnded")


def forget_all(exchange: Exchange) -> None:
    """Drop every recording and every file, without a word to the application."""
    exchange.tasks.cancel(delivery.SCOPE)
    exchange.recordings.clear()


def _end(exchange: Exchange, recording: Recording, reason: str) -> None:
    exchange.recordings.remove(recording)
    recording.end(exchange.clock.ticks())
    if recording.files is None:
        _tell(
            exchange, recording, "StartRecordingFailed", CALL_ENDED, {"recordingId": recording.recording_id}
        )
        return
    _tell_state(exchange, recording)
    recording.files.finish(reason)


def _tell_state(exchange: Exchange, recording: Recording) -> None:
    fields: dict[str, object] = {
        "recordingId": recording.recording_id,
        "state": recording.state,
        "startDateTime": timestamp(recording.began_at),
        "recordingKind": KIND,
    }
    _tell(exchange, recording, "RecordingStateChanged", OK, fields)


def _tell(
    exchange: Exchange, recording: Recording, name: str, result: Result, fields: dict[str, object]
) -> None:
    """To the `recordingStateCallbackUri`, or to nobody where there is none."""
    if not recording.recorder.callback_uri:
        return
    source = f"calling/recordings/{recording.call.server_call_id}/{recording.recording_id}/{name}"
    exchange.callbacks.send(
        recording.recorder, name, result=result, fields={"eventSource": source, **fields}, source=source
    )
