"""Start, update-locale and stop, from the request to ACS's event."""

import asyncio
import dataclasses

import pytest
from msgspec.structs import replace

from callscribe.actions import transcription
from callscribe.actions.calls import CallOrder, place
from callscribe.domain.call import Call, CallState, Direction, StartMode, TranscriptionState
from callscribe.domain.changes import ChangeKind
from callscribe.domain.errors import (
    AcsUnauthorized,
    CallEnded,
    CallNotConnected,
    CallNotFound,
    LocaleIsAVoice,
    OperationInFlight,
    TranscriptNotOurs,
    acs_http_error,
)
from callscribe.domain.events import Envelope
from callscribe.ports import AcsCall
from tests.callscribe.actions.bench import Bench

pytestmark = pytest.mark.anyio


async def connected(bench: Bench, mode: StartMode = StartMode.MANUAL) -> Call:
    order = CallOrder(targets=("+14255550123",), source_caller_id="+14255550100", mode=mode)
    return await bench.reaches(await place(bench.ports, order), CallState.CONNECTED, "CallConnected")


async def test_a_start_runs_until_acs_tells_how_it_ended(bench: Bench) -> None:
    """Nobody listens at the address that ACS is told here, so it fails, typed."""
    call = await connected(bench)
    started = await transcription.start(bench.ports, call.id, "en-gb", None, "ctx")
    assert (started.state, started.operation.locale) == ("running", "en-GB")
    waiting = asyncio.create_task(transcription.wait(bench.ports, started.operation.id, 20))
    call = await bench.told("TranscriptionFailed", call)
    ended = await waiting
    assert (ended.state, ended.failure.sub_code if ended.failure else 0) == ("failed", 8581)
    assert call.transcription.state is TranscriptionState.FAILED


async def test_a_second_operation_is_refused_while_one_runs(bench: Bench) -> None:
    """One in flight per call."""
    call = await connected(bench)
    await transcription.start(bench.ports, call.id, None, None, None)
    with pytest.raises(OperationInFlight):
        await transcription.stop(bench.ports, call.id, None)


async def test_what_is_so_already_has_succeeded(bench: Bench) -> None:
    """A stop of what does not run, and waiting for it, end at once."""
    call = await connected(bench)
    stopped = await transcription.stop(bench.ports, call.id, None)
    assert stopped.state == "succeeded"
    assert await transcription.wait(bench.ports, stopped.operation.id, 5) == stopped
    assert bench.asked() == ["createCall"]


async def test_waiting_gives_up_when_the_time_is_over(bench: Bench) -> None:
    """The operation goes on running."""
    call = await connected(bench)
    started = await transcription.start(bench.ports, call.id, None, None, None)
    waited = await transcription.wait(bench.ports, started.operation.id, 0.05)
    assert waited.state == "running"


async def test_acs_refusing_at_once_ends_the_operation(bench: Bench) -> None:
    """The typed problem goes to whoever asked, and onto the record."""
    call = await connected(bench)
    bench.emulator.faults.add({"kind": "http", "operation": "startTranscription", "status": 401})
    with pytest.raises(AcsUnauthorized):
        await transcription.start(bench.ports, call.id, None, None, None)
    kept = (await bench.call(call.id)).transcription
    assert (kept.operation, kept.failure.code if kept.failure else "") == (None, "acs-unauthorized")


async def test_an_operation_that_acs_never_ends_is_given_up(bench: Bench) -> None:
    """The worker ends it when its time is over."""
    call = await connected(bench)
    started = await transcription.start(bench.ports, call.id, None, None, None)
    bench.clock.shift += 61_000
    await bench.work()
    ended = await transcription.wait(bench.ports, started.operation.id, 1)
    assert ended.failure is not None
    assert ended.failure.code == "operation-timed-out"


async def test_a_locale_is_checked_before_acs_is_asked(bench: Bench) -> None:
    """A voice is no locale."""
    call = await connected(bench)
    with pytest.raises(LocaleIsAVoice):
        await transcription.update_locale(bench.ports, call.id, "en-US-NancyNeural", None, None)
    assert bench.asked() == ["createCall"]


async def test_a_call_of_others_is_looked_up_and_kept(bench: Bench) -> None:
    """The second request finds it on our record."""
    call = await connected(bench)
    # The same call seen through other eyes: its record is taken away by giving it another id at ACS.
    theirs = call.call_connection_id
    assert theirs is not None
    async with bench.ports.store.transaction() as tx:
        await tx.save_call(replace(call, call_connection_id="forgotten"))
    stopped = await transcription.stop(bench.ports, theirs, None)
    assert (stopped.state, stopped.note) == ("succeeded", transcription.FOREIGN_NOTE)
    adopted = await bench.ports.store.call(theirs)
    assert adopted is not None
    assert adopted.call.direction is Direction.FOREIGN
    await transcription.stop(bench.ports, theirs, None)
    assert bench.asked() == ["createCall", "getCall"]


@pytest.mark.parametrize("call_id", ["call_nobody", "57006580-5889-40e6-9fec-e3cdf8488ffd"])
async def test_a_call_that_nobody_knows(bench: Bench, call_id: str) -> None:
    """Neither we nor ACS."""
    with pytest.raises(CallNotFound):
        await transcription.start(bench.ports, call_id, None, None, None)


async def test_a_call_of_others_without_transcription_is_not_ours_to_start(bench: Bench) -> None:
    """The problem names the two ways in; nothing is put on the record."""
    order = CallOrder(targets=("+14255550123",), source_caller_id="+14255550100", mode=StartMode.MANUAL)
    call = await bench.reaches(await place(bench.ports, order), CallState.CONNECTED, "CallConnected")
    found = await bench.ports.acs.look_up(call.call_connection_id or "")
    answer = replace(found, call_connection_id="57006580-5889-40e6-9fec-e3cdf8488ffd", transcription=None)

    class Elsewhere:
        async def look_up(self, call_connection_id: str) -> AcsCall:
            return answer

    ports = dataclasses.replace(bench.ports, acs=Elsewhere())  # type: ignore[arg-type]
    with pytest.raises(TranscriptNotOurs):
        await transcription.start(ports, answer.call_connection_id, None, None, None)
    assert await bench.ports.store.call(answer.call_connection_id) is None


async def test_two_requests_at_once_put_a_call_of_others_on_the_record_once(bench: Bench) -> None:
    """Both look it up; one record serves both."""
    call = await connected(bench)
    theirs = call.call_connection_id
    assert theirs is not None
    async with bench.ports.store.transaction() as tx:
        await tx.save_call(replace(call, call_connection_id="forgotten"))
    both = await asyncio.gather(*(transcription.stop(bench.ports, theirs, None) for _ in range(2)))
    assert both[0].call_id == both[1].call_id


async def test_a_locale_change_by_stop_and_start_shows_its_gap(bench: Bench) -> None:
    """ACS refuses updates on a joined call; the gap is a change that readers see."""
    call = await place(bench.ports, CallOrder(room_id="r1"))
    call = await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    running = replace(
        call.transcription, state=TranscriptionState.ACTIVE, operation=None, event_seen=True, packet_seen=True
    )
    async with bench.ports.store.transaction() as tx:
        await tx.save_call(replace(call, transcription=running))
    await transcription.update_locale(bench.ports, call.id, "de-DE", None, None)
    stopped = {
        "callConnectionId": call.call_connection_id,
        "transcriptionUpdate": {"transcriptionStatus": "x"},
    }
    event = Envelope(
        "e1", "Microsoft.Communication.TranscriptionStopped", "s", "s", bench.clock.now(), stopped
    )
    await bench.inbox.callbacks(call.key, [event])
    kinds = [change.kind for change in await bench.ports.store.tail(call.id, 0, 100)]
    assert ChangeKind.GAP in kinds
    kept = await bench.ports.store.transcript(call.id)
    assert kept is not None
    assert [gap.ended_at for gap in kept.gaps] == [None]


class Abroad:
    """ACS's word about a call of others, as a test wants it."""

    def __init__(self, state: str) -> None:
        self.state: str | None = state

    async def look_up(self, call_connection_id: str) -> AcsCall:
        if self.state is None:
            raise acs_http_error(404, "8522", "Call not found.")
        return AcsCall(call_connection_id, "srv", "cor", self.state, transcription="inactive")

    async def carry_out(self, *_: object) -> None:
        return None


async def test_a_call_of_others_is_asked_about_until_it_is_connected(bench: Bench) -> None:
    """Its events go to others: its state is ACS's answer at each request."""
    theirs = "57006580-5889-40e6-9fec-e3cdf8488ffd"
    abroad = Abroad("connecting")
    ports = dataclasses.replace(bench.ports, acs=abroad)  # type: ignore[arg-type]
    with pytest.raises(CallNotConnected):
        await transcription.start(ports, theirs, None, None, None)
    abroad.state = "connected"
    started = await transcription.start(ports, theirs, None, None, None)
    assert started.state == "running"
    stored = await ports.store.call(theirs)
    assert stored is not None
    async with ports.store.transaction() as tx:
        await tx.save_call(replace(stored.call, state=CallState.CONNECTING))
    abroad.state = None
    with pytest.raises(CallEnded):
        await transcription.stop(ports, theirs, None)
