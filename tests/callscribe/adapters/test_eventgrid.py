"""The official publisher speaks to a real HTTP server here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import time
from typing import Any

import anyio
import msgspec
import pytest
from azure.core.credentials import AccessToken
from azure.core.messaging import CloudEvent

from callscribe.adapters import eventgrid
from callscribe.adapters.eventgrid import MAX_BATCH_BYTES, EventGridSink, open_publisher
from callscribe.domain.changes import Change, ChangeKind
from callscribe.domain.hooks import PushRefused
from tests.callscribe.http_receiver import Receiver, Reply, receiver

pytestmark = pytest.mark.anyio


def a_change(
    number: int, kind: ChangeKind = ChangeKind.SEGMENT, body: bytes = b'{"offset":"2516942161212568046"}'
) -> Change:
    return Change("call_1", number, kind, 1_763_618_400_123, msgspec.Raw(body))


@asynccontextmanager
async def topic() -> AsyncIterator[tuple[EventGridSink, Receiver]]:
    async with (
        receiver() as server,
        open_publisher(endpoint=f"{server.url}/api/events", credential="key") as client,
    ):
        yield EventGridSink("eventgrid", client, "https://us.test"), server


async def test_one_batch_in_order() -> None:
    """All changes travel in one request as CloudEvents, in order, signed in with the topic's key."""
    async with topic() as (sink, server):
        kinds = [ChangeKind.SEGMENT, ChangeKind.GAP, ChangeKind.TRANSCRIPTION, ChangeKind.CALL]
        assert await sink.send([a_change(number, kind) for number, kind in enumerate(kinds, 3)]) == 6
        (request,) = server.requests
        assert request.headers["aeg-sas-key"] == "key"
        assert request.headers["content-type"].startswith("application/cloudevents-batch+json")
        events = [CloudEvent.from_dict(event) for event in request.json]
        assert [event.id for event in events] == ["call_1_3", "call_1_4", "call_1_5", "call_1_6"]
        assert [event.type for event in events] == [
            "Callscribe.SegmentFinal",
            "Callscribe.TranscriptGap",
            "Callscribe.TranscriptionUpdated",
            "Callscribe.CallUpdated",
        ]
        first = events[0]
        assert (first.source, first.subject) == ("https://us.test", "calls/call_1")
        assert first.data == {"callId": "call_1", "number": 3, "segment": {"offset": "2516942161212568046"}}
        assert first.time is not None
        assert first.time.isoformat() == "2025-11-20T06:00:00.123000+00:00"


async def test_more_than_one_request_may_carry() -> None:
    """What fits is sent and its end is told; a single large change is sent alone."""
    large = b'"' + b"x" * (MAX_BATCH_BYTES // 2) + b'"'
    async with topic() as (sink, server):
        assert await sink.send([a_change(1), a_change(2, body=large), a_change(3, body=large)]) == 2
        assert await sink.send([a_change(3, body=large + b" " * MAX_BATCH_BYTES), a_change(4)]) == 3
        assert [len(request.json) for request in server.requests] == [2, 1]


@pytest.mark.parametrize(
    ("status", "gone"), [(401, False), (404, False), (410, True), (413, False), (503, False)]
)
async def test_refused(status: int, gone: bool) -> None:
    """A refused batch is refused as a whole, and the SDK itself does not try again."""
    async with topic() as (sink, server):
        server.default = Reply(status, headers={"Retry-After": "9"})
        with pytest.raises(PushRefused, match=str(status)) as refused:
            await sink.send([a_change(1), a_change(2)])
        assert (refused.value.accepted, refused.value.gone) == (None, gone)
        assert refused.value.retry_after == (None if status == 404 else 9)  # the SDK drops a 404's headers
        assert len(server.requests) == 1


async def test_nobody_listens() -> None:
    """No connection is a refusal to be tried again."""
    async with receiver() as server:
        url = server.url
    async with open_publisher(endpoint=url, credential="key") as client:
        with pytest.raises(PushRefused, match="no answer"):
            await EventGridSink("eventgrid", client, "us").send([a_change(1)])


async def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that keeps silent is given up for this time."""
    monkeypatch.setattr(eventgrid, "ANSWER_WITHIN_S", 0.05)
    async with topic() as (sink, server):
        late = anyio.Event()
        server.default = Reply(held=late)
        with pytest.raises(PushRefused, match="in time"):
            await sink.send([a_change(1)])
        late.set()


async def test_an_answer_that_is_none() -> None:
    """A 2xx that Event Grid never sends is no acceptance."""
    async with topic() as (sink, server):
        server.default = Reply(204)
        with pytest.raises(PushRefused, match="cannot be read"):
            await sink.send([a_change(1)])


class Identity:
    """A credential that gives tokens without asking anybody."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("token", int(time()) + 3600)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "Identity":
        return self

    async def __aexit__(self, *fault: object) -> None: ...


async def test_with_an_identity() -> None:
    """An Azure identity signs in instead of the topic's key; its token never goes over plain http."""
    async with receiver() as server, open_publisher(endpoint=server.url, credential=Identity()) as client:
        with pytest.raises(PushRefused, match="no answer"):
            await EventGridSink("eventgrid", client, "us").send([a_change(1)])
        assert server.requests == []
