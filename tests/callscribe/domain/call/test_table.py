"""The life of a call: which event, in which states, leads to what."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from callscribe.domain import events
from callscribe.domain.call import (
    ENDED,
    Announce,
    AnnounceFailure,
    Call,
    CallState,
    Direction,
    Fresh,
    Operation,
    OperationKind,
    Rules,
    StartMode,
    Transcription,
    TranscriptionState,
    advance,
    last_sign,
)
from callscribe.domain.call.table import TABLE
from callscribe.domain.commands import AddParticipant, HangUp, Play, StartTranscription
from callscribe.domain.errors import acs_http_error, describe
from callscribe.domain.observations import (
    AnnounceOverdue,
    CommandDone,
    CommandFailed,
    LookUpDue,
    OperationOverdue,
    PacketsBegan,
    RingingOver,
    SocketClosed,
    SocketOpened,
)
from callscribe.domain.participants import Participant, ParticipantKind
from callscribe.domain.results import Result

CONNECTION = "57006580-5889-40e6-9fec-e3cdf8488ffd"
AGENT = "8:acs:agent"


def event(kind: type[events.Callback], time: int = 1000, **facts: Any) -> Any:
    return kind(id=f"{kind.__name__}-{time}", time=time, call_connection_id=CONNECTION, **facts)


CONNECTED = event(events.CallConnected, server_call_id="srv", correlation_id="cor")
GONE = describe(acs_http_error(404, "8522", "Call not found.", None))
REFUSED = describe(acs_http_error(401, None, "Denied", None))


class TestBeginning:
    def test_a_connected_call_knows_its_ids_and_when(self, life: Callable[..., Any]) -> None:
        """CallConnected binds ACS's ids and starts transcription that was not started at setup."""
        told = life().tell(CONNECTED)
        assert told.call.state is CallState.CONNECTED
        assert (told.call.call_connection_id, told.call.server_call_id) == (CONNECTION, "srv")
        assert told.call.connected_at == 1000
        assert told.kinds == ["start-transcription"]
        assert told.call.transcription.state is TranscriptionState.STARTING

    def test_transcription_that_was_started_at_setup_is_not_started_again(
        self, life: Callable[..., Any]
    ) -> None:
        """A start in flight stays, and its time is counted from the connection."""
        operation = Operation(id="op_1", kind=OperationKind.START, at=0)
        told = life(transcription=Transcription(locale="en-US", operation=operation)).tell(CONNECTED)
        assert told.commands == []
        assert told.call.transcription.operation == Operation(id="op_1", kind=OperationKind.START, at=1000)

    def test_manual_start_mode_waits_for_the_operator(self, life: Callable[..., Any]) -> None:
        """Nothing is started by itself."""
        told = life(transcription=Transcription(locale="en-US", mode=StartMode.MANUAL)).tell(CONNECTED)
        assert told.commands == []

    def test_agents_are_added_when_the_call_is_connected(self, life: Callable[..., Any]) -> None:
        """Each agent once, seen under the call's own number."""
        told = life(agents=(AGENT, "8:acs:two"), source_caller_id="4:+1").tell(CONNECTED, CONNECTED)
        added = [one for one in told.commands if isinstance(one, AddParticipant)]
        assert [one.target for one in added[:2]] == [AGENT, "8:acs:two"]
        assert added[0].source_caller_id == "4:+1"

    def test_a_duplicate_callconnected_adds_nobody_twice(self, life: Callable[..., Any]) -> None:
        """The second CallConnected changes nothing."""
        told = life(agents=(AGENT,)).tell(CONNECTED, event(events.CallConnected, 2000))
        assert told.kinds == ["add-participant", "start-transcription"]
        assert told.call.connected_at == 1000

    def test_a_call_that_is_being_hung_up_only_learns_when_it_was_connected(
        self, life: Callable[..., Any]
    ) -> None:
        """A late CallConnected does not take back a hang-up."""
        told = life(state=CallState.DISCONNECTING).tell(CONNECTED)
        assert (told.call.state, told.call.connected_at, told.commands) == (CallState.DISCONNECTING, 1000, [])

    @pytest.mark.parametrize(
        ("command", "state"),
        [
            ("answer", CallState.CONNECTING),
            ("reject", CallState.REJECTED),
            ("redirect", CallState.REDIRECTED),
            ("play", CallState.RINGING),
        ],
    )
    def test_an_accepted_command_moves_a_ringing_call(
        self, life: Callable[..., Any], command: str, state: CallState
    ) -> None:
        """Answer, reject and redirect each have their state; other commands have none."""
        done = CommandDone(at=5, command=command, call_connection_id=CONNECTION)
        told = life(direction=Direction.INCOMING, state=CallState.RINGING).tell(done)
        assert told.call.state is state
        assert told.call.call_connection_id == CONNECTION
        assert (told.call.ended_at is not None) == (state in ENDED)

    def test_an_answer_that_acs_refuses_fails_the_call(self, life: Callable[..., Any]) -> None:
        """The typed failure stays on the call, and on the start that was part of it."""
        operation = Operation(id="op_1", kind=OperationKind.START, at=0)
        told = life(state=CallState.RINGING, transcription=Transcription("en-US", operation=operation)).tell(
            CommandFailed(at=9, command="answer", failure=REFUSED)
        )
        assert (told.call.state, told.call.failure, told.call.ended_at) == (CallState.FAILED, REFUSED, 9)
        assert told.outcomes[0].failure == REFUSED

    def test_a_setup_command_that_fails_late_is_harmless(self, life: Callable[..., Any]) -> None:
        """A repeated create that fails cannot end a connected call."""
        told = life(state=CallState.CONNECTED).tell(
            CommandFailed(at=9, command="create-call", failure=REFUSED)
        )
        assert told.call.state is CallState.CONNECTED

    def test_a_call_nobody_could_answer_in_time_is_missed(self, life: Callable[..., Any]) -> None:
        """The ring's end counts only while the call rings."""
        told = life(direction=Direction.INCOMING, state=CallState.RINGING).tell(RingingOver(at=30_000))
        assert (told.call.state, told.call.ended_at) == (CallState.MISSED, 30_000)
        assert life(state=CallState.CONNECTED).tell(RingingOver(at=30_000)).call.state is CallState.CONNECTED


class TestAnnouncement:
    ANNOUNCED = Announce(text="This call is transcribed.")

    def test_it_is_played_first_and_transcription_follows(self, life: Callable[..., Any]) -> None:
        """Nothing is transcribed until PlayCompleted; a second one starts nothing more."""
        told = life(announce=self.ANNOUNCED).tell(CONNECTED)
        assert told.commands == [Play(text="This call is transcribed.", locale="en-US")]
        told.tell(event(events.PlayCompleted), event(events.PlayCompleted, 2000))
        assert told.kinds == ["play", "start-transcription"]

    def test_a_cancelled_announcement_counts_as_played(self, life: Callable[..., Any]) -> None:
        """Transcription starts after PlayCanceled too."""
        told = life(announce=self.ANNOUNCED).tell(CONNECTED, event(events.PlayCanceled))
        assert told.kinds == ["play", "start-transcription"]

    @pytest.mark.parametrize(
        "failed", [event(events.PlayFailed), CommandFailed(at=9, command="play", failure=REFUSED)]
    )
    def test_a_failed_announcement_starts_or_hangs_up_as_ordered(
        self, life: Callable[..., Any], failed: Any
    ) -> None:
        """onAnnounceFailed decides; a second failure does nothing more."""
        assert life(announce=self.ANNOUNCED).tell(CONNECTED, failed).kinds == ["play", "start-transcription"]
        strict = Announce(text="x", on_failed=AnnounceFailure.HANG_UP)
        told = life(announce=strict).tell(CONNECTED, failed, failed)
        assert told.commands[-1] == HangUp()
        assert told.kinds == ["play", "hang-up"]
        assert told.call.state is CallState.DISCONNECTING

    def test_somebody_elses_play_means_nothing(self, life: Callable[..., Any]) -> None:
        """Play events of a call without an announcement change nothing."""
        told = life(state=CallState.CONNECTED).tell(event(events.PlayCompleted), event(events.PlayFailed))
        assert told.commands == []

    def test_a_connected_call_whose_announcement_is_done_starts(self, life: Callable[..., Any]) -> None:
        """What was announced before is not announced again."""
        told = life(announce=Announce(text="x", done=True)).tell(CONNECTED)
        assert told.kinds == ["start-transcription"]


class TestParticipants:
    ONE = Participant("8:acs:one", ParticipantKind.COMMUNICATION_USER, display_name="Ann")

    def test_the_newest_list_wins_whatever_comes_last(self, life: Callable[..., Any]) -> None:
        """A lower sequence number is older news; names that were known stay."""
        unnamed = Participant("8:acs:one", ParticipantKind.COMMUNICATION_USER)
        newer = event(
            events.ParticipantsUpdated, participants=(unnamed, Participant("4:+1")), sequence_number=5
        )
        older = event(events.ParticipantsUpdated, participants=(), sequence_number=3)
        named = event(events.ParticipantsUpdated, participants=(self.ONE,), sequence_number=6)
        told = life(participants=(self.ONE,)).tell(newer, older)
        assert [one.display_name for one in told.call.participants] == ["Ann", None]
        assert told.tell(named).call.participants == (self.ONE,)

    def test_they_may_be_listed_before_the_call_is_connected(self, life: Callable[..., Any]) -> None:
        """ParticipantsUpdated before CallConnected is kept and binds the call's ids."""
        told = life().tell(event(events.ParticipantsUpdated, sequence_number=1))
        assert (told.call.state, told.call.call_connection_id) == (CallState.CONNECTING, CONNECTION)


class TestEnd:
    ENDED_BY_CALLER = Result(200, 5001, "ended")

    def test_a_call_that_was_connected_is_disconnected(self, life: Callable[..., Any]) -> None:
        """The result and the time are ACS's."""
        told = life().tell(CONNECTED, event(events.CallDisconnected, 9000, result=self.ENDED_BY_CALLER))
        assert (told.call.state, told.call.ended_at) == (CallState.DISCONNECTED, 9000)
        assert told.call.result == self.ENDED_BY_CALLER
        assert told.call.transcription.state is TranscriptionState.INACTIVE

    def test_what_has_ended_stays_ended(self, life: Callable[..., Any]) -> None:
        """No event of any type wakes an ended call."""
        told = life().tell(CONNECTED, event(events.CallDisconnected, 9000))
        before = told.call
        kinds = [kind for kind in TABLE if issubclass(kind, events.Callback)]
        told.tell(*(event(kind, 9500) for kind in kinds))
        assert told.call.state is CallState.DISCONNECTED
        assert told.call.ended_at == before.ended_at

    @pytest.mark.parametrize("kind", [events.CreateCallFailed, events.AnswerFailed, events.ConnectFailed])
    def test_a_setup_that_fails(self, life: Callable[..., Any], kind: type[events.Callback]) -> None:
        """The call has failed, with ACS's result."""
        told = life().tell(event(kind, 7, result=Result(603, 0, "Decline")))
        assert (told.call.state, told.call.result) == (CallState.FAILED, Result(603, 0, "Decline"))

    def test_a_rejected_call_ends_alike_in_either_order(self, life: Callable[..., Any]) -> None:
        """CreateCallFailed may come after CallDisconnected, and neither needs the other."""
        declined = Result(603, 0, "Decline. DiagCode: 603#0.@")
        failed = event(events.CreateCallFailed, 7, result=declined)
        over = event(events.CallDisconnected, 7, result=declined)
        one, other = life().tell(failed, over).call, life().tell(over, failed).call
        assert one == other
        assert one.state is CallState.FAILED

    def test_callconnected_after_calldisconnected_is_put_right(self, life: Callable[..., Any]) -> None:
        """A call that only seemed never to have been connected has been."""
        told = life().tell(event(events.CallDisconnected, 9000, result=self.ENDED_BY_CALLER), CONNECTED)
        assert (told.call.state, told.call.connected_at) == (CallState.DISCONNECTED, 1000)
        assert told.commands == []

    def test_a_caller_who_gives_up_before_the_answer(self, life: Callable[..., Any]) -> None:
        """An incoming call that ends unanswered is disconnected, not failed."""
        told = life(direction=Direction.INCOMING).tell(event(events.CallDisconnected))
        assert told.call.state is CallState.DISCONNECTED

    @pytest.mark.parametrize("command", ["start-transcription", "hang-up", "add-participant"])
    def test_acs_knows_the_call_no_more(self, life: Callable[..., Any], command: str) -> None:
        """ACS's "no such call" to any command ends the call."""
        told = life(state=CallState.CONNECTED).tell(CommandFailed(at=5, command=command, failure=GONE))
        assert (told.call.state, told.call.ended_at) == (CallState.DISCONNECTED, 5)

    def test_a_hang_up_that_acs_refuses_is_taken_back(self, life: Callable[..., Any]) -> None:
        """The call goes on as it was."""
        failed = CommandFailed(at=5, command="hang-up", failure=REFUSED)
        assert (
            life(state=CallState.DISCONNECTING, connected_at=1).tell(failed).call.state is CallState.CONNECTED
        )
        assert life(state=CallState.DISCONNECTING).tell(failed).call.state is CallState.CONNECTING

    def test_a_hang_up_refused_on_a_call_that_goes_on_changes_nothing(self, life: Callable[..., Any]) -> None:
        """A late refusal does not move a connected call."""
        failed = CommandFailed(at=5, command="hang-up", failure=REFUSED)
        assert life(state=CallState.CONNECTED).tell(failed).call.state is CallState.CONNECTED


def test_an_event_outside_the_table_changes_nothing(life: Callable[..., Any]) -> None:
    """Every other event of ACS leaves the call as it is."""
    told = life(state=CallState.CONNECTED)
    before = told.call
    told.tell(event(events.AddParticipantSucceeded), event(events.PlayStarted), event(events.HoldFailed))
    assert told.call == before


MOMENTS: Sequence[Any] = (
    CONNECTED,
    event(events.CallConnected, 1500),
    event(events.CallDisconnected, 9000, result=Result(200, 5001, "ended")),
    event(events.CreateCallFailed, 8000, result=Result(603, 0, "Decline")),
    event(events.ParticipantsUpdated, 1100, sequence_number=1),
    event(events.ParticipantsUpdated, 1200, sequence_number=2, participants=(Participant("4:+1"),)),
    event(events.TranscriptionStarted, 1300, status="transcriptionStarted"),
    event(events.TranscriptionStopped, 5000, status="transcriptionStopped"),
    event(events.TranscriptionUpdated, 3000, status="transcriptionUpdated"),
    event(events.TranscriptionUpdated, 3100, status_details="streamConnectionInterrupted"),
    event(events.TranscriptionUpdated, 3200, status_details="streamConnectionReestablished"),
    event(events.TranscriptionFailed, 3300, result=Result(500, 8578, "Action failed")),
    SocketOpened(at=900, socket_id="s1"),
    PacketsBegan(at=1350, socket_id="s1", stream_id="x", locale="en-US"),
    SocketClosed(at=6000, socket_id="s1", code=1006, remaining=0),
    CommandDone(at=20, command="create-call", call_connection_id=CONNECTION),
    CommandFailed(at=30, command="start-transcription", failure=REFUSED, operation_id="op_1"),
    RingingOver(at=30_000),
    OperationOverdue(at=61_000, operation_id="op_1", began_at=1000),
)


@given(st.lists(st.sampled_from(MOMENTS), max_size=30), st.sampled_from(list(CallState)))
def test_any_order_of_events_keeps_the_rules(told: list[Any], state: CallState) -> None:
    """Whatever comes in whatever order: what ACS ended stays ended, ids once known stay, gaps close once opened."""
    call = Call("call_1", "k", Direction.OUTGOING, state, 0, Transcription("en-US"))
    open_gaps: set[str] = set()
    for number, one in enumerate(told):
        step = advance(call, one, Fresh(number, str(number)))
        given_up = call.state in (CallState.MISSED, CallState.FAILED) and call.result is None
        if call.state in ENDED and not given_up:
            assert step.call.state in ENDED
            assert not any(isinstance(command, StartTranscription | Play) for command in step.commands)
        if call.call_connection_id:
            assert step.call.call_connection_id == call.call_connection_id
        for gap in step.gaps:
            if gap.ended_at is None:
                open_gaps.add(gap.id)
            else:
                assert gap.id in open_gaps
                assert gap.ended_at >= gap.started_at
                open_gaps.discard(gap.id)
        assert open_gaps == ({step.call.gap.id} if step.call.gap else set())
        if step.call.transcription.state is TranscriptionState.ACTIVE:
            assert step.call.transcription.event_seen
            assert step.call.transcription.packet_seen
        call = step.call
    if call.state in ENDED and state not in ENDED:
        assert call.gap is None
        assert call.transcription.operation is None


@given(st.sampled_from(MOMENTS), st.sampled_from(list(CallState)))
def test_telling_the_same_event_twice_gives_no_second_command(one: Any, state: CallState) -> None:
    """Acting twice is harmless."""
    call = Call("call_1", "k", Direction.OUTGOING, state, 0, Transcription("en-US"))
    first = advance(call, one, Fresh(1, "1"))
    second = advance(first.call, one, Fresh(2, "2"))
    assert second.commands == () or first.commands == ()


class TestGivenUp:
    @pytest.mark.parametrize(
        "gone", [RingingOver(at=30_000), CommandFailed(at=9, command="answer", failure=REFUSED)]
    )
    @pytest.mark.parametrize(
        "word", [CommandDone(at=31_000, command="answer", call_connection_id=CONNECTION), CONNECTED]
    )
    def test_a_call_that_acs_says_lives_is_live_again(
        self, life: Callable[..., Any], gone: Any, word: Any
    ) -> None:
        """The answer took longer than we waited: the call can be transcribed and hung up like any other."""
        told = life(direction=Direction.INCOMING, state=CallState.RINGING).tell(gone, word, CONNECTED)
        assert (told.call.state, told.call.ended_at, told.call.failure) == (CallState.CONNECTED, None, None)
        assert told.kinds == ["start-transcription"]

    def test_its_start_at_setup_is_left_to_acs(self, life: Callable[..., Any]) -> None:
        """ACS was told to start with the answer; its own event says that it did."""
        operation = Operation(id="op_1", kind=OperationKind.START, at=0)
        begun = Transcription("en-US", operation=operation, attempts=1)
        told = life(direction=Direction.INCOMING, state=CallState.RINGING, transcription=begun)
        told.tell(RingingOver(at=30_000), CONNECTED)
        assert told.commands == []
        told.tell(
            event(events.TranscriptionStarted, 32_000),
            PacketsBegan(at=32_001, socket_id="s", stream_id="x", locale=None),
        )
        assert told.call.transcription.state is TranscriptionState.ACTIVE

    def test_a_call_whose_end_acs_told_stays_ended(self, life: Callable[..., Any]) -> None:
        """A late word about its setup changes nothing."""
        done = CommandDone(at=31_000, command="create-call", call_connection_id=CONNECTION)
        over = event(events.CreateCallFailed, 7, result=Result(603, 0, "Decline"))
        assert life().tell(over, done).call.state is CallState.FAILED

    def test_our_own_hang_up_before_anybody_answered_is_no_failure(self, life: Callable[..., Any]) -> None:
        """We ended it; it did not fail."""
        told = life(state=CallState.DISCONNECTING).tell(
            event(events.CallDisconnected, 9, result=Result(200, 7000, ""))
        )
        assert told.call.state is CallState.DISCONNECTED


def test_an_announcement_that_is_never_told_of_does_not_hold_up_transcription(
    life: Callable[..., Any],
) -> None:
    """After its time it counts as failed."""
    told = life(announce=Announce(text="x")).tell(CONNECTED, AnnounceOverdue(at=200_000))
    assert told.kinds == ["play", "start-transcription"]
    assert told.tell(AnnounceOverdue(at=300_000)).kinds == ["play", "start-transcription"]


class TestLookingUp:
    """An event that is lost for good is made up for by what ACS answers."""

    @staticmethod
    def found(connected: bool = True, at: int = 70_000) -> CommandDone:
        return CommandDone(at=at, command="look-up", call_connection_id=CONNECTION, connected=connected)

    @staticmethod
    def gone(at: int = 70_000) -> CommandFailed:
        return CommandFailed(at=at, command="look-up", failure=GONE)

    def test_acs_is_asked_only_about_what_it_has(self, life: Callable[..., Any]) -> None:
        """Not before the connection has an id, and not after its end."""
        assert life().tell(LookUpDue(at=60_000)).kinds == []
        assert life(call_connection_id=CONNECTION).tell(LookUpDue(at=60_000)).kinds == ["look-up"]
        ended = life(call_connection_id=CONNECTION, state=CallState.DISCONNECTED)
        assert ended.tell(LookUpDue(at=60_000)).kinds == []

    @pytest.mark.parametrize(
        "sign",
        [
            event(events.ParticipantsUpdated, 50_000, sequence_number=1),
            SocketOpened(at=50_000, socket_id="s"),
            CommandDone(at=50_000, command="play"),
        ],
    )
    def test_a_call_that_gives_signs_of_life_is_let_alone(self, life: Callable[..., Any], sign: Any) -> None:
        """An event, a socket, an answer or a word: ACS is asked only when a minute has passed since."""
        known = {"call_connection_id": CONNECTION, "state": CallState.CONNECTED, "connected_at": 1}
        told = life(**known).tell(sign, LookUpDue(at=60_000))
        assert told.kinds == []
        assert told.tell(LookUpDue(at=110_000, heard_until=60_000)).kinds == []
        assert told.tell(LookUpDue(at=120_000, heard_until=60_000)).kinds == ["look-up"]

    def test_an_older_sign_is_no_newer_one(self, life: Callable[..., Any]) -> None:
        """Events come late and out of order."""
        told = life(state=CallState.CONNECTED).tell(
            SocketOpened(at=50_000, socket_id="s"), event(events.ParticipantsUpdated, 1000, sequence_number=1)
        )
        assert last_sign(told.call, None) == 50_000

    def test_only_a_configured_longest_duration_hangs_up(self, life: Callable[..., Any]) -> None:
        """Silence never does; a call that others set up is theirs to end."""
        brief = Fresh(70_000, "1", Rules(longest_call_ms=60_000))
        on = life(state=CallState.CONNECTED, connected_at=9000, call_connection_id=CONNECTION).call
        step = advance(on, LookUpDue(at=70_000), brief)
        assert (step.commands, step.call.state) == ((HangUp(),), CallState.DISCONNECTING)
        patient = advance(on, LookUpDue(at=70_000), Fresh(70_000, "1"))
        assert patient.call.state is CallState.CONNECTED
        foreign = advance(replace(on, direction=Direction.FOREIGN), LookUpDue(at=70_000), brief)
        assert foreign.call.state is CallState.CONNECTED

    def test_a_call_that_acs_says_is_connected_is(self, life: Callable[..., Any]) -> None:
        """As if CallConnected had come: transcription begins."""
        told = life().tell(self.found())
        assert (told.call.state, told.call.connected_at) == (CallState.CONNECTED, 70_000)
        assert told.kinds == ["start-transcription"]

    def test_what_is_known_already_stays(self, life: Callable[..., Any]) -> None:
        """A call that rings on, or that is known as connected, is as it was."""
        assert life().tell(self.found(connected=False)).call.state is CallState.CONNECTING
        on = life().tell(CONNECTED)
        before = on.call
        assert replace(on.tell(self.found()).call, heard_at=before.heard_at) == before

    @pytest.mark.parametrize("state", [CallState.CONNECTED, CallState.DISCONNECTING])
    def test_a_call_that_acs_does_not_know_any_more_has_ended(
        self, life: Callable[..., Any], state: CallState
    ) -> None:
        """Whatever became of CallDisconnected."""
        told = life(state=state, connected_at=1).tell(self.gone())
        assert (told.call.state, told.call.ended_at) == (CallState.DISCONNECTED, 70_000)

    def test_a_call_that_was_never_seen_connected_and_is_gone(self, life: Callable[..., Any]) -> None:
        """It has failed, unless it was answered by us or packets had come."""
        assert life().tell(self.gone()).call.state is CallState.FAILED
        assert life(direction=Direction.INCOMING).tell(self.gone()).call.state is CallState.DISCONNECTED
        heard = life().tell(PacketsBegan(at=5, socket_id="s", stream_id="t", locale=None))
        assert heard.tell(self.gone()).call.state is CallState.DISCONNECTED

    def test_another_refusal_of_a_look_up_tells_nothing(self, life: Callable[..., Any]) -> None:
        """The next one may know more."""
        for state in (CallState.CONNECTING, CallState.CONNECTED):
            told = life(state=state).tell(CommandFailed(at=1, command="look-up", failure=REFUSED))
            assert told.call.state is state
            assert told.call.transcription.failure is None
