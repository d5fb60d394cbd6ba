"""How transcription of a call goes on: operations, witnesses and gaps."""

from collections.abc import Callable
from typing import Any

import pytest

from callscribe.domain import events
from callscribe.domain.call import (
    CallState,
    Direction,
    GapCause,
    Operation,
    OperationKind,
    StartMode,
    Transcription,
    TranscriptionState,
    request_start,
    request_stop,
    request_update_locale,
)
from callscribe.domain.call.evidence import same_connection
from callscribe.domain.call.starting import starts_at_setup
from callscribe.domain.errors import acs_http_error, describe
from callscribe.domain.observations import (
    CommandFailed,
    OperationOverdue,
    PacketsBegan,
    SocketClosed,
    SocketOpened,
)
from callscribe.domain.results import Result

CONNECTION = "57006580-5889-40e6-9fec-e3cdf8488ffd"
REFUSED = describe(acs_http_error(401, None, "Denied", None))


def event(kind: type[events.Callback], time: int = 1000, **facts: Any) -> Any:
    return kind(id=f"{kind.__name__}-{time}", time=time, call_connection_id=CONNECTION, **facts)


def started(at: int = 1100) -> Any:
    return event(
        events.TranscriptionStarted, at, status="transcriptionStarted", status_details="subscriptionStarted"
    )


def stopped(at: int = 5000) -> Any:
    return event(events.TranscriptionStopped, at, status="transcriptionStopped")


def updated(at: int = 3000, **facts: Any) -> Any:
    return event(events.TranscriptionUpdated, at, **facts)


def failed(code: int, sub_code: int, at: int = 2000, **facts: Any) -> Any:
    return event(events.TranscriptionFailed, at, result=Result(code, sub_code, "Action failed"), **facts)


def packets(at: int = 1200, socket: str = "s1") -> PacketsBegan:
    return PacketsBegan(at=at, socket_id=socket, stream_id="x", locale="en-US")


def operation(kind: OperationKind, **facts: Any) -> Operation:
    return Operation(id=f"op_{kind}", kind=kind, at=900, **facts)


START = operation(OperationKind.START)
STOP = operation(OperationKind.STOP)
SPANISH = operation(OperationKind.UPDATE_LOCALE, locale="es-ES", model="m1")


@pytest.fixture
def connected(life: Callable[..., Any]) -> Callable[..., Any]:
    """A connected call whose transcription nobody has started."""

    def make(**facts: Any) -> Any:
        manual = Transcription(locale="en-US", mode=StartMode.MANUAL)
        return life(**({"state": CallState.CONNECTED, "connected_at": 1, "transcription": manual} | facts))

    return make


@pytest.fixture
def active(connected: Callable[..., Any]) -> Callable[..., Any]:
    """A call that is being transcribed."""
    return lambda **facts: connected(**facts).ask(request_start, START).tell(started(), packets())


@pytest.mark.parametrize(
    ("mode", "announced", "others", "at_setup"),
    [
        (StartMode.AUTO, False, ("4:+15551230000",), True),
        (StartMode.AUTO, False, ("8:orgid:teams",), True),
        (StartMode.AUTO, False, ("8:acs:a", "8:acs:b"), True),
        (StartMode.AUTO, False, (), True),
        (StartMode.AUTO, False, ("8:acs:a",), False),
        (StartMode.AUTO, True, ("4:+15551230000",), False),
        (StartMode.MANUAL, False, ("4:+15551230000",), False),
    ],
)
def test_when_transcription_starts_at_setup(
    mode: StartMode, announced: bool, others: tuple[str, ...], at_setup: bool
) -> None:
    """At setup for phones, groups and Teams; not for 1:1 calls with ACS users, announced or manual ones."""
    assert starts_at_setup(mode, announced, others) is at_setup


class TestWitnesses:
    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_active_needs_event_and_packet_in_either_order(
        self, connected: Callable[..., Any], order: tuple[int, int]
    ) -> None:
        """One witness alone is "starting"; both are "active"; the operation ends with the event."""
        told = connected().ask(request_start, START)
        witnesses = (started(), packets())
        told.tell(witnesses[order[0]])
        assert told.call.transcription.state is TranscriptionState.STARTING
        told.tell(witnesses[order[1]])
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert [(one.operation.id, one.failure) for one in told.outcomes] == [("op_start", None)]

    def test_a_start_by_another_system_is_believed(self, connected: Callable[..., Any]) -> None:
        """ACS's event starts an idle transcription even if nobody here asked."""
        told = connected(direction=Direction.EXPECTED).tell(packets(1000), started(1100))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert told.outcomes == []

    def test_a_late_started_event_during_a_stop_does_not_end_the_stop(
        self, active: Callable[..., Any]
    ) -> None:
        """Events are matched to the operation by kind."""
        told = active().ask(request_stop, STOP).tell(started(1300))
        assert told.call.transcription.operation == STOP

    def test_headers_and_metadata_bind_an_expected_call(self, life: Callable[..., Any]) -> None:
        """The socket tells the call's ids before any callback does; known ids stay."""
        told = life(state=CallState.EXPECTED).tell(
            SocketOpened(at=1, socket_id="s1", call_connection_id="conn", correlation_id="cor"),
            PacketsBegan(at=2, socket_id="s1", stream_id="x", locale=None, call_connection_id="other"),
        )
        assert (told.call.call_connection_id, told.call.correlation_id) == ("conn", "cor")


class TestOperations:
    def test_a_start_carries_what_was_asked(self, connected: Callable[..., Any]) -> None:
        """Locale and model of the start become those of the transcription."""
        asked = operation(OperationKind.START, locale="de-DE", model="m2", operation_context="c")
        told = connected().ask(request_start, asked).tell(started())
        assert (told.call.transcription.locale, told.call.transcription.model) == ("de-DE", "m2")
        assert told.commands[0].operation_context == "c"

    def test_update_locale(self, active: Callable[..., Any]) -> None:
        """TranscriptionUpdated ends it, and the locale is the new one; stray updates change nothing."""
        told = active().tell(updated()).ask(request_update_locale, SPANISH)
        assert told.call.transcription.state is TranscriptionState.UPDATING
        told.tell(updated(operation_context="that of the start"))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert (told.call.transcription.locale, told.call.transcription.model) == ("es-ES", "m1")
        assert told.kinds == ["start-transcription", "update-transcription"]

    def test_stop(self, active: Callable[..., Any]) -> None:
        """TranscriptionStopped ends it; a later start needs both witnesses anew."""
        told = active().ask(request_stop, STOP).tell(stopped())
        assert told.call.transcription.state is TranscriptionState.INACTIVE
        assert told.outcomes[-1].operation == STOP
        told.ask(request_start, operation(OperationKind.START)).tell(started(6000))
        assert told.call.transcription.state is TranscriptionState.STARTING

    def test_a_stop_nobody_asked_for(self, active: Callable[..., Any]) -> None:
        """Whoever stopped it, it has stopped."""
        told = active().tell(stopped())
        assert told.call.transcription.state is TranscriptionState.INACTIVE
        assert len(told.outcomes) == 1

    def test_a_stopped_event_that_comes_after_the_next_start_is_old(
        self, connected: Callable[..., Any]
    ) -> None:
        """It cannot end a start in flight."""
        told = connected().ask(request_start, START).tell(stopped())
        assert told.call.transcription.operation is not None

    def test_locale_change_on_a_connected_call_is_stop_and_start_with_a_gap(
        self, active: Callable[..., Any]
    ) -> None:
        """ACS refuses updates there; the gap runs from the stop to the first packet."""
        told = active(direction=Direction.JOINED).ask(request_update_locale, SPANISH)
        assert told.kinds[-1] == "stop-transcription"
        told.tell(stopped(4000))
        assert told.commands[-1].locale == "es-ES"
        told.tell(started(4400))
        assert told.call.transcription.operation is None
        told.tell(packets(4500))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert told.call.transcription.locale == "es-ES"
        assert [(gap.cause, gap.started_at, gap.ended_at) for gap in told.gaps] == [
            (GapCause.LOCALE_CHANGE, 4000, None),
            (GapCause.LOCALE_CHANGE, 4000, 4500),
        ]
        assert told.outcomes[-1].failure is None

    def test_an_update_that_acs_refuses_as_connected_is_done_as_stop_and_start(
        self, active: Callable[..., Any]
    ) -> None:
        """405/8520 to an update turns it into stop and start, once."""
        told = active().ask(request_update_locale, SPANISH).tell(failed(405, 8520))
        assert told.kinds[-1] == "stop-transcription"
        assert told.outcomes[1:] == []
        told.tell(failed(405, 8520, 2500))
        assert told.outcomes[-1].failure.sub_code == 8520

    def test_an_update_that_fails_leaves_the_old_locale(self, active: Callable[..., Any]) -> None:
        """Transcription goes on; the failure is on the record."""
        told = active().ask(request_update_locale, SPANISH).tell(failed(400, 8523))
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        assert told.call.transcription.locale == "en-US"
        assert told.call.transcription.failure.sub_code == 8523

    def test_a_start_that_fails(self, connected: Callable[..., Any]) -> None:
        """The typed failure ends the operation; what is said from the wish on is not heard, which is a gap."""
        told = connected().ask(request_start, START).tell(failed(500, 8578))
        assert told.call.transcription.state is TranscriptionState.FAILED
        assert told.outcomes[-1].failure.code == told.call.transcription.failure.code
        assert [(gap.cause, gap.started_at) for gap in told.gaps] == [
            (GapCause.TRANSCRIPTION_FAILED, START.at)
        ]

    def test_a_failure_out_of_the_blue_opens_a_gap(self, active: Callable[..., Any]) -> None:
        """Words may be lost from then on; a new start with packets closes the gap."""
        told = active().tell(failed(500, 8580)).ask(request_start, START).tell(started(2500), packets(2600))
        assert [gap.cause for gap in told.gaps] == [GapCause.TRANSCRIPTION_FAILED] * 2

    def test_a_failure_without_result(self, connected: Callable[..., Any]) -> None:
        """Api-version 2024-04-15 sends none: the generic class keeps what there is."""
        told = connected().ask(request_start, START).tell(event(events.TranscriptionFailed, 2000))
        assert told.call.transcription.failure.acs_code == 0

    def test_a_command_that_acs_refuses_at_once(self, connected: Callable[..., Any]) -> None:
        """An HTTP refusal fails the operation it belongs to, and no other."""
        other = CommandFailed(at=5, command="start-transcription", failure=REFUSED, operation_id="op_other")
        mine = CommandFailed(at=5, command="start-transcription", failure=REFUSED, operation_id=START.id)
        told = connected().ask(request_start, START).tell(other)
        assert told.outcomes == []
        assert told.tell(mine).outcomes[-1].failure == REFUSED


class TestOvertaken:
    def test_a_stop_overtakes_a_locale_change(self, active: Callable[..., Any]) -> None:
        """The change has failed: transcription runs no more, and the locale is the old one."""
        told = active().ask(request_update_locale, SPANISH).tell(stopped())
        assert told.outcomes[-1].failure.code == "not-transcribing"
        assert told.call.transcription.locale == "en-US"

    def test_a_late_started_event_is_not_a_restarts_start(self, active: Callable[..., Any]) -> None:
        """Only what comes after the stop can be the start that follows it; a doubled stop starts nothing twice."""
        told = active(direction=Direction.JOINED).ask(request_update_locale, SPANISH).tell(started(1300))
        assert told.call.transcription.operation is not None
        told.tell(stopped(4000), stopped(4001))
        assert told.kinds == ["start-transcription", "stop-transcription", "start-transcription"]
        assert told.tell(started(4400)).call.transcription.locale == "es-ES"

    def test_a_stop_whose_event_is_lost_leaves_no_false_witness(self, active: Callable[..., Any]) -> None:
        """The socket closed: nothing is heard, so a start asks ACS again."""
        told = active().ask(request_stop, STOP)
        told.tell(SocketClosed(at=2000, socket_id="s1", code=1000, remaining=0))
        told.tell(OperationOverdue(at=70_000, operation_id=STOP.id, began_at=STOP.at))
        assert told.call.transcription.state is TranscriptionState.STARTING
        told.ask(request_start, START)
        assert told.kinds[-1] == "start-transcription"

    def test_packets_of_an_earlier_run_do_not_witness_the_next(self, connected: Callable[..., Any]) -> None:
        """A start needs both anew."""
        told = connected().tell(packets()).ask(request_start, START).tell(started())
        assert told.call.transcription.state is TranscriptionState.STARTING


class TestOverdue:
    def test_an_operation_without_an_event_times_out(self, connected: Callable[..., Any]) -> None:
        """Only the operation that is meant, only as it was begun."""
        told = connected().ask(request_start, START)
        told.tell(OperationOverdue(at=70_000, operation_id="op_start", began_at=1))
        assert told.outcomes == []
        told.tell(OperationOverdue(at=70_000, operation_id="op_start", began_at=900))
        assert told.outcomes[-1].failure.code == "operation-timed-out"
        assert told.call.transcription.state is TranscriptionState.FAILED
        told.tell(OperationOverdue(at=80_000, operation_id="op_start", began_at=900))
        assert len(told.outcomes) == 1

    def test_packets_without_an_event_are_still_words(self, connected: Callable[..., Any]) -> None:
        """The operation fails, transcription does not."""
        told = connected().ask(request_start, START).tell(packets())
        told.tell(OperationOverdue(at=70_000, operation_id="op_start", began_at=900))
        assert told.call.transcription.state is TranscriptionState.STARTING
        assert told.call.transcription.failure is not None


class TestConnection:
    def test_an_interrupted_stream_is_a_gap_until_it_is_restored(self, active: Callable[..., Any]) -> None:
        """ACS's own words open and close it; a second interruption opens no second gap."""
        told = active().tell(
            updated(2000, status_details="streamConnectionInterrupted"),
            updated(2100, status_details="streamConnectionInterrupted"),
            updated(2500, status="transcriptionResumed"),
        )
        assert [(gap.cause, gap.started_at, gap.ended_at) for gap in told.gaps] == [
            (GapCause.STREAM_INTERRUPTED, 2000, None),
            (GapCause.STREAM_INTERRUPTED, 2000, 2500),
        ]
        assert told.call.transcription.state is TranscriptionState.ACTIVE

    def test_an_interruption_that_is_told_when_it_is_over(self, active: Callable[..., Any]) -> None:
        """By the socket first, or by ACS's events the wrong way round: one interruption is one gap at most."""
        by_socket = active().tell(
            SocketClosed(at=2000, socket_id="s1", code=1006, remaining=0),
            packets(2600, "s2"),
            updated(2001, status_details="streamConnectionInterrupted"),
            updated(2601, status_details="streamConnectionReestablished"),
        )
        assert [gap.ended_at for gap in by_socket.gaps] == [None, 2600]
        disordered = active().tell(
            updated(2601, status_details="streamConnectionReestablished"),
            updated(2001, status_details="streamConnectionInterrupted"),
        )
        assert disordered.gaps == []
        assert disordered.call.transcription.state is TranscriptionState.ACTIVE
        by_events = active().tell(
            updated(2001, status_details="streamConnectionInterrupted"),
            updated(2601, status_details="streamConnectionReestablished"),
            SocketClosed(at=2000, socket_id="s1", code=1006, remaining=0),
            packets(2602, "s2"),
        )
        assert [gap.ended_at for gap in by_events.gaps] == [None, 2601]
        assert by_events.call.transcription.state is TranscriptionState.ACTIVE

    @pytest.mark.parametrize("kind", [events.TranscriptionStarted, events.TranscriptionStopped])
    def test_whichever_event_speaks_of_the_connection(
        self, active: Callable[..., Any], kind: type[events.Callback]
    ) -> None:
        """Nobody has published which event carries these words."""
        told = active().tell(event(kind, 2000, status_details="streamConnectionInterrupted"))
        assert told.call.gap is not None
        assert told.call.transcription.state is TranscriptionState.ACTIVE

    def test_a_dropped_socket_is_a_gap_until_packets_come(self, active: Callable[..., Any]) -> None:
        """From the close to the first packet over another socket."""
        told = active().tell(
            SocketClosed(at=2000, socket_id="s1", code=1006, remaining=0), packets(2600, "s2")
        )
        assert [(gap.cause, gap.started_at, gap.ended_at) for gap in told.gaps] == [
            (GapCause.SOCKET_DROPPED, 2000, None),
            (GapCause.SOCKET_DROPPED, 2000, 2600),
        ]
        assert told.call.transcription.state is TranscriptionState.ACTIVE

    def test_a_socket_whose_end_nobody_told_is_missed_when_the_next_one_comes(
        self, active: Callable[..., Any]
    ) -> None:
        """The server died with it: the gap runs from the last thing heard to the next packet."""
        told = active().tell(
            SocketOpened(at=9000, socket_id="s2", others=0, heard_until=4000), packets(9100, "s2")
        )
        assert [(gap.cause, gap.started_at, gap.ended_at) for gap in told.gaps] == [
            (GapCause.SOCKET_DROPPED, 4000, None),
            (GapCause.SOCKET_DROPPED, 4000, 9100),
        ]
        assert told.call.transcription.state is TranscriptionState.ACTIVE
        nothing_heard = active().tell(SocketOpened(at=9000, socket_id="s2", others=0))
        assert nothing_heard.gaps[0].started_at == 9000

    def test_a_second_socket_beside_the_first_is_no_gap(self, active: Callable[..., Any]) -> None:
        """The first one is still open."""
        assert active().tell(SocketOpened(at=9000, socket_id="s2", others=1)).gaps == []

    def test_a_drop_while_the_locale_changes_keeps_the_change_going(self, active: Callable[..., Any]) -> None:
        """The state stays "updating"; the gap is opened all the same."""
        told = active().ask(request_update_locale, SPANISH)
        told.tell(SocketClosed(at=2000, socket_id="s1", code=1006, remaining=0))
        assert told.call.transcription.state is TranscriptionState.UPDATING
        assert told.call.gap is not None

    @pytest.mark.parametrize(
        ("asked", "remaining"),
        [((request_stop, STOP), 0), (None, 1)],
        ids=["stopping", "another socket is open"],
    )
    def test_a_socket_that_may_close(self, active: Callable[..., Any], asked: Any, remaining: int) -> None:
        """No gap after a stop, nor while another socket of the call is open."""
        told = active()
        if asked:
            told.ask(*asked)
        told.tell(SocketClosed(at=2000, socket_id="s1", code=1000, remaining=remaining))
        assert told.gaps == []

    def test_a_socket_that_closes_before_any_packet_is_no_gap(self, connected: Callable[..., Any]) -> None:
        """Nothing was being heard."""
        told = connected().ask(request_start, START)
        assert told.tell(SocketClosed(at=2000, socket_id="s1", code=1000, remaining=0)).gaps == []

    def test_the_close_that_comes_with_the_calls_end_misses_nothing(self, active: Callable[..., Any]) -> None:
        """A gap opened within five seconds of the end shrinks to nothing; an older one lasts to the end."""
        told = active().tell(
            SocketClosed(at=8000, socket_id="s1", code=1000, remaining=0),
            event(events.CallDisconnected, 9000),
        )
        assert (told.gaps[-1].ended_at, told.gaps[-1].ended_by) == (8000, "call-ended")
        long = active().tell(
            SocketClosed(at=2000, socket_id="s1", code=1006, remaining=0),
            event(events.CallDisconnected, 9000),
        )
        assert long.gaps[-1].ended_at == 9000

    def test_a_short_call_whose_transcription_failed(self, connected: Callable[..., Any]) -> None:
        """What was said on it is missing, however soon it ended: a call's end is no cause of that failure."""
        told = connected().ask(request_start, START).tell(failed(500, 8580, 2000))
        told.tell(event(events.CallDisconnected, 3000))
        assert (told.gaps[-1].started_at, told.gaps[-1].ended_at) == (START.at, 3000)
        assert told.call.missing.gaps == 1


class TestEnd:
    def test_operations_in_flight_end_with_the_call(self, active: Callable[..., Any]) -> None:
        """A stop has its way; anything else has failed because the call is over."""
        over = event(events.CallDisconnected, 9000)
        assert active().ask(request_stop, STOP).tell(over).outcomes[-1].failure is None
        ended = active().ask(request_update_locale, SPANISH).tell(over)
        assert ended.outcomes[-1].failure.code == "call-ended"

    def test_a_failed_transcription_stays_failed_after_the_call(self, connected: Callable[..., Any]) -> None:
        """The last word about it is not lost."""
        told = (
            connected()
            .ask(request_start, START)
            .tell(failed(500, 8578), event(events.CallDisconnected, 9000))
        )
        assert told.call.transcription.state is TranscriptionState.FAILED


@pytest.mark.parametrize(
    ("known", "told", "same"),
    [(None, "a", True), ("a", None, True), ("AB-1", "ab-1", True), ("a", "b", False)],
)
def test_which_ids_can_be_the_same_connections(known: str | None, told: str | None, same: bool) -> None:
    """What is not known yet contradicts nothing; case means nothing."""
    assert same_connection(known, told) is same
