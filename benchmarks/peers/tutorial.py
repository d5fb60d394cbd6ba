"""The server of Microsoft's Python tutorial on real-time transcription, step by step: each message is read with `json`,
its speaker is identified by the SDK, and every field and word is printed. `python -m benchmarks.peers.tutorial PORT printing|silent`

The page's own server does not start on today's `websockets`: its handler takes a path. Otherwise it is as there, on
asyncio's own event loop.
"""

import asyncio
import json
import sys
from typing import Any

from azure.communication.callautomation._shared.models import identifier_from_raw_id
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


def _nothing(*_said: object) -> None:
    """Stands for `print` where nothing is to be printed."""


say: Any = print if sys.argv[2:] == ["printing"] else _nothing


def show_metadata(fields: dict[str, Any]) -> None:
    say("Transcription metadata")
    say("-" * 25)
    say("Subscription ID:", fields["subscriptionId"])
    say("Locale:", fields["locale"])
    say("Call connection ID:", fields.get("callConnectionId"))
    say("Correlation ID:", fields["correlationId"])


def show_data(fields: dict[str, Any]) -> None:
    participant = identifier_from_raw_id(fields["participantRawID"])
    words = fields["words"]
    say("Transcription data")
    say("-" * 25)
    say("Text:", fields["text"])
    say("Format:", fields["format"])
    say("Confidence:", fields["confidence"])
    say("Offset:", fields["offset"])
    say("Duration:", fields["duration"])
    say("Participant:", participant.raw_id)
    say("Result status:", fields["resultStatus"])
    if say is _nothing:
        return
    for word in words:
        say("Word:", word["text"])
        say("Offset:", word["offset"])
        say("Duration:", word["duration"])


async def handle(connection: ServerConnection) -> None:
    say("Client connected")
    try:
        async for message in connection:
            packet = json.loads(message)
            say(packet["kind"])
            if packet["kind"] == "TranscriptionMetadata":
                show_metadata(packet["transcriptionMetadata"])
            elif packet["kind"] == "TranscriptionData":
                show_data(packet["transcriptionData"])
    except ConnectionClosed:
        say("Client disconnected")


async def main() -> None:
    async with serve(handle, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
