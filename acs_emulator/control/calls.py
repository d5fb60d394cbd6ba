"""What people do: dial in, speak, press keys, go silent, join, hang up; and how they behave when they are called."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from acs_emulator.calls import establishing, presence
from acs_emulator.calls.call import Call
from acs_emulator.calls.leaving import person_leaves
from acs_emulator.control.bodies import DialIn, HangUp, Join, Press, Recording, Say, Silence
from acs_emulator.errors import ControlRefused
from acs_emulator.exchange import Exchange
from acs_emulator.identifiers import raw_id_of
from acs_emulator.people import performance
from acs_emulator.people.callees import Callee
from acs_emulator.people.dialogue import Dialogue, DialogueRejected, load
from acs_emulator.people.recorded import Recorded, Track, read_tracks
from acs_emulator.people.scene import Speech
from acs_emulator.rest.context import TheExchange
from acs_emulator.speech import AudioRejected, SpeechUnavailable

router = APIRouter(prefix="/_emulator", tags=["calls"])


@router.post("/calls", status_code=201)
async def dial_in(body: DialIn, exchange: TheExchange) -> dict[str, Any]:
    """The ringing call. Its IncomingCall event goes to every Event Grid subscription (`subscriptions` of them)."""
    speech = await _speech(exchange, body)
    caller = raw_id_of(body.from_)
    if body.room_id or body.group_id:
        call = establishing.room(
            exchange, "room" if body.room_id else "group", body.room_id or body.group_id or ""
        )
        presence.join(exchange, call, caller)
        if speech is not None:
            performance.begin(exchange, call, speech, caller)
        return call.to_json()
    call = establishing.dial_in(
        exchange,
        caller,
        raw_id_of(body.to),
        display_name=body.display_name,
        custom_context=body.custom_context,
        speech=speech,
        legacy_offsets=body.legacy_offsets,
    )
    subscriptions = sum(one.validated for one in exchange.event_grid.subscriptions)
    return {**call.to_json(), "subscriptions": subscriptions}


@router.get("/calls")
async def list_calls(exchange: TheExchange) -> dict[str, Any]:
    """The calls that live."""
    return {"calls": [call.to_json() for call in exchange.calls.all()]}


@router.post("/calls/{any_id}/say", status_code=202)
async def say(any_id: str, body: Say, exchange: TheExchange) -> dict[str, Any]:
    """Somebody says this now; heard by every active transcription."""
    call = _call(exchange, any_id)
    _somebody(call, body.speaker)
    turns = Dialogue(turns=(body,), hang_up=False, wait_for_transcription=False)
    performance.begin(exchange, call, turns, body.speaker)
    return call.to_json()


@router.post("/calls/{any_id}/press", status_code=200)
async def press(any_id: str, body: Press, exchange: TheExchange) -> dict[str, Any]:
    """Somebody presses keys now; recognitions and media streams hear them."""
    call = _call(exchange, any_id)
    performance.press(exchange, call, _somebody(call, body.speaker), body.tones)
    return call.to_json()


@router.post("/calls/{any_id}/silence", status_code=200)
async def silence(any_id: str, body: Silence, exchange: TheExchange) -> dict[str, Any]:
    """Somebody goes silent: what they say is not heard, until they are silent no more. They stay in the call."""
    call = _call(exchange, any_id)
    performance.silence(exchange, call, _somebody(call, body.speaker), silent=body.silent)
    return call.to_json()


@router.post("/calls/{any_id}/join", status_code=200)
async def join(any_id: str, body: Join, exchange: TheExchange) -> dict[str, Any]:
    """Somebody comes into the call by themselves."""
    call = _call(exchange, any_id)
    presence.join(exchange, call, raw_id_of(body.raw_id))
    return call.to_json()


@router.post("/calls/{any_id}/hang-up", status_code=200)
async def hang_up(any_id: str, body: HangUp, exchange: TheExchange) -> dict[str, Any]:
    """Somebody hangs up."""
    call = _call(exchange, any_id)
    raw_id = _somebody(call, body.speaker)
    everyone = raw_id == call.home_of(raw_id).caller if body.everyone is None else body.everyone
    await person_leaves(exchange, call, raw_id, everyone=everyone, dropped=body.how == "drop")
    return call.to_json()


@router.post("/callees", status_code=201)
async def put_callee(body: Callee, exchange: TheExchange) -> dict[str, Any]:
    """How somebody behaves from now on when the application calls or adds them."""
    name = body.raw_id or body.phone_number
    if not name:
        raise ControlRefused(422, "The request is invalid", "give rawId or phoneNumber")
    raw_id = raw_id_of(name)
    exchange.callees.put(raw_id, body)
    return {**body.model_dump(by_alias=True, mode="json", exclude_none=True), "rawId": raw_id}


def _call(exchange: Exchange, any_id: str) -> Call:
    call = exchange.calls.find(any_id)
    if call is None:
        raise ControlRefused(404, "No such call", "no call lives under this id; ended calls are forgotten")
    return call


def _somebody(call: Call, speaker: str) -> str:
    raw_id = call.who(speaker)
    if raw_id is None:
        raise ControlRefused(409, "Nobody there", f"{speaker} is not in the call")
    return raw_id


async def _speech(exchange: Exchange, body: DialIn) -> Speech | None:
    if body.audio is not None:
        return await _recorded(exchange, body)
    try:
        dialogue = load(body.dialogue_path) if body.dialogue_path else body.dialogue
    except DialogueRejected as rejected:
        raise ControlRefused(422, "The dialogue is wrong", str(rejected)) from rejected
    if dialogue is None:
        return None
    overrides = {
        "hang_up": body.hang_up,
        "wait_for_transcription": body.wait_for_transcription,
    }
    return dialogue.model_copy(update={name: value for name, value in overrides.items() if value is not None})


async def _recorded(exchange: Exchange, body: DialIn) -> Recorded:
    try:
        tracks = await asyncio.to_thread(_tracks, body.audio)
        recognizer = await exchange.ears.open()
    except AudioRejected as rejected:
        raise ControlRefused(422, "The audio is wrong", str(rejected)) from rejected
    except SpeechUnavailable as missing:
        raise ControlRefused(501, "Speech recognition is not installed", str(missing)) from missing
    return Recorded(
        recognizer,
        tracks,
        hang_up=body.hang_up is not False,
        wait_for_transcription=body.wait_for_transcription is not False,
    )


def _tracks(audio: Path | dict[str, Path | Recording] | None) -> list[Track]:
    if isinstance(audio, Path):
        return read_tracks(audio, ["caller"])
    tracks: list[Track] = []
    for speaker, file in (audio or {}).items():
        recording = file if isinstance(file, Recording) else Recording(path=file)
        tracks += read_tracks(recording.path, [speaker], recording.at)[:1]
    return tracks
