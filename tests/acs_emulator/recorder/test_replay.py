import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from websockets.asyncio.server import serve

from acs_emulator.clock import Clock
from acs_emulator.recorder import tape
from acs_emulator.recorder.lines import Frame
from acs_emulator.recorder.tape import Recorder, Signed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fresh(receiver: Any) -> AsyncIterator[Any]:
    """A second application's webhooks."""
    application = type(receiver)()
    server = await asyncio.start_server(application.answer, "127.0.0.1", 0)
    application.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield application


@pytest.fixture
async def fresh_listener(listener: Any) -> AsyncIterator[Any]:
    """A second application's transcription socket."""
    application = type(listener)()
    async with serve(application.listen, "127.0.0.1", 0) as server:
        application.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield application


async def _a_recorded_call(world: Any, *more: dict[str, Any]) -> list[dict[str, Any]]:
    """A whole transcribed call, from its IncomingCall to its CallDisconnected; the lines of its recording."""
    await world.control("/recorder", {"on": True}, 200)
    await world.answer(
        await world.dial_in("Grüße aus Köln.", "Bye.", *more), transcription=world.transcription()
    )
    await world.event("CallDisconnected")
    while _count(world, "closed") < _count(world, "opened"):
        await world.emulator.clock.sleep(1)
    shown = await world.control("/recorder", {"on": False}, 200)
    text = (await world.http.get("/_emulator/recording")).text
    lines = [json.loads(line) for line in text.splitlines()]
    assert shown == {"on": False, "lines": len(lines), "truncated": False}
    return lines


def _count(world: Any, kind: str) -> int:
    return sum(line.kind == kind for line in world.emulator.recorder.lines)


async def _replayed(world: Any, lines: list[dict[str, Any]], urls: dict[str, str]) -> dict[str, Any]:
    started = await world.control("/replay", {"lines": lines, "urls": urls}, 202)
    assert started["lines"] == len(lines)
    entry = await world.journal(
        "replay", lambda e: e.data["what"] == "finished" and e.data["replayId"] == started["replayId"]
    )
    return dict(entry.data)


def _verified(world: Any, keys: Any, header: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        header.removeprefix("Bearer "),
        keys.keys[0],
        algorithms=["RS256"],
        audience=world.emulator.resource_id,
    )
    return claims


async def test_a_whole_transcribed_call_again(world: Any, fresh: Any, fresh_listener: Any) -> None:
    """Another receiver gets the same bytes in the same order over HTTP and on the socket, with tokens that verify."""
    lines = await _a_recorded_call(world)
    urls = {world.receiver.url: fresh.url, world.listener.url: fresh_listener.url}
    assert (await _replayed(world, lines, urls))["failed"] == 0

    sent = [
        one
        for one in world.receiver.requests
        if "aeg-event-type" not in one.headers or one in world.receiver.events
    ]
    assert [one.raw for one in fresh.requests] == [one.raw for one in sent]
    assert [one.path for one in fresh.requests] == [one.path for one in sent]
    assert {"IncomingCall", "CallDisconnected"} <= {
        json.loads(line["text"])[0]
        .get("type", json.loads(line["text"])[0].get("eventType"))
        .rpartition(".")[2]
        for line in lines
        if line["kind"] == "request"
    }
    for again, first in zip(fresh.requests, sent, strict=True):
        changing = {"authorization", "host"}
        assert {k: v for k, v in again.headers.items() if k not in changing} == {
            k: v for k, v in first.headers.items() if k not in changing
        }
    assert fresh_listener.frames == world.listener.frames
    assert fresh_listener.finals == ["Grüße aus Köln.", "Bye."]
    assert fresh_listener.requests[0][0] == world.listener.requests[0][0]
    await fresh_listener.until(lambda: fresh_listener.sockets[0].close_code == 1000)

    keys = jwt.PyJWKSet.from_dict((await world.http.get("/calling/keys")).json())
    for one in fresh.requests:
        if one.path.startswith("/callbacks"):
            _verified(world, keys, one.headers["authorization"])
    claims = _verified(world, keys, fresh_listener.requests[0][1]["authorization"])
    assert claims["exp"] - claims["iat"] == 24 * 60 * 60


async def test_at_the_pace_of_the_recording(world: Any, fresh: Any, fresh_listener: Any) -> None:
    """Nothing goes out before its emulated moment."""
    lines = await _a_recorded_call(world)
    urls = {world.receiver.url: fresh.url, world.listener.url: fresh_listener.url}
    world.emulator.clock.hold()
    await world.control("/replay", {"lines": lines, "urls": urls}, 202)
    requests = [line for line in lines if line["kind"] == "request"]
    half = (requests[-2]["at"] + requests[-1]["at"]) / 2
    await world.emulator.clock.step(half)
    assert len(fresh.requests) == len(requests) - 1
    await world.emulator.clock.step(60)
    assert len(fresh.requests) == len(requests)


async def test_receivers_that_are_not_there(world: Any) -> None:
    """What cannot be sent is counted; the replay goes on to its end."""
    lines = await _a_recorded_call(world)
    urls = {world.receiver.url: "http://127.0.0.1:9", world.listener.url: "ws://127.0.0.1:9"}
    finished = await _replayed(world, lines, urls)
    frames_and_posts = [line for line in lines if line["kind"] in ("request", "opened", "frame")]
    assert finished["failed"] == len(frames_and_posts)


async def test_a_wrong_token_and_a_broken_socket_again(world: Any, fresh: Any, fresh_listener: Any) -> None:
    """A fault is replayed as it was: the token is expired again, the socket breaks again."""
    world.emulator.faults.add({"kind": "badToken", "where": "socket", "what": "expired"})
    world.emulator.faults.add({"kind": "dropSocket", "afterPackets": 1})
    lines = await _a_recorded_call(world, {"text": "Still there?", "at": 60})
    ends = [line["how"] for line in lines if line["kind"] == "closed"]
    assert ends == ["dropped", "closed"]
    urls = {world.receiver.url: fresh.url, world.listener.url: fresh_listener.url}
    await _replayed(world, lines, urls)
    assert fresh_listener.frames == world.listener.frames
    first, second = fresh_listener.sockets
    await fresh_listener.until(lambda: first.close_code == 1006 and second.close_code == 1000)
    keys = jwt.PyJWKSet.from_dict((await world.http.get("/calling/keys")).json())
    with pytest.raises(jwt.ExpiredSignatureError):
        _verified(world, keys, fresh_listener.requests[0][1]["authorization"])
    _verified(world, keys, fresh_listener.requests[1][1]["authorization"])


async def test_wrong_recordings(world: Any) -> None:
    """A problem that names the line."""
    for lines in (
        [],
        [{"kind": "request", "number": 1, "at": 0}],
        [{"kind": "thought", "number": 1, "at": 0}],
    ):
        problem = await world.control("/replay", {"lines": lines}, 422)
        assert "lines" in problem["detail"]


async def test_bytes_that_are_no_text() -> None:
    """Are recorded as they are."""
    recorder = Recorder(Clock())
    recorder.start()
    socket = recorder.opened("ws://a.example/", {}, Signed())
    assert socket == 1
    for message in (b"\xff\x00", "Köln", b""):
        recorder.frame(socket, message)
    recorder.closed(socket, "dropped")
    frames = [line for line in recorder.lines if isinstance(line, Frame)]
    assert [(one.content(), one.binary) for one in frames] == [
        (b"\xff\x00", True),
        ("Köln".encode(), False),
        (b"", True),
    ]
    assert [line.number for line in recorder.lines] == [1, 2, 3, 4, 5]


async def test_a_full_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops and says so."""
    monkeypatch.setattr(tape, "MAX_BYTES", 10)
    recorder = Recorder(Clock())
    recorder.start()
    recorder.request("POST", "http://a.example/", {}, b"12345678", Signed())
    recorder.request("POST", "http://a.example/", {}, b"123", Signed())
    assert (len(recorder.lines), recorder.on, recorder.truncated) == (1, False, True)
    recorder.start()
    assert (recorder.lines, recorder.truncated) == ([], False)


async def test_a_large_recording(world: Any, fresh: Any) -> None:
    """Is taken, although it is larger than what else the control plane takes."""
    line = {
        "kind": "request",
        "number": 1,
        "at": 0,
        "url": f"{fresh.url}/large",
        "text": json.dumps("x" * 2_000_000),
    }
    assert (await _replayed(world, [line], {}))["failed"] == 0
    assert len(fresh.requests[0].body) == 2_000_000
