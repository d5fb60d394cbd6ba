"""A whole Call Automation application in one file: it answers, asks for a number on the keypad, records, transcribes.

It knows Azure Communication Services alone. Set CONNECTION_STRING and CALLBACK_URL, the public address of this program,
which listens on that address's port; send IncomingCall and RecordingFileStatusUpdated events to CALLBACK_URL/events.
Where the service's certificate is one of your own, SSL_CERT_FILE names its CA.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from azure.communication.callautomation import (
    PhoneNumberIdentifier,
    RecognizeInputType,
    TextSource,
    TranscriptionOptions,
)
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent

CALLBACK_URL = os.environ["CALLBACK_URL"].rstrip("/")
VOICE = "en-US-NancyNeural"
QUESTION = "Welcome. Please type the four digits of your parcel, then tell us what is wrong."
THANKS = "Thank you. We will call you back."

routes = web.RouteTableDef()
client = CallAutomationClient.from_connection_string(os.environ["CONNECTION_STRING"])
recordings: dict[str, str] = {}
"""The recording of each call connection."""


def note(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


@routes.post("/events")
async def on_events(request: web.Request) -> web.Response:
    for one in await request.json():
        event = EventGridEvent.from_dict(one)
        data: Any = event.data
        if event.event_type == "Microsoft.EventGrid.SubscriptionValidationEvent":
            return web.json_response({"validationResponse": data["validationCode"]})
        if event.event_type == "Microsoft.Communication.IncomingCall":
            await answer(data)
        if event.event_type == "Microsoft.Communication.RecordingFileStatusUpdated":
            note("recorded", data["recordingDurationMs"], "ms")
    return web.Response()


async def answer(incoming: dict[str, Any]) -> None:
    caller = incoming["from"]["phoneNumber"]["value"]
    await client.answer_call(
        incoming["incomingCallContext"],
        f"{CALLBACK_URL}/callbacks",
        operation_context=caller,
        cognitive_services_endpoint="https://example.cognitiveservices.azure.com/",
        transcription=TranscriptionOptions(
            transport_url=f"{CALLBACK_URL.replace('http', 'ws', 1)}/transcripts",
            transport_type="websocket",
            locale="en-US",
            start_transcription=True,
        ),
    )


@routes.post("/callbacks")
async def on_callbacks(request: web.Request) -> web.Response:
    for one in await request.json():
        event = CloudEvent[dict[str, Any]].from_dict(one)
        name, data = event.type.removeprefix("Microsoft.Communication."), event.data or {}
        note(name)
        act = ACTIONS.get(name)
        if act is not None:
            await act(data)
    return web.Response()


async def connected(data: dict[str, Any]) -> None:
    recording = await client.start_recording(
        server_call_id=data["serverCallId"],
        recording_content_type="audio",
        recording_channel_type="mixed",
        recording_format_type="wav",
    )
    recordings[data["callConnectionId"]] = recording.recording_id or ""
    await client.get_call_connection(data["callConnectionId"]).start_recognizing_media(
        RecognizeInputType.DTMF,
        PhoneNumberIdentifier(data["operationContext"]),
        dtmf_max_tones_to_collect=4,
        play_prompt=TextSource(text=QUESTION, voice_name=VOICE),
        interrupt_prompt=True,
    )


async def recognized(data: dict[str, Any]) -> None:
    note("digits", *data["dtmfResult"]["tones"])


async def not_recognized(data: dict[str, Any]) -> None:
    await client.get_call_connection(data["callConnectionId"]).hang_up(is_for_everyone=True)


async def played(data: dict[str, Any]) -> None:
    await client.stop_recording(recordings.pop(data["callConnectionId"]))
    await client.get_call_connection(data["callConnectionId"]).hang_up(is_for_everyone=True)


ACTIONS = {
    "CallConnected": connected,
    "RecognizeCompleted": recognized,
    "RecognizeFailed": not_recognized,
    "PlayCompleted": played,
}


@routes.get("/transcripts")
async def on_transcripts(request: web.Request) -> web.WebSocketResponse:
    """What is said; the first sentence is thanked for."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    call = client.get_call_connection(request.headers["x-ms-call-connection-id"])
    thanked = False
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        packet = message.json()
        if packet["kind"] != "TranscriptionData":
            continue
        note("heard", packet["transcriptionData"]["text"])
        if not thanked:
            thanked = True
            await call.play_media_to_all(TextSource(text=THANKS, voice_name=VOICE))
    return socket


async def application() -> web.Application:
    app = web.Application()
    app.add_routes(routes)
    app.on_cleanup.append(lambda _: client.close())
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=urlsplit(CALLBACK_URL).port, shutdown_timeout=1)
