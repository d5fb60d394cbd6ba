"""What Azure posts is stored, and acts on its call once."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from callscribe.actions.inbox import Aside, Inbox
from callscribe.domain.call import CallState, Direction, TranscriptionState
from callscribe.domain.changes import RINGS_TOPIC
from callscribe.domain.errors import CallNotFound, StoreUnavailable
from callscribe.domain.events import Envelope
from callscribe.ports import CallFilter
from tests.callscribe.actions.bench import Bench, open_bench

pytestmark = pytest.mark.anyio


async def calls(bench: Bench) -> list[Any]:
    listed, _ = await bench.ports.store.calls(CallFilter(), 100, None)
    return [stored.call for stored in listed]


async def test_an_incoming_call_is_answered_once_however_often_it_is_delivered(bench: Bench) -> None:
    """By event id; and by correlation id with the called party, when it comes as another event."""
    event = await bench.ring()
    other = replace(event, id="another-event")
    await bench.inbox.event_grid([event, event])
    await bench.inbox.event_grid([other])
    await bench.work()
    assert bench.asked() == ["answerCall"]
    call = await bench.only_call()
    assert (call.direction, call.state) == (Direction.INCOMING, CallState.CONNECTING)
    assert call.transcription.state is TranscriptionState.STARTING
    connected = await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    assert connected.call_connection_id == call.call_connection_id


async def test_an_answer_that_nobody_carried_out_is_retaken(bench: Bench) -> None:
    """A worker that dies with the job leaves it to the next after three seconds."""
    await bench.inbox.event_grid([await bench.ring()])
    (taken,) = await bench.ports.store.claim_jobs("a worker that dies", 3000, 1)
    await bench.work()
    assert bench.asked() == []
    bench.clock.shift += 3001
    (again,) = await bench.ports.store.claim_jobs("the next", 3000, 1)
    assert again.id == taken.id


async def test_a_call_that_rang_out_is_missed(bench: Bench) -> None:
    """Thirty seconds after its time it cannot be answered any more, and ACS is not asked."""
    event = await bench.ring()
    await bench.inbox.event_grid([event])
    bench.clock.shift += 31_000
    await bench.work()
    assert bench.asked() == []
    assert (await bench.only_call()).state is CallState.MISSED


async def test_a_call_that_comes_too_late_is_missed_at_once(bench: Bench) -> None:
    """Its record says so, and nothing is left to do."""
    event = await bench.ring()
    bench.clock.shift += 31_000
    await bench.inbox.event_grid([event])
    assert (await bench.only_call()).state is CallState.MISSED
    assert await bench.ports.store.claim_jobs("w", 1, 10) == ()


async def test_a_ring_that_ends_while_the_answer_waits(bench: Bench) -> None:
    """The job told of the ring's end comes due by itself."""
    await bench.inbox.event_grid([await bench.ring()])
    bench.emulator.faults.add({"kind": "http", "operation": "answerCall", "status": 429, "retryAfter": 60})
    await bench.work()
    assert (await bench.only_call()).state is CallState.FAILED


async def test_the_caller_is_known_by_name(bench: Bench) -> None:
    """What Event Grid says of the caller is on the call before ACS lists anybody."""
    await bench.inbox.event_grid([await bench.ring(displayName="Ada")])
    call = await bench.only_call()
    assert [one.display_name for one in call.participants] == ["Ada"]


@pytest.mark.parametrize(
    ("policy", "asked", "state"),
    [
        ('[{"to": "*", "action": "reject", "reason": "busy"}]', "rejectCall", CallState.REJECTED),
        (
            '[{"to": "*", "action": "redirect", "target": "8:acs:desk"}]',
            "redirectCall",
            CallState.REDIRECTED,
        ),
    ],
)
async def test_the_policy_turns_a_call_away(
    tmp_path: Path, policy: str, asked: str, state: CallState
) -> None:
    """Once, and the call ends as turned away."""
    async with open_bench(tmp_path, policy) as bench:
        await bench.inbox.event_grid([await bench.ring()])
        await bench.work()
        assert bench.asked() == [asked]
        assert (await bench.only_call()).state is state


async def test_an_unlisted_party_leaves_no_call(tmp_path: Path) -> None:
    """The event is on the record with its reason."""
    async with open_bench(tmp_path, "[]") as bench:
        await bench.inbox.event_grid([await bench.ring()])
        assert await calls(bench) == []


async def test_our_own_outbound_legs_are_left_alone(bench: Bench) -> None:
    """A call from a number of ours is the other end of a call that we placed."""
    await bench.inbox.event_grid([await bench.ring(**{"from": "+15557770000"})])
    assert await calls(bench) == []


async def test_a_bad_item_is_kept_aside_and_the_good_ones_act(bench: Bench) -> None:
    """Nothing that was accepted is lost by it."""
    event = await bench.ring()
    malformed = replace(event, id="bad", data={"to": 1})
    await bench.inbox.event_grid([Aside("no envelope", b"\xff{"), malformed, event])
    await bench.inbox.event_grid([Envelope("e", "Microsoft.Storage.BlobCreated", "s", "x", 1, {"a": 1})])
    assert len(await calls(bench)) == 1


async def test_callbacks_need_a_key_that_was_given_out(bench: Bench) -> None:
    """Anything else is no call of ours."""
    event = Envelope("e", "Microsoft.Communication.CallConnected", "s", "s", 1, {})
    with pytest.raises(CallNotFound):
        await bench.inbox.callbacks("a-key-nobody-has", [event])
    with pytest.raises(CallNotFound):
        await bench.inbox.callbacks("a-key-nobody-has", [])


async def test_doubled_late_and_foreign_callbacks_are_harmless(bench: Bench) -> None:
    """Each is on the timeline once; only ours act."""
    await bench.inbox.event_grid([await bench.ring()])
    await bench.work()
    call = await bench.told("CallConnected", await bench.only_call())
    data = {"callConnectionId": call.call_connection_id, "resultInformation": {"code": 200, "subCode": 0}}
    over = Envelope("over", "Microsoft.Communication.CallDisconnected", "s", "s", bench.clock.now(), data)
    foreign = replace(over, id="foreign", data=data | {"callConnectionId": "somebody-elses"})
    unknown = replace(over, id="new", type="Microsoft.Communication.SomethingNew")
    await bench.inbox.callbacks(call.key, [foreign, unknown, Aside("no JSON", b"x"), replace(over, data={})])
    assert (await bench.call(call.id)).state is CallState.CONNECTED
    await bench.inbox.callbacks(call.key, [over, over])
    assert (await bench.call(call.id)).state is CallState.DISCONNECTED
    events, _ = await bench.ports.store.events(call.id, 100, None)
    ours = [event.type for event in events if event.type.endswith("CallDisconnected")]
    assert len(ours) == 3
    assert [event.note for event in events if event.note and "another call" in event.note]


async def test_an_event_id_counts_once_whatever_it_says(bench: Bench) -> None:
    """One event id is one event."""
    event = await bench.ring()
    await bench.inbox.event_grid([event])
    event.data.pop("serverCallId")
    twisted = replace(event, data=event.data | {"correlationId": "another"})
    await bench.inbox.event_grid([twisted])
    assert len(await calls(bench)) == 1


class Away:
    """Takes the store away, and gives it back."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.back = asyncio.Event()
        self.asked = asyncio.Event()
        """Set when it was asked for and not there."""
        real = bench.ports.store.transaction

        def transaction() -> Any:
            if not self.back.is_set():
                self.asked.set()
                raise StoreUnavailable("taken away by a test")
            return real()

        monkeypatch.setattr(bench.ports.store, "transaction", transaction)


async def test_held_callbacks_of_nobodys_key_are_dropped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a key was given out cannot be known while the store is away; what follows is not held up."""
    event = Envelope("e", "Microsoft.Communication.CallConnected", "s", "s", 1, {})
    incoming = await bench.ring()
    away = Away(bench, monkeypatch)
    await bench.inbox.callbacks("a-key-nobody-has", [event])
    await bench.inbox.event_grid([incoming])
    away.asked.clear()
    running = asyncio.create_task(bench.inbox.run())
    async with asyncio.timeout(10), bench.ports.bus.subscribe(RINGS_TOPIC) as rings:
        await away.asked.wait()
        away.back.set()
        await anext(rings)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await calls(bench)) == 1


async def test_events_are_held_while_the_store_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held in memory up to the bound, refused beyond it, and stored in order when the store is back."""
    events = [await bench.ring(to=f"+1425555010{last}") for last in range(4)]
    away = Away(bench, monkeypatch)
    await bench.inbox.event_grid(events[:3])
    assert bench.inbox.held == 3
    with pytest.raises(StoreUnavailable):
        await bench.inbox.event_grid(events[3:])
    running = asyncio.create_task(bench.inbox.run())
    async with asyncio.timeout(10), bench.ports.bus.subscribe(RINGS_TOPIC) as rings:
        away.back.set()
        for _ in range(3):
            await anext(rings)
    await bench.inbox.event_grid(events[3:])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sorted(call.to[0] for call in await calls(bench)) == [f"4:+1425555010{last}" for last in range(4)]


async def test_a_defect_met_in_a_held_event_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one is dropped and told in the log; the next is stored."""
    first, second = await bench.ring(to="+14255550101"), await bench.ring(to="+14255550102")
    away = Away(bench, monkeypatch)
    await bench.inbox.event_grid([first, second])
    real = bench.ports.config.policy.rule_for

    def rule_for(_: object, called: str) -> Any:
        if called.endswith("101"):
            raise ZeroDivisionError("a defect made by a test")
        return real(called)

    monkeypatch.setattr(type(bench.ports.config.policy), "rule_for", rule_for)
    running = asyncio.create_task(bench.inbox.run())
    async with asyncio.timeout(10), bench.ports.bus.subscribe(RINGS_TOPIC) as rings:
        away.back.set()
        await anext(rings)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [call.to[0] for call in await calls(bench)] == ["4:+14255550102"]


async def test_an_event_at_a_wrong_address_does_not_take_the_right_one_away(bench: Bench) -> None:
    """Kept and noted there, and acted on where it belongs."""
    await bench.inbox.event_grid([await bench.ring()])
    await bench.work()
    call = await bench.told("CallConnected", await bench.only_call())
    await bench.inbox.event_grid([await bench.ring(to="+14255550188")])
    await bench.work()
    (other,) = [one for one in await calls(bench) if one.id != call.id]
    other = await bench.told("CallConnected", other)
    data = {"callConnectionId": call.call_connection_id, "resultInformation": {"code": 200, "subCode": 0}}
    over = Envelope("over", "Microsoft.Communication.CallDisconnected", "s", "s", bench.clock.now(), data)
    await bench.inbox.callbacks(other.key, [over])
    await bench.inbox.callbacks(call.key, [over])
    assert (await bench.call(call.id)).state is CallState.DISCONNECTED
    assert (await bench.call(other.id)).state is CallState.CONNECTED


async def test_calls_take_the_ai_resource_that_bears_one_more(bench: Bench) -> None:
    """The first until it refuses; then the other, and where all refuse the answer starts nothing yet."""
    config = dataclasses.replace(
        bench.ports.config, ai_endpoints=("https://one.example", "https://two.example")
    )
    inbox = Inbox(dataclasses.replace(bench.ports, config=config))
    used, started = [], []
    for refused in (None, "https://one.example", "https://two.example"):
        if refused:
            bench.ports.quota.refused(refused, bench.clock.now(), 60_000)
        await inbox.event_grid([await bench.ring()])
        begin = bench.mark()
        await bench.work()
        (answer, *_) = await bench.emulator.journal.wait(
            "request", after=begin, where=lambda one: one.data["operation"] == "answerCall", within=10
        )
        body: Any = answer.data["body"]
        used.append(body["callIntelligenceOptions"]["cognitiveServicesEndpoint"])
        started.append(body["transcriptionOptions"]["startTranscription"])
    assert used[:2] == ["https://one.example", "https://two.example"]
    assert started == [True, True, False]
