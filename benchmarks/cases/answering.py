"""How soon a call is answered: from posting Event Grid's event to the request that ACS gets, at 100 calls a second."""

from __future__ import annotations

import asyncio
import datetime
import time
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from benchmarks import product
from benchmarks.bench import Bench
from benchmarks.figures import percentile
from benchmarks.places import Failed
from benchmarks.processes import Server, serving

CALLS, PER_SECOND = 500, 100
_PATIENCE_S = 20.0


@dataclass
class Answered:
    """An ACS that answers one request only: the one that answers a call."""

    at: dict[str, float] = field(default_factory=dict)
    """When the request for each incoming call came, by its context."""
    all: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        now = time.monotonic()
        body = await request.json()
        context = body["incomingCallContext"]
        self.at.setdefault(context, now)
        if len(self.at) == CALLS:
            self.all.set()
        number = len(self.at)
        return web.json_response(
            {
                "callConnectionId": f"00000000-0000-4000-8000-{number:012}",
                "serverCallId": f"server-{number}",
                "callConnectionState": "connecting",
                "callbackUri": body["callbackUri"],
                "correlationId": f"correlation-{context}",
                "targets": [],
            }
        )


def answering(bench: Bench) -> str:
    with product.house(1) as house:
        answered = Answered()
        latencies = asyncio.run(_measured(house, answered))
    return (
        f"Event Grid event to answer request at {PER_SECOND} calls/s: p50 {percentile(latencies, 0.5) * 1000:.1f} ms, "
        f"p99 {percentile(latencies, 0.99) * 1000:.1f} ms ({len(latencies)} calls)"
    )


async def _measured(house: product.House, answered: Answered) -> list[float]:
    app = web.Application()
    app.add_routes([web.post("/calling/callConnections:answer", answered.answer)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        acs = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        with serving(house.service(acs), house.folder) as server:
            posted = await _post(server)
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await answered.all.wait()
            except TimeoutError:
                raise Failed(f"{len(answered.at)} of {CALLS} calls were answered") from None
    finally:
        await runner.cleanup()
    return [at - posted[context] for context, at in answered.at.items()]


async def _post(server: Server) -> dict[str, float]:
    """When each event was posted, by its context."""
    posted: dict[str, float] = {}
    url = f"http://127.0.0.1:{server.port}/azure/events"
    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
        began = time.monotonic()
        for number in range(CALLS):
            await asyncio.sleep(max(began + number / PER_SECOND - time.monotonic(), 0))
            context = f"context-{number:06}"
            posted[context] = time.monotonic()
            group.create_task(_event(client, url, number, context))
    return posted


async def _event(client: aiohttp.ClientSession, url: str, number: int, context: str) -> None:
    event = {
        "id": f"event-{number}",
        "topic": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/CommunicationServices/c",
        "subject": "/caller/4:+4930123456/recipient/4:+15559870000",
        "eventType": "Microsoft.Communication.IncomingCall",
        "eventTime": datetime.datetime.now(datetime.UTC).isoformat(),
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "data": {
            "to": {
                "kind": "phoneNumber",
                "rawId": "4:+15559870000",
                "phoneNumber": {"value": "+15559870000"},
            },
            "from": {
                "kind": "phoneNumber",
                "rawId": "4:+4930123456",
                "phoneNumber": {"value": "+4930123456"},
            },
            "serverCallId": f"server-{number}",
            "callerDisplayName": "",
            "incomingCallContext": context,
            "correlationId": f"correlation-{context}",
        },
    }
    headers = {"aeg-event-type": "Notification"}
    async with client.post(url, json=[event], headers=headers) as answer:
        if answer.status >= 300:
            raise Failed(f"an event was answered with {answer.status}: {await answer.text()}")
