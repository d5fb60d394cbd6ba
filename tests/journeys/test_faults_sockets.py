"""callscribe survives what goes wrong with transcription and its socket."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from acs_emulator.faults import Stage
from tests.journeys.conftest import House
from tests.journeys.survival import (
    TEXTS,
    ends,
    fault,
    hasty_house,
    placed,
    rung,
    struck,
    timeline,
    transcription,
    well,
)
from tests.journeys.test_control import WAIT, control, hang_up, say

pytestmark = pytest.mark.anyio

ROWS = json.loads((Path(__file__).parents[1] / "golden/acs/transcription_failures.json").read_text())["rows"]
NUMBERED = [pytest.param(row, id=f"{row['code']}-{row['subCode']}-{at}") for at, row in enumerate(ROWS)]


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with hasty_house(tmp_path_factory.mktemp("sockets")) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def afterwards(house: House) -> AsyncIterator[None]:
    """The next call finds a house that is well."""
    yield
    await well(house)


@pytest.fixture(scope="module")
async def line(house: House) -> AsyncIterator[dict[str, Any]]:
    """A call that stands, and on which one start after another fails."""
    call = await placed(house, transcription="manual")
    yield call
    await hang_up(house, call["id"])


async def _gap(house: House, call: dict[str, Any]) -> dict[str, Any]:
    """The call's only gap, once there is one."""

    async def look() -> dict[str, Any] | None:
        gaps = (await house.transcript(call["id"]))["gaps"]
        assert len(gaps) <= 1
        return gaps[0] if gaps else None

    return dict(await house.until(look, "a gap is on the record"))


async def _failed(house: House, call: dict[str, Any], sub_code: int) -> dict[str, Any]:
    """The typed failure of a call's transcription."""
    kept = await house.transcribes(call["id"], "failed")
    failure = dict(kept["failure"])
    assert failure["subCode"] == sub_code
    assert (await house.api.get(failure["type"])).status_code == 200
    return failure


async def _goes_on(house: House, call: dict[str, Any], *texts: str) -> None:
    """Transcription can be started again, and what is said then is on the record behind what was there before."""
    await control(house, call["id"], "start")
    await house.transcribes(call["id"])
    await say(house, call, "Here again.")
    await house.says(call["id"], *texts, "Here again.")
    await hang_up(house, call["id"])
    await ends(house, call, *texts, "Here again.")


@pytest.mark.parametrize("row", NUMBERED)
async def test_a_start_that_fails(house: House, line: dict[str, Any], row: dict[str, Any]) -> None:
    """Each documented row is a typed problem, a typed failure on the record, and on the timeline beside ACS's event."""
    before = await _failures_told(house, line)
    fault(house, "transcriptionFailed", on="start", **row)
    answer = await house.api.post(f"/v1/calls/{line['id']}/transcription/start", json={}, headers=WAIT)
    problem = answer.json()
    assert (answer.status_code >= 400, problem["acsCode"], problem["subCode"]) == (
        True,
        row["code"],
        row["subCode"],
    )
    kept = await transcription(house, line)
    assert (kept["state"], kept["failure"]["code"], kept["failure"]["message"]) == (
        "failed",
        problem["code"],
        row["message"],
    )
    told = await _failures_told(house, line)
    assert sorted(told[len(before) :]) == ["Microsoft.Communication", "callscribe"]


async def _failures_told(house: House, call: dict[str, Any]) -> list[str]:
    """Who has told of failures so far."""
    types = [one["type"].rpartition(".") for one in await timeline(house, call)]
    return [teller for teller, _, what in types if what == "TranscriptionFailed"]


async def _fails_at_setup(house: House) -> None:
    call = await placed(house)
    await _failed(house, call, 9999)
    await _goes_on(house, call)


async def _fails_at_start(house: House) -> None:
    call = await placed(house, transcription="manual")
    await house.api.post(f"/v1/calls/{call['id']}/transcription/start", json={}, headers=WAIT)
    await _failed(house, call, 9999)
    await _goes_on(house, call)


async def _fails_at(house: House, what: str, **body: Any) -> None:
    """A failed update or stop is typed, and what runs runs on."""
    call = await placed(house)
    await house.transcribes(call["id"])
    answer = await house.api.post(f"/v1/calls/{call['id']}/transcription/{what}", json=body, headers=WAIT)
    assert answer.json()["subCode"] == 9999
    await house.transcribes(call["id"])
    await say(house, call, "Still here.")
    await house.says(call["id"], "Still here.")
    await hang_up(house, call["id"])
    transcript = await ends(house, call, "Still here.")
    assert transcript["gaps"] == []


async def _fails_while_streaming(house: House) -> None:
    call = await placed(house)
    await house.transcribes(call["id"])
    await say(house, call, "Never heard.")
    await _failed(house, call, 9999)
    assert (await _gap(house, call))["cause"] in ("transcription-failed", "socket-dropped")
    await _goes_on(house, call)


STAGES = {
    "setup": _fails_at_setup,
    "start": _fails_at_start,
    "update": lambda house: _fails_at(house, "update-locale", locale="fr-FR"),
    "stop": lambda house: _fails_at(house, "stop"),
    "streaming": _fails_while_streaming,
}


@pytest.mark.parametrize("stage", get_args(Stage))
async def test_transcription_fails_at_every_stage(house: House, stage: str) -> None:
    """A typed failure each time, and the call can be transcribed all the same."""
    fault(house, "transcriptionFailed", on=stage, code=500, subCode=9999)
    await STAGES[stage](house)


@pytest.mark.parametrize("redeliver", [True, False])
@pytest.mark.parametrize("offsets", ["restart", "continue"])
async def test_a_socket_that_drops_and_comes_back(house: House, redeliver: bool, offsets: str) -> None:
    """The gap has a beginning and an end; what was re-delivered is there once, what was not is not."""
    call = await placed(house)
    await house.transcribes(call["id"])
    await say(house, call, "Before.")
    await house.says(call["id"], "Before.")
    fault(house, "dropSocket", redeliver=redeliver, offsets=offsets)
    await say(house, call, "Meanwhile.")

    async def closed() -> bool:
        return bool((await _gap(house, call))["endedAt"])

    await house.until(closed, "the gap is closed")
    await house.transcribes(call["id"])
    await say(house, call, "After.")
    texts = ["Before.", "Meanwhile.", "After."] if redeliver else ["Before.", "After."]
    await house.says(call["id"], *texts)
    await hang_up(house, call["id"])
    transcript = await ends(house, call, *texts)
    assert transcript["complete"] is False


async def test_a_socket_that_drops_for_good(house: House) -> None:
    """The failure is typed, the gap stays open until transcription is started again."""
    call = await placed(house)
    await house.transcribes(call["id"])
    await say(house, call, "Before.")
    await house.says(call["id"], "Before.")
    fault(house, "dropSocket", reconnect=False)
    await say(house, call, "Lost.")
    await _failed(house, call, 8578)
    assert (await _gap(house, call))["endedAt"] is None
    await _goes_on(house, call, "Before.")
    assert (await _gap(house, call))["endedAt"]


async def test_a_socket_that_cannot_be_opened(house: House) -> None:
    """At setup: the failure says which end is to be looked at, and the next start works."""
    fault(house, "refuseSocket")
    call = await placed(house)
    assert (await _failed(house, call, 8581))["code"] == "transport-url-not-operational"
    await _goes_on(house, call)


@pytest.mark.parametrize("redials", [2, 4])
async def test_a_socket_that_cannot_be_opened_again(house: House, redials: int) -> None:
    """Some redials fail and one succeeds: a closed gap. All fail: a typed failure, and an open one."""
    call = await placed(house)
    await house.transcribes(call["id"])
    fault(house, "refuseSocket", times=redials)
    fault(house, "dropSocket")
    await say(house, call, "Lost.")
    if redials == 4:
        await _failed(house, call, 8578)
        await _goes_on(house, call)
        return
    await _gap(house, call)
    await house.transcribes(call["id"])
    await say(house, call, "After.")
    await house.says(call["id"], "After.")
    await hang_up(house, call["id"])
    await ends(house, call, "After.")


async def test_a_slow_socket(house: House) -> None:
    """Late words are words: none is missed, and nothing is a gap."""
    fault(house, "slowSocket", seconds=20, times=3)
    transcript = await ends(house, await rung(house), *TEXTS)
    assert (transcript["gaps"], transcript["complete"]) == ([], True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="cut-off"),
        "",
        "null",
        "[]",
        '"TranscriptionData"',
        '{"kind": 5}',
        '{"kind": "TranscriptionData"}',
        '{"kind": "TranscriptionData", "transcriptionData": {"text": "x", "offset": "soon"}}',
        '{"kind": "TranscriptionMetadata", "transcriptionMetadata": []}',
        pytest.param('{"kind": "' + "x" * 100_000 + '"}', id="long"),
        pytest.param("[" * 10_000, id="deep"),
    ],
)
async def test_a_packet_that_cannot_be_read(house: House, text: str | None) -> None:
    """It is noted and is a gap, and the packets around it count."""
    begin = house.mark()
    fault(house, "malformedPacket", times=2, **({} if text is None else {"text": text}))
    call = await rung(house)
    await ends(house, call, *TEXTS)
    assert struck(house, begin, "malformedPacket") == 2
    noted = [one["type"] for one in await timeline(house, call) if one["source"] == "transcript-socket"]
    assert {"callscribe.MalformedPackets", "callscribe.UnknownPackets"} & {*noted}
    causes = ["packets-refused"] if "callscribe.MalformedPackets" in noted else []

    async def accounted() -> bool:
        completeness = (await house.transcript(call["id"]))["completeness"]
        return bool(completeness["causes"] == causes)

    await house.until(accounted, f"what is missing has the causes {causes}")
