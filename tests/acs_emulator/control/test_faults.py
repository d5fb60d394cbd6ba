from typing import Any

import pytest

from acs_emulator.faults import Lose

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
        ({"kind": "lose", "what": "packets", "rate": 1.5}, "rate"),
        ({"kind": "webhook", "what": "packets"}, "what"),
        ({"kind": "transcriptionFailed", "code": 400}, "code and subCode"),
        ({"kind": "transcriptionFailed", "name": "earthquake"}, "one of: "),
    ):
        response = await world.http.post("/_emulator/faults", json=fault)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert says in response.json()["detail"]


async def test_too_many_faults(world: Any) -> None:
    """409."""
    for _ in range(1000):
        world.emulator.faults.add({"kind": "malformedPacket"})
    await world.control("/faults", {"kind": "malformedPacket"}, 409)


async def test_the_catalogue(world: Any, goldens: Any) -> None:
    """Every kind with its schema, and every documented TranscriptionFailed row; each row makes a fault."""
    catalogue = (await world.http.get("/_emulator/faults/catalogue")).json()
    kinds = {one["kind"]: one for one in catalogue["kinds"]}
    assert {"refuseSocket", "dropSocket", "webhook", "slowWebhook", "badToken", "http"} <= kinds.keys()
    assert all(one["description"] and "rate" in one["members"]["properties"] for one in kinds.values())
    rows = catalogue["transcriptionFailures"]
    documented = {(one["code"], one["subCode"]) for one in rows}
    assert {(400, 8581), (429, 8565), (500, 9999), (405, 8520)} <= documented
    for row in rows:
        members = {name: row[name] for name in ("code", "subCode", "message", "details")}
        await world.control("/faults", {"kind": "transcriptionFailed", **members})
        await world.control("/faults", {"kind": "transcriptionFailed", "name": row["name"]})
        by_members, by_name = world.emulator.faults.to_json()[-2:]
        assert {name: by_name[name] for name in members} == members
        assert by_name.keys() == by_members.keys()


async def test_the_seed(world: Any) -> None:
    """The same seed gives the same chances."""

    async def strikes() -> list[bool]:
        await world.control("/seed", {"seed": 7}, 200)
        return [world.emulator.faults.take_delivery(Lose, "packets", "Final", None) for _ in range(20)]

    world.emulator.faults.add({"kind": "lose", "what": "packets", "rate": 0.5})
    first = await strikes()
    assert await strikes() == first
    assert len(set(first)) == 2
