from typing import Any

import pytest

from acs_emulator.journal import Journal
from acs_emulator.matching import BadCondition, matching

pytestmark = pytest.mark.anyio


async def test_the_journal(world: Any) -> None:
    """Filtered by kind and number, and waited for."""
    await world.control("/calls", {})
    page = (await world.http.get("/_emulator/journal?kind=call,request&wait=5")).json()
    assert {entry["kind"] for entry in page["entries"]} == {"call"}
    last = page["entries"][-1]["number"]
    assert page["last"] >= last
    later = (await world.http.get(f"/_emulator/journal?kind=call&after={last}")).json()["entries"]
    assert all(entry["number"] > last for entry in later)


async def test_waiting_for_one_event(world: Any) -> None:
    """By call, by type, and by a member however deep it lies."""
    other = await world.answer(await world.dial_in(), operation_context="other")
    connection_id = await world.answer(await world.dial_in(), operation_context="greeting")
    for chosen in (
        {"type": "CallConnected", "callConnectionId": connection_id},
        {
            "type": "Microsoft.Communication.CallConnected",
            "where": "/event/data/operationContext=greeting",
        },
        {"where": ["/event/data/callConnectionId=" + connection_id, "/status=200", "/type=CallConnected"]},
    ):
        params = {"kind": "callback", "wait": 10, **chosen}
        (entry,) = (await world.http.get("/_emulator/journal", params=params)).json()["entries"]
        assert entry["callConnectionId"] == connection_id != other
        assert entry["type"] == "CallConnected"
    response = await world.http.get("/_emulator/journal", params={"where": "status is 200"})
    assert response.status_code == 422
    assert "status is 200" in response.json()["detail"]


def test_conditions_on_entries() -> None:
    """JSON pointers with their escapes, indices of arrays, and JSON of what is no string."""
    journal = Journal()
    journal.add("x", **{"a/b": {"~": [1, {"c": None}]}, "text": "1", "yes": True, "type": "T"})
    (entry,) = journal.entries()
    for holds in ("/a~1b/~0/0=1", "/a~1b/~0/1/c=null", "/text=1", "/yes=true", '/a~1b={"~":[1,{"c":null}]}'):
        assert matching(where=[holds])(entry), holds
    for fails in ("/text=2", "/text/0=1", "/a~1b/~0/9=1", "/nothing=null", "/yes=True"):
        assert not matching(where=[fails])(entry), fails
    assert matching(type_="Microsoft.Communication.T")(entry)
    assert not matching(call_connection_id="c")(entry)
    for bad in ("text=1", "/text", ""):
        with pytest.raises(BadCondition):
            matching(where=[bad])
    with pytest.raises(BadCondition):
        matching(where=["/a=b"] * 11)
