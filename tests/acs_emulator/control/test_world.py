from collections.abc import AsyncIterator
from typing import Any

import pytest
from openapi_spec_validator import validate

pytestmark = pytest.mark.anyio


async def test_faults_are_put_listed_and_deleted(world: Any) -> None:
    """With their ids and what is left of them."""
    added = await world.control("/faults", {"kind": "http", "status": 500, "times": 3})
    await world.control("/faults", {"kind": "malformedPacket", "times": None})
    listed = (await world.http.get("/_emulator/faults")).json()["faults"]
    assert [(one["kind"], one["times"]) for one in listed] == [("http", 3), ("malformedPacket", None)]
    assert (await world.http.delete(f"/_emulator/faults/{added['faultId']}")).status_code == 204
    assert (await world.http.delete(f"/_emulator/faults/{added['faultId']}")).status_code == 404
    assert (await world.http.delete("/_emulator/faults")).status_code == 204
    assert (await world.http.get("/_emulator/faults")).json() == {"faults": []}


async def test_wrong_faults(world: Any) -> None:
    """A problem that names the member; nothing is guessed."""
    for fault, says in (
        ({"kind": "earthquake"}, "kind"),
        ({"kind": "http", "status": 200}, "status"),
        ({"kind": "http", "status": 500, "operation": "createCalls"}, "no operation createCalls"),
        ({"kind": "dropSocket", "after": 1}, "after"),
        ({"kind": "lose", "what": "packets", "times": 0}, "times"),
    ):
        response = await world.http.post("/_emulator/faults", json=fault)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert says in response.json()["detail"]


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
    """Its speed changes; nonsense is refused."""
    assert (await world.control("/clock", {"speed": 7}, 200))["speed"] == 7
    await world.control("/clock", {"speed": 0}, 422)


async def test_the_journal(world: Any) -> None:
    """Filtered by kind and number, and waited for."""
    await world.control("/calls", {})
    entries = (await world.http.get("/_emulator/journal?kind=call,request&wait=5")).json()["entries"]
    assert {entry["kind"] for entry in entries} == {"call"}
    last = entries[-1]["number"]
    later = (await world.http.get(f"/_emulator/journal?kind=call&after={last}")).json()["entries"]
    assert all(entry["number"] > last for entry in later)


async def test_reset(world: Any) -> None:
    """Calls, callees, faults and journal are forgotten, in silence; sockets are closed."""
    await world.control("/callees", {"rawId": "8:acs:a", "behaviour": "busy"})
    world.emulator.faults.add({"kind": "lose", "what": "packets"})
    await world.answer(await world.dial_in(), transcription=world.transcription())
    await world.event("CallConnected")
    await world.event("TranscriptionStarted")
    assert (await world.http.post("/_emulator/reset")).status_code == 204
    assert world.emulator.calls.all() == []
    assert world.emulator.journal.entries() == []
    assert world.emulator.faults.to_json() == []
    assert world.listener.sockets[0].close_code == 1000
    assert "CallDisconnected" not in str(world.receiver.callbacks)
    assert len((await world.http.get("/_emulator/event-subscriptions")).json()["subscriptions"]) == 1


async def test_the_api_description(world: Any) -> None:
    """A valid OpenAPI document of the control plane alone."""
    description = (await world.http.get("/_emulator/openapi.json")).json()
    validate(description)
    assert all(path.startswith("/_emulator/") for path in description["paths"])
    assert (await world.http.get("/_emulator/nothing")).status_code == 404
