import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from callscribe.adapters.sql.writer import SqliteArchive
from callscribe.domain.access import Scope
from callscribe.domain.call import Call, CallState
from callscribe.domain.changes import Partial, Ring, call_topic
from callscribe.domain.errors import StoreUnavailable
from callscribe.domain.transcript import Segment, Stream
from callscribe.domain.views import PartialView
from callscribe.ports import WriteSegment, WriteStream
from tests.service.situations import (
    LIMITS,
    LiveAnswer,
    Service,
    a_call,
    assert_problem,
    edge_settings,
    keep,
    reading_live,
    save,
    transcript_server,
)

pytestmark = pytest.mark.anyio
Listen = Callable[..., AbstractAsyncContextManager[LiveAnswer]]


@pytest.fixture
async def listen(service: Service) -> Listen:
    """Opens a live stream of the first call."""
    client = await service.client(Scope.READ)
    credentials = {"Authorization": client.headers["Authorization"]}

    def open_stream(query: str = "", **headers: str) -> AbstractAsyncContextManager[LiveAnswer]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/v1/calls/{a_call().id}/transcript/stream{query}"
        return reading_live(service.app(), path, credentials | named)

    return open_stream


@pytest.fixture
async def call(service: Service) -> Call:
    return await keep(service.ports, a_call())


@pytest.fixture
async def archive(service: Service, call: Call, database: str) -> AsyncIterator[SqliteArchive]:
    async with transcript_server(database) as archive:
        archive.put(WriteStream(call.id, Stream("t1", "sub", "en-US", None, 1, 1_700_000_000_000)))
        yield archive


async def say(service: Service, archive: SqliteArchive, text: str, at: int) -> None:
    call = a_call()
    archive.put(
        WriteSegment(call.id, Segment(f"s{at}", "t1", "4:+44", text, at, None, 0.9, "en-US", (), None, 5))
    )
    await archive.drained()
    service.ports.bus.publish(call_topic(call.id), Ring(call.id, 0))


async def test_a_stream(service: Service, call: Call, archive: SqliteArchive, listen: Listen) -> None:
    """gives what is committed, then what is spoken; only numbered events have an id."""
    await say(service, archive, "one", 1)
    async with listen() as live:
        assert [(name, number) for name, number, _ in await live.events(2)] == [
            ("call", "1"),
            ("segment", "2"),
        ]
        assert live.status == 200
        assert live.headers["content-type"].startswith("text/event-stream")
        assert live.headers["x-accel-buffering"] == "no"
        view = PartialView(stream="t1", participant_raw_id="4:+44", text="tw", start_ms=0, offset="9")
        partial = Partial(call.id, msgspec.Raw(msgspec.json.encode(view)))
        service.ports.bus.publish(call_topic(call.id), partial)
        assert [(name, number, data["text"]) for name, number, data in await live.events(1)] == [
            ("partial", None, "tw")
        ]
        await say(service, archive, "two", 9)
        assert [(name, number, data["text"]) for name, number, data in await live.events(1)] == [
            ("segment", "3", "two")
        ]


async def test_a_stream_begins(call: Call, listen: Listen) -> None:
    """with how long to wait before coming again."""
    async with listen() as live:
        assert await live.chunk() == "retry: 2000\n\n"


@pytest.mark.parametrize(
    ("query", "headers"),
    [("?after=2", {}), ("", {"Last_Event_ID": "2"}), ("?after=0", {"Last_Event_ID": "2"})],
)
async def test_a_reader_that_comes_again(
    service: Service, archive: SqliteArchive, listen: Listen, query: str, headers: dict[str, str]
) -> None:
    """goes on where it was; its `Last-Event-ID` is newer than the URL."""
    for at in range(1, 4):
        await say(service, archive, f"w{at}", at)
    async with listen(query, **headers) as live:
        assert [number for _, number, _ in await live.events(2)] == ["3", "4"]


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", "2", "99999999999999999999", "٣"])
async def test_a_number_that_is_none_of_the_calls(call: Call, reader: httpx.AsyncClient, text: str) -> None:
    """is refused before the stream begins."""
    place = f"/v1/calls/{call.id}/transcript/stream"
    answer = await reader.get(place, params={"after": text})
    assert assert_problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "query.after"
    answer = await reader.get(place, headers={"Last-Event-ID": text.encode()})  # type: ignore[dict-item]
    assert assert_problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "header.Last-Event-ID"


async def test_no_call(reader: httpx.AsyncClient) -> None:
    """is 404 before the stream begins."""
    assert_problem(await reader.get("/v1/calls/call_none/transcript/stream"), 404, "call-not-found")


async def test_a_quiet_call(service: Service, call: Call, listen: Listen) -> None:
    """is kept alive with comments."""
    service.settings = edge_settings(heartbeat_seconds=0.01)
    async with listen("?after=1") as live:
        assert [await live.chunk() for _ in range(3)] == [
            "retry: 2000\n\n",
            ": still here\n\n",
            ": still here\n\n",
        ]


async def test_a_process_that_stops(service: Service, call: Call, listen: Listen) -> None:
    """ends the stream at once, with a hint to come again."""
    async with listen("?after=1") as live:
        assert await live.chunk() == "retry: 2000\n\n"
        service.stop.set()
        assert await live.rest() == [": the server stops, come again\nretry: 1000\n\n"]


async def test_a_process_that_has_stopped(service: Service, call: Call, reader: httpx.AsyncClient) -> None:
    """opens no stream."""
    service.stop.set()
    answer = await reader.get(f"/v1/calls/{call.id}/transcript/stream")
    assert_problem(answer, 503, "shutting-down")
    assert answer.headers["retry-after"] == "2"


async def test_a_call_that_ends(
    service: Service, call: Call, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ends the stream when everything is delivered."""
    monkeypatch.setattr("callscribe.actions.feed.follow.__kwdefaults__", {"poll": 3600.0, "grace": 0.01})
    async with listen() as live:
        assert [data["state"] for _, _, data in await live.events(1)] == ["connected"]
        await save(service.ports, replace(call, state=CallState.DISCONNECTED, ended_at=1_700_000_009_000))
        assert [data["state"] for _, _, data in await live.events(1)] == ["disconnected"]
        assert await live.rest() == []


async def test_a_reader_that_has_everything_of_a_call_that_has_ended(
    service: Service, reader: httpx.AsyncClient
) -> None:
    """is told not to come again: 204 ends an EventSource."""
    call = await keep(service.ports, a_call(state=CallState.MISSED))
    answer = await reader.get(f"/v1/calls/{call.id}/transcript/stream", headers={"Last-Event-ID": "1"})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_store_that_goes_away(
    service: Service, call: Call, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ends the stream with a hint to come again."""

    async def away(*_: object) -> None:
        raise StoreUnavailable

    async with listen() as live:
        await live.events(1)
        monkeypatch.setattr(service.ports.store, "tail", away)
        service.ports.bus.publish(call_topic(call.id), Ring(call.id, 2))
        assert await live.rest() == [": what you follow cannot be read now, come again\nretry: 5000\n\n"]


async def test_a_reader_that_goes_away(service: Service, call: Call, listen: Listen) -> None:
    """leaves nothing behind: no place among the streams, no subscription."""
    service.settings = edge_settings(dataclasses.replace(LIMITS, readers=1))
    app = service.app()
    async with listen() as live:
        await live.events(1)
        assert service.ports.bus.topics  # type: ignore[attr-defined]
    assert not service.ports.bus.topics  # type: ignore[attr-defined]
    assert app.state.edge.streams.open == 0


async def test_a_reader_that_does_not_read(
    service: Service, call: Call, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """is dropped, and leaves nothing behind."""
    monkeypatch.setattr("service.sse.LAST_WORD_SECONDS", 0.01)
    service.settings = edge_settings(slow_seconds=0.01, heartbeat_seconds=0.01)
    async with listen() as live:
        await live.events(1)
        live.stuck = 1000
        await live.over.wait()
        assert live.stuck == 998
    assert not service.ports.bus.topics  # type: ignore[attr-defined]


async def test_a_reader_that_wakes_up_too_late(service: Service, call: Call, listen: Listen) -> None:
    """is told why it was dropped."""
    service.settings = edge_settings(slow_seconds=0.01, heartbeat_seconds=0.01)
    async with listen() as live:
        await live.events(1)
        live.stuck = 1
        assert (await live.rest())[-1] == ": dropped, the reader is too slow\n\n"


async def test_a_stream_too_many(service: Service, call: Call) -> None:
    """is 503 until another ends."""
    service.settings = edge_settings(dataclasses.replace(LIMITS, readers=1))
    client = await service.client(Scope.READ)
    path = f"/v1/calls/{call.id}/transcript/stream"
    app = service.app()
    credentials = {"Authorization": client.headers["Authorization"]}
    async with reading_live(app, path, credentials) as first:
        await first.events(1)
        async with reading_live(app, path, credentials) as second:
            problem = await second.chunk()
        assert second.status == 503
        assert problem is not None
        assert msgspec.json.decode(problem)["code"] == "overloaded"
    async with reading_live(app, path, credentials) as third:
        await third.events(1)
        assert third.status == 200
