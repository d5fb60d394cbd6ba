"""Transcription comes back by itself: what is started again, when, how often, and what the state says meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callscribe.domain import events
from callscribe.domain.call import (
    AT_ACS,
    ENDED,
    Call,
    CallState,
    Direction,
    Fresh,
    GapCause,
    GaveUp,
    Operation,
    OperationKind,
    Room,
    Rules,
    StartMode,
    Step,
    Transcription,
    TranscriptionState,
    WaitsFor,
    advance,
    request_hang_up,
    request_start,
    request_stop,
    request_update_locale,
)
from callscribe.domain.commands import StartTranscription, StopTranscription
from callscribe.domain.errors import CallConflict, acs_http_error, describe
from callscribe.domain.observations import (
    CommandFailed,
    OperationOverdue,
    PacketsBegan,
    RetryDue,
    SocketClosed,
    SocketOpened,
    SocketsLost,
)
from callscribe.domain.results import Result
from tests.callscribe.domain.call.conftest import Life, call, event

RULES = Rules(
    first_ms=1000, longest_ms=8000, attempts=3, within_ms=100_000, restart_ms=3000, reconnect_ms=5000
)
START = Operation(id="op_start", kind=OperationKind.START, at=900)
STOP = Operation(id="op_stop", kind=OperationKind.STOP, at=4000)
THROTTLED = describe(acs_http_error(429, None, "Slow down", 7))
CLOSED = SocketClosed(at=10_000, socket_id="s1", code=1006, remaining=0)


def started(at: int) -> Any:
    return event(events.TranscriptionStarted, at, status="transcriptionStarted")


def stopped(at: int) -> Any:
    return event(events.TranscriptionStopped, at, status="transcriptionStopped")


def failed(code: int, sub_code: int, at: int = 2000, message: str = "Action failed") -> Any:
    return event(events.TranscriptionFailed, at, result=Result(code, sub_code, message))


def packets(at: int, socket: str = "s1") -> PacketsBegan:
    return PacketsBegan(at=at, socket_id=socket, stream_id="x", locale="en-US")


def interrupted(at: int) -> Any:
    return event(events.TranscriptionUpdated, at, status_details="streamConnectionInterrupted")


class Tended(Life):
    """A call that is looked after by `RULES`."""

    room = Room()

    def tell(self, *told: Any) -> "Tended":
        for one in told:
            self.steps += 1
            now = one.time if hasattr(one, "time") else one.at
            self.take(advance(self.call, one, Fresh(now, str(self.steps), RULES, self.room)))
        return self

    @property
    def plan(self) -> Any:
        return self.call.transcription.recovery

    def retry(self) -> "Tended":
        """The planned time comes."""
        return self.tell(RetryDue(at=self.plan.next_at))


@pytest.fixture
def connected() -> Callable[..., Tended]:
    def make(**facts: Any) -> Tended:
        manual = Transcription(locale="en-US", mode=StartMode.MANUAL)
        return Tended(
            call(**({"state": CallState.CONNECTED, "connected_at": 1, "transcription": manual} | facts))
        )

    return make


@pytest.fixture
def active(connected: Callable[..., Tended]) -> Callable[..., Any]:
    return lambda **facts: connected(**facts).ask(request_start, START).tell(started(1100), packets(1200))


class TestFailures:
    @pytest.mark.parametrize(
        ("code", "sub_code", "message", "waits_for"),
        [
            (500, 8578, "", WaitsFor.BACK_OFF),
            (500, 8579, "", WaitsFor.BACK_OFF),
            (500, 8580, "", WaitsFor.BACK_OFF),
            (500, 9999, "", WaitsFor.BACK_OFF),
            (400, 8581, "", WaitsFor.BACK_OFF),
            (429, 8565, "", WaitsFor.QUOTA),
            (
                400,
                8565,
                "Action failed due to a request to Cognitive Services timing out. "
                "Try again later or check for any issues with the service.",
                WaitsFor.BACK_OFF,
            ),
        ],
    )
    def test_a_passing_failure_is_followed_by_another_start(
        self, connected: Callable[..., Tended], code: int, sub_code: int, message: str, waits_for: WaitsFor
    ) -> None:
        """After a wait that the call tells; the next start is one more attempt, and its packets end the gap."""
        told = connected().ask(request_start, START).tell(failed(code, sub_code, message=message))
        assert told.call.transcription.state is TranscriptionState.FAILED
        assert told.plan.waits_for is waits_for
        assert 2500 <= told.plan.next_at <= 3000
        told.retry()
        assert told.kinds == ["start-transcription", "start-transcription"]
        assert (told.call.transcription.state, told.call.transcription.attempts) == ("starting", 2)
        assert (told.plan.attempts, told.plan.next_at) == (1, None)
        told.tell(started(3100), packets(3200))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert (told.call.gap, told.call.missing.ms) == (None, 2300)

    @pytest.mark.parametrize(("code", "sub_code"), [(401, 8565), (400, 8523), (405, 8522), (400, 8565)])
    def test_a_failure_that_does_not_pass_waits_for_somebody(
        self, connected: Callable[..., Tended], code: int, sub_code: int
    ) -> None:
        """Nothing is planned; the failure's remedy says what is to be done."""
        told = connected().ask(request_start, START).tell(failed(code, sub_code))
        assert (told.plan.gave_up, told.plan.next_at) == (GaveUp.NOT_RETRYABLE, None)
        assert told.call.transcription.failure.remedy

    def test_back_off_doubles_to_its_longest_and_the_budget_ends(
        self, connected: Callable[..., Tended]
    ) -> None:
        """Three starts by itself, then no more; a start by hand begins a new budget."""
        told = connected().ask(request_start, START).tell(failed(500, 9999))
        waits = []
        for _ in range(3):
            at = told.plan.next_at
            told.retry().tell(failed(500, 9999, at))
            if told.plan.next_at:
                waits.append(told.plan.next_at - at)
        assert 1000 <= waits[0] <= 2000 <= waits[1] <= 4000
        assert (told.plan.gave_up, told.plan.attempts) == (GaveUp.ATTEMPTS_SPENT, 3)
        assert told.kinds.count("start-transcription") == 4
        told.ask(request_start, START)
        assert told.plan is None

    def test_time_is_a_budget_too(self, connected: Callable[..., Tended]) -> None:
        """A wait that would end too late is not begun."""
        told = connected().ask(request_start, START)
        told.tell(
            CommandFailed(
                at=2000,
                command="start-transcription",
                failure=THROTTLED,
                operation_id=START.id,
                retry_after_ms=200_000,
            )
        )
        assert told.plan.gave_up is GaveUp.TIME_SPENT

    def test_retry_after_is_honoured(self, connected: Callable[..., Tended]) -> None:
        """As long as ACS said, where that is longer than our own wait."""
        told = connected().ask(request_start, START)
        refusal = CommandFailed(
            at=2000, command="start-transcription", failure=THROTTLED, operation_id=START.id
        )
        told.tell(replace(refusal, retry_after_ms=7000))
        assert (told.plan.next_at, told.plan.waits_for) == (9000, WaitsFor.RETRY_AFTER)

    def test_an_address_that_never_worked_is_tried_as_long_as_a_restart_takes(
        self, connected: Callable[..., Tended], active: Callable[..., Tended]
    ) -> None:
        """8581 on a call that never had packets; where they came before, the address is right."""
        told = connected().ask(request_start, START).tell(failed(400, 8581))
        told.retry().tell(failed(400, 8581, 5001))
        assert told.plan.gave_up is GaveUp.TIME_SPENT
        known = active().tell(failed(400, 8581)).retry().tell(failed(400, 8581, 5001))
        assert known.plan.gave_up is None

    def test_calls_that_others_set_up_are_theirs(self, connected: Callable[..., Tended]) -> None:
        """Their words go elsewhere, so nobody here knows whether they are missed."""
        told = connected(direction=Direction.FOREIGN).ask(request_start, START).tell(failed(500, 9999))
        assert told.plan is None

    def test_a_failure_of_what_nobody_wanted_is_only_told(self, connected: Callable[..., Tended]) -> None:
        """No start of ours, no gap, no plan."""
        told = connected().tell(failed(500, 9999))
        assert told.call.transcription.state is TranscriptionState.FAILED
        assert (told.plan, told.gaps) == (None, [])

    def test_a_failure_before_the_call_stands(self, connected: Callable[..., Tended]) -> None:
        """ACS dials before anybody answers; the gap begins with the call, and so does the next start."""
        told = connected(state=CallState.CONNECTING, connected_at=None)
        told.call = replace(
            told.call, transcription=Transcription("en-US", operation=START, attempts=1, state="starting")
        )
        told.tell(failed(500, 8578)).retry()
        assert told.plan.waits_for is WaitsFor.CONNECTION
        told.tell(event(events.CallConnected, 6000))
        assert told.kinds == ["start-transcription"]
        assert told.call.gap.started_at == 6000

    def test_a_plan_outlasts_the_connection(self, connected: Callable[..., Tended]) -> None:
        """A wait that began before the call stood goes on after it."""
        told = connected(state=CallState.CONNECTING, connected_at=None)
        told.call = replace(
            told.call, transcription=Transcription("en-US", operation=START, attempts=1, state="starting")
        )
        told.tell(failed(500, 8578), event(events.CallConnected, 2100))
        assert (told.kinds, told.plan.waits_for) == ([], WaitsFor.BACK_OFF)
        assert told.retry().kinds == ["start-transcription"]

    def test_flapping_is_one_trouble_until_it_has_settled(self, active: Callable[..., Tended]) -> None:
        """A short recovery leaves the budget as it is; a long one makes it whole."""
        told = active().tell(failed(500, 8580, 2000)).retry().tell(started(3000), packets(3001, "s2"))
        assert told.plan.settled_at == 3001
        told.tell(failed(500, 8580, 4000))
        assert told.plan.attempts == 1
        told.retry().tell(started(8000), packets(8001, "s3"), failed(500, 8580, 60_000))
        assert (told.plan.attempts, told.plan.since) == (0, 60_000)


class TestStreams:
    def test_a_stream_that_comes_back_in_time_needs_nothing(self, active: Callable[..., Tended]) -> None:
        """ACS dials again by itself: the plan is dropped."""
        told = active().tell(CLOSED)
        assert (told.plan.waits_for, told.plan.next_at) == (WaitsFor.STREAM, 15_000)
        told.tell(packets(11_000, "s2"))
        assert (told.plan.next_at, told.call.transcription.state) == (None, TranscriptionState.ACTIVE)
        assert told.tell(RetryDue(at=15_000)).kinds == ["start-transcription"]

    def test_words_that_come_without_acs_saying_so(self, connected: Callable[..., Tended]) -> None:
        """ACS's event is lost for good, the words are not: nothing is stopped."""
        told = connected().ask(request_start, START).tell(packets(1000))
        told.tell(OperationOverdue(at=2000, operation_id=START.id, began_at=START.at))
        told.tell(interrupted(3000), packets(3500, "s2")).retry()
        assert (told.kinds, told.plan.next_at) == (["start-transcription"], None)

    @pytest.mark.parametrize("broke", [CLOSED, interrupted(10_000)])
    def test_a_stream_that_does_not_is_stopped_and_started(
        self, active: Callable[..., Tended], broke: Any
    ) -> None:
        """ACS takes it to be running and would confirm a start without doing anything."""
        told = active().tell(broke).retry()
        assert told.kinds[1:] == ["stop-transcription"]
        assert told.call.transcription.failure.code == "stream-lost"
        told.tell(stopped(15_100))
        assert told.kinds[1:] == ["stop-transcription", "start-transcription"]
        told.tell(started(15_200), packets(15_300, "s2"))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert (told.call.gap, told.call.missing.ms) == (None, 5300)

    def test_a_stop_that_fails_is_followed_by_the_start(self, active: Callable[..., Tended]) -> None:
        """There was nothing to stop; a late "started" of before is not the start's."""
        told = active().tell(CLOSED).retry().tell(started(15_050), failed(500, 9999, 15_100))
        assert told.kinds[-1] == "start-transcription"
        told.tell(started(15_200), packets(15_300, "s2"))
        assert told.call.transcription.state is TranscriptionState.ACTIVE

    def test_words_that_come_while_it_is_stopped_are_missed_until_it_starts(
        self, active: Callable[..., Tended]
    ) -> None:
        """The stream came back a moment too late: its gap ends, and another one begins with the stop."""
        told = active().tell(CLOSED).retry().tell(packets(15_050, "s2"), stopped(15_100), started(15_200))
        told.tell(packets(15_300, "s3"))
        assert [(gap.cause, gap.started_at, gap.ended_at) for gap in told.gaps if gap.ended_at] == [
            (GapCause.SOCKET_DROPPED, 10_000, 15_050),
            (GapCause.STREAM_INTERRUPTED, 15_100, 15_300),
        ]

    def test_a_start_that_brings_no_words_is_tried_again_until_the_budget_ends(
        self, active: Callable[..., Tended]
    ) -> None:
        """ACS confirms, but no packet comes; at last the state says that the stream is lost."""
        told = active().tell(CLOSED)
        for _ in range(3):
            at = told.plan.next_at
            told.retry().tell(stopped(at + 1), started(at + 2))
        assert told.plan.gave_up is GaveUp.ATTEMPTS_SPENT
        assert told.call.transcription.state is TranscriptionState.FAILED
        assert told.call.transcription.failure.code == "stream-lost"
        assert told.call.gap.started_at == 10_000

    def test_an_operation_in_flight_is_let_end_first(self, active: Callable[..., Tended]) -> None:
        """Never two at once: the plan waits."""
        spanish = Operation(id="op_es", kind=OperationKind.UPDATE_LOCALE, at=9000, locale="es-ES")
        told = active().ask(request_update_locale, spanish).tell(CLOSED).retry()
        assert told.kinds[-1] == "update-transcription"
        assert told.plan.next_at == 23_000

    def test_an_interruption_of_what_does_not_run(self, connected: Callable[..., Tended]) -> None:
        """Nothing is missed and nothing planned."""
        told = connected().tell(interrupted(2000))
        assert (told.gaps, told.plan) == ([], None)

    def test_a_server_that_died_took_its_sockets_along(self, connected: Callable[..., Tended]) -> None:
        """Its successor at the same address says so: a gap from the last word on, and then the same as for any drop."""
        told = connected().ask(request_start, START)
        told.tell(SocketOpened(at=1150, socket_id="s1", server="a"), started(1160), packets(1200))
        told.tell(SocketsLost(at=9000, server="b"))
        assert told.gaps == []
        told.tell(SocketsLost(at=9000, server="a", heard_until=4000))
        assert (told.call.gap.cause, told.call.gap.started_at) == (GapCause.SERVICE_RESTART, 4000)
        assert told.plan.waits_for is WaitsFor.STREAM

    def test_packets_of_the_run_that_failed_are_told_late(self, connected: Callable[..., Tended]) -> None:
        """They come by another way than ACS's event: the gap stays open, and the start is made."""
        told = connected().ask(request_start, START).tell(started(1100), failed(500, 8580), packets(1900))
        assert (told.call.gap.started_at, told.call.transcription.packet_seen) == (2000, False)
        told.tell(SocketClosed(at=2100, socket_id="s1", code=1000, remaining=0)).retry()
        assert told.kinds == ["start-transcription", "start-transcription"]
        told.tell(started(4000), packets(4100))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert (told.gaps[-1].started_at, told.gaps[-1].ended_at) == (2000, 4100)


class TestPeople:
    def test_a_start_by_hand_supersedes_a_waiting_one(self, connected: Callable[..., Tended]) -> None:
        """The waiting one does nothing when its time comes."""
        told = connected().ask(request_start, START).tell(failed(500, 9999))
        due = RetryDue(at=told.plan.next_at)
        told.ask(request_start, replace(START, id="op_mine")).tell(due)
        assert told.kinds == ["start-transcription", "start-transcription"]
        assert told.call.transcription.operation.id == "op_mine"

    def test_a_stop_cancels_a_waiting_start(self, connected: Callable[..., Tended]) -> None:
        """Nobody wants words any more: the gap ends there, and nothing is asked of ACS."""
        told = connected().ask(request_start, START).tell(failed(500, 9999))
        due = RetryDue(at=told.plan.next_at)
        told.ask(request_stop, STOP).tell(due)
        assert told.kinds == ["start-transcription"]
        assert told.call.transcription.state is TranscriptionState.INACTIVE
        assert (told.plan, told.gaps[-1].ended_at, told.gaps[-1].ended_by) == (None, 4000, "stopped")
        assert told.outcomes[-1].failure is None

    def test_a_stop_during_an_interruption(self, active: Callable[..., Tended]) -> None:
        """It is stopped, and stays so."""
        told = active().tell(interrupted(3000)).ask(request_stop, STOP).tell(stopped(4100))
        assert (told.plan, told.call.gap) == (None, None)

    def test_the_end_of_the_call_ends_the_waiting(self, connected: Callable[..., Tended]) -> None:
        """What was planned is not done."""
        told = connected().ask(request_start, START).tell(failed(500, 9999))
        due = RetryDue(at=told.plan.next_at)
        told.tell(event(events.CallDisconnected, 2100), due)
        assert (told.plan.next_at, told.kinds) == (None, ["start-transcription"])

    def test_a_stopped_event_does_not_take_a_plan_away(self, connected: Callable[..., Tended]) -> None:
        """What has failed does not run, so this was nobody's wish."""
        told = connected().ask(request_start, START).tell(failed(500, 9999), stopped(2100))
        assert told.plan.next_at is not None


class TestQuota:
    AUTO = Transcription("en-US")

    def test_a_call_waits_for_its_slot_and_says_so(self, connected: Callable[..., Tended]) -> None:
        """The AI resource bears no more: the call is connected, transcription waits, and the wait is a gap."""
        told = connected(state=CallState.CONNECTING, transcription=self.AUTO)
        told.room = Room(0, 4000)
        told.tell(event(events.CallConnected, 1000))
        assert (told.kinds, told.plan.next_at, told.plan.waits_for) == ([], 4000, WaitsFor.QUOTA)
        assert told.call.gap.cause is GapCause.QUOTA
        told.tell(event(events.PlayCompleted, 1500))
        assert told.retry().kinds == ["start-transcription"]

    def test_a_refusal_of_another_call_moves_the_slot(self, connected: Callable[..., Tended]) -> None:
        """429 for anybody is 429 for all of that resource."""
        told = connected().ask(request_start, START).tell(failed(500, 9999))
        told.room = Room(9000, 9500)
        told.retry()
        assert (told.kinds, told.plan.next_at) == (["start-transcription"], 9500)


MOMENTS = (
    "started",
    "stopped",
    "failed 9999",
    "failed 8565",
    "failed 8581",
    "updated",
    "interrupted",
    "restored",
    "opened",
    "packets",
    "closed",
    "lost",
    "refused",
    "overdue",
    "retry",
    "stale retry",
    "start",
    "stop",
    "update",
    "hang up",
    "connected",
    "gone",
)


def _moment(name: str, now: int, told: Call, number: int) -> Step:
    """One step of whatever can happen; what may not be asked changes nothing."""
    fresh = Fresh(now, str(number), RULES, Room())
    operation, recovery = told.transcription.operation, told.transcription.recovery
    by_hand = Operation(f"op_hand{number}", OperationKind.START, now)
    asked: dict[str, Callable[[], Step]] = {
        "start": lambda: request_start(told, by_hand),
        "stop": lambda: request_stop(told, replace(by_hand, kind=OperationKind.STOP)),
        "update": lambda: request_update_locale(
            told, replace(by_hand, kind=OperationKind.UPDATE_LOCALE, locale="es-ES")
        ),
        "hang up": lambda: request_hang_up(told, True, now),
    }
    if name in asked:
        try:
            return asked[name]()
        except CallConflict:
            return Step(told)
    seen: dict[str, Any] = {
        "started": started(now),
        "stopped": stopped(now),
        "failed 9999": failed(500, 9999, now),
        "failed 8565": failed(401, 8565, now),
        "failed 8581": failed(400, 8581, now),
        "updated": event(events.TranscriptionUpdated, now),
        "interrupted": interrupted(now),
        "restored": event(events.TranscriptionUpdated, now, status="transcriptionResumed"),
        "opened": SocketOpened(at=now, socket_id=f"s{number}", server="a"),
        "packets": packets(now),
        "closed": SocketClosed(at=now, socket_id="s1", code=1012, remaining=0),
        "lost": SocketsLost(at=now, server="a"),
        "refused": CommandFailed(
            at=now,
            command="start-transcription",
            failure=THROTTLED,
            operation_id=operation.id if operation else None,
            retry_after_ms=100,
        ),
        "overdue": OperationOverdue(
            at=now,
            operation_id=operation.id if operation else "",
            began_at=operation.at if operation else 0,
        ),
        "retry": RetryDue(at=recovery.next_at if recovery and recovery.next_at else 0),
        "stale retry": RetryDue(at=1),
        "connected": event(events.CallConnected, now),
        "gone": event(events.CallDisconnected, now),
    }
    return advance(told, seen[name], fresh)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(MOMENTS), st.integers(0, 6000)), max_size=40),
    st.sampled_from([CallState.CONNECTING, CallState.CONNECTED]),
)
def test_whatever_happens_the_state_is_true(moments: list[tuple[str, int]], state: CallState) -> None:
    """Any order of failures, retries, events and requests: one start in flight at most, a budget that is kept, plans
    only where something is to be done, and gaps that add up."""
    told, now = call(state=state), 1000
    by_itself = 0
    ended_gaps = 0
    for number, (name, passed) in enumerate(moments):
        now += passed
        before, step = told, _moment(name, now, told, number)
        told = step.call
        starts = [one for one in step.commands if isinstance(one, StartTranscription)]
        sent = [one for one in step.commands if isinstance(one, StartTranscription | StopTranscription)]
        assert len(sent) <= 1
        known, operation = before.transcription.operation, told.transcription.operation
        if starts:
            assert operation is not None
            assert operation.id == starts[0].operation_id
            assert known is None or (known.id == operation.id and known.restart and not known.halted)
        recovery = told.transcription.recovery
        by_itself = by_itself + 1 if name == "retry" and sent else by_itself
        if recovery is None or (recovery.since == now and not recovery.attempts):
            by_itself = 0
        else:
            assert recovery.attempts <= RULES.attempts
            assert by_itself <= RULES.attempts
            assert recovery.next_at is None or recovery.next_at - recovery.since <= RULES.within_ms
            assert recovery.next_at is None or recovery.gave_up is None
            assert (recovery.next_at is None) == (recovery.waits_for is None)
        if told.state in ENDED:
            assert recovery is None or recovery.next_at is None
            assert (told.gap, operation) == (None, None)
        if told.transcription.state is TranscriptionState.ACTIVE:
            assert told.transcription.event_seen
            assert told.transcription.packet_seen
            assert told.gap is not None or recovery is None or recovery.next_at is None
        if recovery is not None and recovery.gave_up and operation is None and told.state in AT_ACS:
            assert told.transcription.state in (TranscriptionState.FAILED, TranscriptionState.STARTING)
        ended_gaps += sum(gap.ended_at is not None and not gap.is_empty for gap in step.gaps)
        assert told.missing.gaps == ended_gaps
