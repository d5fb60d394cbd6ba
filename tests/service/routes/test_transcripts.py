import httpx
import pytest

from callscribe.domain.call import Gap, GapCause
from callscribe.domain.transcript import Segment, Stream
from callscribe.ports import WriteSegment, WriteStream
from tests.service.situations import Service, a_call, assert_problem, keep, transcript_server

pytestmark = pytest.mark.anyio
LEGACY = 2516942161212568046


async def speak(service: Service, database: str) -> str:
    """A call on record in which something was said, with a gap; gives its id."""
    call = await keep(service.ports, a_call())
    async with transcript_server(database) as archive:
        archive.put(WriteStream(call.id, Stream("t1", "sub", "en-US", None, 1, 1_700_000_000_000, LEGACY)))
        for at, text in enumerate(["Good morning.", "How are you?"]):
            offset = LEGACY + at * 70_000_000
            segment = Segment(
                f"s{at}", "t1", "4:+442079460123", text, offset, None, 0.9, "en-US", (), None, 5
            )
            archive.put(WriteSegment(call.id, segment))
        await archive.drained()
    async with service.ports.store.transaction() as tx:
        gap = Gap("g1", GapCause.SOCKET_DROPPED, 1_700_000_031_000, 1_700_000_040_000)
        await tx.save_gap(call.id, gap)
    return call.id


async def test_a_transcript_as_json(service: Service, reader: httpx.AsyncClient, database: str) -> None:
    """is the default; offsets beyond what a double holds are exact, as strings."""
    call_id = await speak(service, database)
    answer = await reader.get(f"/v1/calls/{call_id}/transcript")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    transcript = answer.json()
    assert [one["text"] for one in transcript["segments"]] == ["Good morning.", "How are you?"]
    assert transcript["segments"][0]["offset"] == str(LEGACY)
    assert transcript["segments"][1]["startMs"] == 7_000
    assert transcript["gaps"][0]["cause"] == "socket-dropped"
    assert transcript["lastChange"] == 3


@pytest.mark.parametrize(("query", "accept"), [("?format=txt", "application/json"), ("", "text/plain")])
async def test_a_transcript_as_text(
    service: Service, reader: httpx.AsyncClient, database: str, query: str, accept: str
) -> None:
    """is given where `format` or else `Accept` asks for it."""
    call_id = await speak(service, database)
    answer = await reader.get(f"/v1/calls/{call_id}/transcript{query}", headers={"Accept": accept})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.text == (
        "[00:00] +442079460123: Good morning.\n"
        "[00:07] +442079460123: How are you?\n"
        "[00:31–00:40] (gap: socket-dropped)\n"
    )


async def test_a_call_by_its_connection_id(service: Service, reader: httpx.AsyncClient) -> None:
    """has the same transcript."""
    call = await keep(service.ports, a_call())
    answer = await reader.get(f"/v1/calls/{call.call_connection_id}/transcript")
    assert answer.json()["callId"] == call.id


@pytest.mark.parametrize(
    ("query", "accept"),
    [("?format=docx", "*/*"), ("?format=", "*/*"), ("?format=JSON", "*/*"), ("", "text/html")],
)
async def test_a_form_that_is_not_offered(
    service: Service, reader: httpx.AsyncClient, query: str, accept: str
) -> None:
    """is 406, and the problem names those that are."""
    call = await keep(service.ports, a_call())
    answer = await reader.get(f"/v1/calls/{call.id}/transcript{query}", headers={"Accept": accept})
    assert assert_problem(answer, 406, "not-acceptable")["detail"] == "offered are json, txt"


async def test_no_call(reader: httpx.AsyncClient) -> None:
    """has no transcript."""
    assert_problem(await reader.get("/v1/calls/call_none/transcript"), 404, "call-not-found")
