"""What the emulator says to an application beside it, kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from azure.communication.callautomation import CommunicationUserIdentifier, PhoneNumberIdentifier
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.credentials import AzureKeyCredential
from azure.core.rest import HttpRequest
from websockets.asyncio.server import serve

from acs_emulator import Emulator
from acs_emulator.journal import Entry
from tests.acs_emulator.conftest import Listener, Receiver, World

RELEASE = "2026-03-12"
OURS = PhoneNumberIdentifier("+15559870000")
CALLER = PhoneNumberIdentifier("+15551230001")
AGENT = CommunicationUserIdentifier("8:acs:resource_agent")


@dataclass
class Said:
    """Everything that reached an application, and the answers it got."""

    world: World
    media: Listener
    answers: dict[str, Any] = field(default_factory=dict)
    """Responses of the data plane by what was asked."""

    @property
    def bodies(self) -> list[tuple[bytes, Any]]:
        """Of every callback, as sent and parsed."""
        return [
            (one.raw, one.body) for one in self.world.receiver.requests if one.path.startswith("/callbacks")
        ]

    def callbacks(self, name: str) -> list[dict[str, Any]]:
        wanted = f"Microsoft.Communication.{name}"
        return [event for event in self.world.receiver.callbacks if event["type"] == wanted]

    def events(self, name: str) -> list[dict[str, Any]]:
        """In Event Grid's own schema."""
        wanted = f"Microsoft.Communication.{name}"
        return [one.body[0] for one in self.world.receiver.events if one.body[0]["eventType"] == wanted]

    def cloud_events(self, name: str) -> list[dict[str, Any]]:
        """Event Grid's events as CloudEvents."""
        wanted = f"Microsoft.Communication.{name}"
        return [
            one.body
            for one in self.world.receiver.requests
            if one.path == "/cloud-events" and one.method == "POST" and one.body["type"] == wanted
        ]

    async def ask(
        self, method: str, path: str, body: Any = None, *, version: str = RELEASE, **headers: str
    ) -> Any:
        """A signed request, as it is; the SDK's newest release has no parameters for some members."""
        request = HttpRequest(
            method,
            f"{self.world.emulator.url}{path}",
            params={"api-version": version},
            json=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        return await self.world.client._client.send_request(request)


@asynccontextmanager
async def stage(emulator: Emulator) -> AsyncIterator[Said]:
    """An application beside an emulator at a hundred times the speed, subscribed in both schemas."""
    receiver, transcripts, media = Receiver(), Listener(), Listener()
    hooks = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{hooks.sockets[0].getsockname()[1]}"
    async with (
        hooks,
        serve(transcripts.listen, "127.0.0.1", 0) as first,
        serve(media.listen, "127.0.0.1", 0) as second,
        httpx.AsyncClient(base_url=emulator.url) as http,
        CallAutomationClient(emulator.url, AzureKeyCredential(emulator.access_key)) as client,
    ):
        for listener, server in ((transcripts, first), (media, second)):
            listener.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        emulator.clock.set_speed(100)
        world = World(emulator, receiver, transcripts, client, http)
        await world.control("/event-subscriptions", {"url": f"{receiver.url}/events"})
        cloud = {"url": f"{receiver.url}/cloud-events", "schema": "CloudEventSchemaV1_0"}
        await world.control("/event-subscriptions", cloud)
        yield Said(world, media)
        await http.post("/_emulator/reset")


async def connected(said: Said, **options: Any) -> Any:
    """The connection of a call that somebody dialled and that is established."""
    world = said.world
    connection_id = await world.answer(await world.dial_in(), **options)
    await world.event("CallConnected", connection_id)
    return world.client.get_call_connection(connection_id)


def id_of(connection: Any) -> str:
    return str(connection._call_connection_id)


async def press(said: Said, connection: Any, tones: str) -> None:
    await said.world.control(f"/calls/{id_of(connection)}/press", {"tones": tones}, 200)


def delivered(entry: Entry) -> bool:
    return entry.data["status"] == 200
