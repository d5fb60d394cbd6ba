from collections.abc import AsyncIterator
from typing import Any

import pytest
from openapi_spec_validator import validate

pytestmark = pytest.mark.anyio


async def test_a_control_request_that_is_too_large(world: Any) -> None:
    """413 as a problem, whether or not the request says how long it is; what is just short enough is taken."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    for content in (b" " * 1_048_577, chunks()):
        response = await world.http.post("/_emulator/clock", content=content)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
    body = b'{"speed": 3}'
    response = await world.http.post(
        "/_emulator/clock",
        content=body + b" " * (1_048_576 - len(body)),
        headers={"Content-Type": "application/json"},
    )
    assert response.json()["speed"] == 3


async def test_the_clock(world: Any) -> None:
    """Its speed changes; it is held, stepped and released; nonsense is refused."""
    assert (await world.control("/clock", {"speed": 7}, 200))["speed"] == 7
    held = await world.control("/clock", {"held": True}, 200)
    assert held["held"]
    stepped = await world.control("/clock", {"step": 12.5}, 200)
    assert stepped["now"] == held["now"] + 12.5
    assert (await world.http.get("/_emulator/clock")).json() == stepped
    assert not (await world.control("/clock", {"held": False}, 200))["held"]
    for nonsense in ({"speed": 0}, {}, {"step": -1}, {"step": 1, "held": False}):
        await world.control("/clock", nonsense, 422)


async def test_a_call_stepped_through(world: Any) -> None:
    """Nothing happens while the clock is held; each step answers when what became due has been delivered."""
    context = await world.dial_in("One.", {"text": "Two.", "at": 30})
    await world.control("/clock", {"held": True}, 200)
    connection_id = await world.answer(context, transcription=world.transcription())
    for _ in range(40):
        await world.control("/clock", {"step": 0.5}, 200)
    await world.listener.until(lambda: bool(world.listener.finals))
    assert world.listener.finals == ["One."]
    await world.control("/clock", {"step": 60}, 200)
    await world.listener.until(lambda: len(world.listener.finals) == 2)
    names = [event["type"].rpartition(".")[2] for event in world.receiver.callbacks]
    assert names[-1] == "CallDisconnected"
    assert world.emulator.calls.leg(connection_id) is None


async def test_reset(world: Any) -> None:
    """Calls, callees, faults and journal are forgotten, in silence; sockets are closed; the clock runs as at first."""
    await world.control("/callees", {"rawId": "8:acs:a", "behaviour": "busy"})
    world.emulator.faults.add({"kind": "lose", "what": "packets"})
    await world.answer(await world.dial_in(), transcription=world.transcription())
    await world.event("CallConnected")
    await world.event("TranscriptionStarted")
    await world.control("/recorder", {"on": True}, 200)
    world.emulator.clock.hold()
    assert (await world.http.post("/_emulator/reset")).status_code == 204
    assert world.emulator.calls.all() == []
    assert world.emulator.journal.entries() == []
    assert world.emulator.faults.to_json() == []
    assert not world.emulator.clock.held
    assert world.emulator.clock.speed == world.emulator.options.speed
    assert (await world.http.get("/_emulator/recorder")).json() == {
        "on": False,
        "lines": 0,
        "truncated": False,
    }
    await world.listener.until(lambda: world.listener.sockets[0].close_code == 1000)
    assert "CallDisconnected" not in str(world.receiver.callbacks)
    assert len((await world.http.get("/_emulator/event-subscriptions")).json()["subscriptions"]) == 1
    await world.http.post("/_emulator/reset?subscriptions=true")
    assert (await world.http.get("/_emulator/event-subscriptions")).json() == {"subscriptions": []}


async def test_the_api_description(world: Any) -> None:
    """A valid OpenAPI document; every operation of the control plane has a summary, a description, and says what is
    answered and how it refuses."""
    description = (await world.http.get("/_emulator/openapi.json")).json()
    validate(description)
    operations = {
        f"{method} {path}": operation
        for path, methods in description["paths"].items()
        if path.startswith("/_emulator/")
        for method, operation in methods.items()
    }
    assert len(operations) > 20
    for name, operation in operations.items():
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert any(status.startswith("2") for status in operation["responses"]), name
        assert "4XX" in operation["responses"], name
    assert not any(path.startswith("/calling/") for path in description["paths"])
    assert (await world.http.get("/_emulator/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", b'{"kind": "http", "status": 503, "message": "\\ud800"}'),
        ("/faults", b'{"kind": "operationFailed", "operation": "play", "fields": {"x": NaN}}'),
        ("/faults", b'{"kind": "http", "status": 503, "retryAfter": -5}'),
        ("/calls", b'{"customContext": ' + b'{"a":' * 400 + b"1" + b"}" * 401),
        ("/calls", b'{"customContext": {"voipHeaders": 5}}'),
        ("/calls", b'{"\\ud800": 1}'),
        ("/calls", b'{"roomId": "r", "groupId": "g"}'),
        ("/calls", b'{"audio": {}}'),
        ("/calls", b'{"dialoguePath": "a\\u0000b"}'),
        ("/calls", b'{"dialoguePath": "/dev/zero"}'),
        ("/event-subscriptions", b'{"url": "http://a b/"}'),
        ("/event-subscriptions", b'{"url": "http://h.example/", "headers": {"x": "\\u2603"}}'),
        ("/event-subscriptions", b'{"url": "http://h.example/", "headers": {"Content-Length": "5"}}'),
        ("/event-subscriptions", b'{"url": "http://h.example/", "deadLetterPath": "a\\u0000b"}'),
        ("/replay", b'{"lines": [{"kind": "frame", "number": 1, "at": 0, "socket": 1, "base64": "A"}]}'),
        ("/replay", b'{"lines": [{"kind": "frame", "number": 1, "at": 0, "socket": 1, "base64": "/w=="}]}'),
    ],
    ids=ascii,
)
async def test_a_control_request_that_could_not_be_carried_out(world: Any, path: str, body: bytes) -> None:
    """422 as a problem, and nothing has changed."""
    shown = [
        (await world.http.get(f"/_emulator{one}")).text
        for one in ("/calls", "/faults", "/event-subscriptions")
    ]
    headers = {"Content-Type": "application/json"}
    response = await world.http.post(f"/_emulator{path}", content=body, headers=headers)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert shown == [
        (await world.http.get(f"/_emulator{one}")).text
        for one in ("/calls", "/faults", "/event-subscriptions")
    ]


async def test_numbers_without_end(world: Any) -> None:
    """A speaker or a place in a list with thousands of digits is nobody and nowhere."""
    await world.dial_in()
    (call,) = (await world.http.get("/_emulator/calls")).json()["calls"]
    speaker = {"speaker": "agent" + "9" * 5000, "tones": "1"}
    await world.control(f"/calls/{call['callId']}/press", speaker, 409)
    where = f"/event/{'9' * 5000}=1"
    journal = await world.http.get("/_emulator/journal", params={"kind": "eventgrid", "where": where})
    assert journal.json()["entries"] == []
