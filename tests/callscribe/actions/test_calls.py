"""Calls that somebody orders, and what is asked of those that are there."""

from typing import Any

import pytest
from msgspec.structs import replace

from callscribe.actions import transcription
from callscribe.actions.calls import CallOrder, add_participant, hang_up, place, remove_participant
from callscribe.domain.call import Announce, Call, CallState, Direction, StartMode
from callscribe.domain.errors import (
    AcsError,
    AcsNoAnswer,
    AcsThrottled,
    CallEnded,
    CallNotConnected,
    CallNotFound,
    CallSetUpElsewhere,
    InvalidRequest,
    LocaleWithoutRegion,
    ParticipantInvalid,
    acs_http_error,
)
from tests.callscribe.actions.bench import Bench

pytestmark = pytest.mark.anyio

NUMBER = "+14255550123"
CALLER_ID = "+14255550100"


async def placed(bench: Bench, **facts: Any) -> Call:
    return await place(
        bench.ports, CallOrder(**({"targets": (NUMBER,), "source_caller_id": CALLER_ID} | facts))
    )


async def connected(bench: Bench, **facts: Any) -> Call:
    return await bench.reaches(await placed(bench, **facts), CallState.CONNECTED, "CallConnected")


def body(bench: Bench, operation: str) -> Any:
    (entry,) = [
        one for one in bench.emulator.journal.entries(("request",)) if one.data["operation"] == operation
    ]
    return entry.data["body"]


async def test_a_phone_call_is_transcribed_from_its_setup_on(bench: Bench) -> None:
    """Starting later would lose the first seconds."""
    call = await connected(bench, external_id="e1", metadata={"a": "b"}, locale="de-de", model="m1")
    asked = body(bench, "createCall")
    assert asked["transcriptionOptions"]["startTranscription"] is True
    assert asked["transcriptionOptions"]["locale"] == "de-DE"
    assert asked["transcriptionOptions"]["transportUrl"].endswith(f"/transcripts/{call.key}")
    assert asked["callbackUri"].endswith(f"/azure/callbacks/{call.key}")
    assert (call.external_id, call.metadata) == ("e1", {"a": "b"})


@pytest.mark.parametrize(
    "facts",
    [
        {"targets": ("8:acs:alone",)},
        {"announce": Announce(text="This call is transcribed.")},
        {"mode": StartMode.MANUAL},
    ],
    ids=["1:1 with an ACS user", "announced", "manual"],
)
async def test_the_options_are_sent_even_when_nothing_is_to_start_yet(bench: Bench, facts: Any) -> None:
    """Without them ACS could not start transcription later (8522)."""
    await placed(bench, **facts)
    asked = body(bench, "createCall")
    assert asked["transcriptionOptions"]["startTranscription"] is False
    assert asked["callIntelligenceOptions"]["cognitiveServicesEndpoint"]


async def test_a_1_to_1_call_with_an_acs_user_starts_once_connected(bench: Bench) -> None:
    """ACS refuses the start at setup there."""
    await connected(bench, targets=("8:acs:alone",))
    await bench.work()
    assert bench.asked() == ["createCall", "startTranscription"]


async def test_agents_are_invited_once_connected(bench: Bench) -> None:
    """With the number of the call as their caller's."""
    await connected(bench, agents=("8:acs:agent", "+14255550177"))
    await bench.work()
    assert bench.asked() == ["createCall", "addParticipant", "addParticipant"]


@pytest.mark.parametrize(
    "locator",
    [
        {"room_id": "r1"},
        {"group_call_id": "9b6b3c3e-4f4d-4c36-9a3c-8a6a1c1d3e5f"},
        {"server_call_id": "c2Vy"},
    ],
)
async def test_a_room_a_group_or_a_server_call_is_joined(bench: Bench, locator: dict[str, str]) -> None:
    """By its locator, with transcription from the start."""
    call = await place(bench.ports, CallOrder(**locator))
    assert call.direction is Direction.JOINED
    assert body(bench, "connect")["transcriptionOptions"]["startTranscription"] is True


async def test_an_announced_call_waits_for_somebody_else_to_set_it_up(bench: Bench) -> None:
    """ACS is asked for nothing; start mode is manual unless said otherwise."""
    call = await place(bench.ports, CallOrder(expect=True, correlation_id="c1"))
    assert (call.state, call.transcription.mode) == (CallState.EXPECTED, StartMode.MANUAL)
    assert bench.asked() == []
    assert (await hang_up(bench.ports, call.id, True)).state is CallState.DISCONNECTED


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (CallOrder(), InvalidRequest),
        (CallOrder(targets=(NUMBER,), expect=True), InvalidRequest),
        (CallOrder(room_id="r", server_call_id="s"), InvalidRequest),
        (CallOrder(targets=("12345",)), ParticipantInvalid),
        (CallOrder(targets=(NUMBER,), source_caller_id="nobody"), ParticipantInvalid),
        (CallOrder(targets=(NUMBER,), agents=("x",)), ParticipantInvalid),
        (CallOrder(targets=(NUMBER,), source_caller_id=CALLER_ID, locale="de"), LocaleWithoutRegion),
    ],
)
async def test_an_order_that_cannot_be_meant_changes_nothing(
    bench: Bench, order: CallOrder, error: type[Exception]
) -> None:
    """No call on the record, no request to ACS."""
    with pytest.raises(error):
        await place(bench.ports, order)
    with pytest.raises(ValueError, match="not enough"):
        await bench.only_call()
    assert bench.asked() == []


async def test_a_call_that_acs_refuses_is_kept_as_failed(bench: Bench) -> None:
    """Whoever ordered it is told at once; the record says why."""
    bench.emulator.faults.add({"kind": "http", "operation": "createCall", "status": 429, "retryAfter": 9})
    with pytest.raises(AcsThrottled) as refused:
        await placed(bench)
    assert refused.value.retry_after == 9
    call = await bench.only_call()
    assert (call.state, call.failure.code if call.failure else "") == (CallState.FAILED, "acs-throttled")


async def test_participants_are_added_and_removed_while_connected(bench: Bench) -> None:
    """Before, it is a conflict; the numbers are checked first."""
    call = await placed(bench)
    with pytest.raises(CallNotConnected):
        await add_participant(bench.ports, call.id, "8:acs:agent", None, None)
    await bench.reaches(call, CallState.CONNECTED, "CallConnected")
    with pytest.raises(ParticipantInvalid):
        await add_participant(bench.ports, call.id, "agent", None, None)
    await add_participant(bench.ports, call.id, "+14255550177", CALLER_ID, "ctx")
    await bench.told("AddParticipantSucceeded", call)
    await remove_participant(bench.ports, call.id, "+14255550177", None)
    assert bench.asked()[1:] == ["addParticipant", "removeParticipant"]
    with pytest.raises(CallNotFound):
        await remove_participant(bench.ports, "call_nobody", "8:acs:agent", None)


@pytest.mark.parametrize(("for_everyone", "operation"), [(True, "terminateCall"), (False, "hangUpCall")])
async def test_hanging_up(bench: Bench, for_everyone: bool, operation: str) -> None:
    """For everyone by default; the end is ACS's to tell; twice is once."""
    call = await connected(bench)
    ending = await hang_up(bench.ports, call.id, for_everyone)
    assert ending.state is CallState.DISCONNECTING
    await hang_up(bench.ports, call.id, for_everyone)
    assert bench.asked().count(operation) == 1
    await bench.reaches(call, CallState.DISCONNECTED, "CallDisconnected")


async def test_an_ended_call_says_so(bench: Bench) -> None:
    """Waiting does not help: the conflict is another than before the call is connected."""
    call = await connected(bench)
    await hang_up(bench.ports, call.id, True)
    for _ in range(2):
        with pytest.raises(CallEnded):
            await add_participant(bench.ports, call.id, "8:acs:agent", None, None)
        if (await bench.call(call.id)).state is CallState.DISCONNECTING:
            await bench.reaches(call, CallState.DISCONNECTED, "CallDisconnected")


async def test_a_call_that_another_system_steers_is_left_to_it(bench: Bench) -> None:
    """Its parties and its end are not ours to decide."""
    call = await connected(bench)
    theirs = call.call_connection_id or ""
    async with bench.ports.store.transaction() as tx:
        await tx.save_call(replace(call, call_connection_id="forgotten"))
    await transcription.stop(bench.ports, theirs, None)
    with pytest.raises(CallSetUpElsewhere):
        await hang_up(bench.ports, theirs, True)
    with pytest.raises(CallSetUpElsewhere):
        await add_participant(bench.ports, theirs, "8:acs:agent", None, None)
    assert "terminateCall" not in bench.asked()


async def test_ordering_again_under_the_same_name_gives_the_same_call(bench: Bench) -> None:
    """Also when ACS never answered: the person is rung once, and the call is found by its name."""
    bench.emulator.faults.add(
        {"kind": "http", "operation": "createCall", "status": 500, "applied": True, "times": 9}
    )
    order = CallOrder(targets=(NUMBER,), source_caller_id=CALLER_ID)
    with pytest.raises(AcsError):
        await place(bench.ports, order, "mine")
    again = await place(bench.ports, order, "mine")
    other = bench.ports.ids.new("x")
    assert again.id == (await bench.only_call()).id
    assert other != again.id


async def test_a_call_that_acs_did_not_answer_about_is_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays connecting, and the worker finds out under the same request id what ACS did."""
    real = bench.ports.acs.carry_out

    async def no_answer(*_: Any) -> Any:
        raise acs_http_error(None, None, "no answer")

    monkeypatch.setattr(bench.ports.acs, "carry_out", no_answer)
    with pytest.raises(AcsNoAnswer):
        await placed(bench)
    assert (await bench.only_call()).state is CallState.CONNECTING
    monkeypatch.setattr(bench.ports.acs, "carry_out", real)
    bench.clock.shift += 1000
    await bench.work()
    await bench.reaches(await bench.only_call(), CallState.CONNECTED, "CallConnected")


async def test_a_phone_is_called_only_under_a_number(bench: Bench) -> None:
    """Said before ACS is asked, with the place that lacks it."""
    with pytest.raises(InvalidRequest) as refused:
        await placed(bench, source_caller_id=None)
    assert refused.value.errors[0].pointer == "/sourceCallerId"
    call = await connected(bench, targets=("8:acs:one", "8:acs:two"), source_caller_id=None)
    with pytest.raises(InvalidRequest):
        await add_participant(bench.ports, call.id, NUMBER, None, None)


async def test_who_was_invited_is_not_answered_when_they_ring_here(bench: Bench) -> None:
    """An agent on our own resource rings at our own door."""
    call = await connected(bench)
    await add_participant(bench.ports, call.id, "8:acs:agent", None, None)
    event = await bench.ring(**{"from": "8:acs:app", "to": "8:acs:agent"})
    await bench.inbox.event_grid([event])
    await bench.work()
    assert "answerCall" not in bench.asked()


async def test_an_announcement_that_acs_never_tells_of_is_given_up(bench: Bench) -> None:
    """After three minutes transcription starts without it."""
    call = await connected(bench, announce=Announce(text="This call is transcribed."))
    await bench.work()
    assert bench.asked() == ["createCall", "play"]
    bench.clock.shift += bench.ports.config.announce_timeout_ms + 1
    await bench.work()
    await bench.work()
    asked = [operation for operation in bench.asked() if operation != "getCall"]
    assert asked == ["createCall", "play", "startTranscription"]
    assert (await bench.call(call.id)).transcription.operation is not None
