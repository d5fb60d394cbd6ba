"""What operators may ask of a call, and when."""

from collections.abc import Callable
from typing import Any

import pytest

from callscribe.domain.call import (
    CallState,
    Operation,
    OperationKind,
    Transcription,
    TranscriptionState,
    request_hang_up,
    request_start,
    request_stop,
    request_update_locale,
)
from callscribe.domain.commands import HangUp
from callscribe.domain.errors import (
    AlreadyTranscribing,
    CallEnded,
    CallNotConnected,
    NotTranscribing,
    OperationInFlight,
)


def operation(kind: OperationKind, **facts: Any) -> Operation:
    return Operation(id="op_1", kind=kind, at=1, **facts)


START, STOP = operation(OperationKind.START), operation(OperationKind.STOP)
GERMAN = operation(OperationKind.UPDATE_LOCALE, locale="de-DE")
REQUESTS = [(request_start, START), (request_update_locale, GERMAN), (request_stop, STOP)]


def running(**facts: Any) -> Transcription:
    return Transcription(locale="en-US", state=TranscriptionState.ACTIVE, **facts)


@pytest.mark.parametrize(("request_", "asked"), REQUESTS)
@pytest.mark.parametrize(
    ("state", "error"),
    [
        (CallState.CONNECTING, CallNotConnected),
        (CallState.EXPECTED, CallNotConnected),
        (CallState.DISCONNECTING, CallEnded),
        (CallState.DISCONNECTED, CallEnded),
        (CallState.MISSED, CallEnded),
    ],
)
def test_a_call_that_is_not_connected_refuses(
    life: Callable[..., Any], request_: Any, asked: Operation, state: CallState, error: type[Exception]
) -> None:
    """A conflict that says whether waiting helps."""
    with pytest.raises(error):
        life(state=state).ask(request_, asked)


@pytest.mark.parametrize(("request_", "asked"), REQUESTS)
def test_one_operation_at_a_time(life: Callable[..., Any], request_: Any, asked: Operation) -> None:
    """While one is in flight, every other is refused and named."""
    busy = running(operation=Operation(id="op_0", kind=OperationKind.STOP, at=0))
    with pytest.raises(OperationInFlight, match="op_0"):
        life(state=CallState.CONNECTED, transcription=busy).ask(request_, asked)


def test_a_repeated_start_is_done_at_once(life: Callable[..., Any]) -> None:
    """The same state asked for again gives success and no command; so does the same locale."""
    same = operation(OperationKind.START, locale="en-US")
    for asked in (START, same):
        told = life(state=CallState.CONNECTED, transcription=running()).ask(request_start, asked)
        assert (told.commands, told.outcomes[0].failure) == ([], None)


def test_a_start_in_another_locale_is_refused(life: Callable[..., Any]) -> None:
    """Update-locale is the request for that."""
    with pytest.raises(AlreadyTranscribing, match="en-US"):
        life(state=CallState.CONNECTED, transcription=running()).ask(
            request_start, operation(OperationKind.START, locale="de-DE")
        )


def test_a_start_with_another_model_is_refused(life: Callable[..., Any]) -> None:
    """As one with another locale: nothing that was asked for is silently left out."""
    with pytest.raises(AlreadyTranscribing):
        life(state=CallState.CONNECTED, transcription=running(model="m1")).ask(
            request_start, operation(OperationKind.START, model="m9")
        )


def test_a_start_while_it_only_seems_to_start_asks_acs_again(life: Callable[..., Any]) -> None:
    """Without an operation in flight nobody is on the way."""
    waiting = Transcription(locale="en-US", state=TranscriptionState.STARTING, packet_seen=True)
    told = life(state=CallState.CONNECTED, transcription=waiting).ask(request_start, START)
    assert [command.operation_id for command in told.commands] == ["op_1"]


def test_a_start_after_a_failure_counts_the_attempts(life: Callable[..., Any]) -> None:
    """A failed transcription can be started again; the old failure is gone while it tries."""
    failed = Transcription(locale="en-US", state=TranscriptionState.FAILED, attempts=1)
    told = life(state=CallState.CONNECTED, transcription=failed).ask(request_start, START)
    assert told.call.transcription.attempts == 2
    assert told.commands[0].locale == "en-US"


def test_update_locale_needs_a_running_transcription(life: Callable[..., Any]) -> None:
    """There is no locale to change of what does not run."""
    with pytest.raises(NotTranscribing):
        life(state=CallState.CONNECTED).ask(request_update_locale, GERMAN)


def test_the_same_locale_again_is_done_at_once(life: Callable[..., Any]) -> None:
    """No command for what is so already; another model is another matter."""
    same = operation(OperationKind.UPDATE_LOCALE, locale="en-US")
    assert (
        life(state=CallState.CONNECTED, transcription=running()).ask(request_update_locale, same).commands
        == []
    )
    model = operation(OperationKind.UPDATE_LOCALE, locale="en-US", model="m1")
    told = life(state=CallState.CONNECTED, transcription=running()).ask(request_update_locale, model)
    assert told.commands[0].model == "m1"


def test_a_repeated_stop_is_done_at_once(life: Callable[..., Any]) -> None:
    """What does not run is stopped."""
    told = life(state=CallState.CONNECTED).ask(request_stop, STOP)
    assert (told.commands, told.outcomes[0].failure) == ([], None)


class TestHangUp:
    def test_a_call_with_a_connection_is_ended_at_acs(self, life: Callable[..., Any]) -> None:
        """For everyone or for us alone, as asked."""
        told = life(state=CallState.CONNECTED, call_connection_id="c").ask(request_hang_up, False, 5)
        assert told.commands == [HangUp(for_everyone=False)]
        assert told.call.state is CallState.DISCONNECTING

    def test_twice_is_once(self, life: Callable[..., Any]) -> None:
        """A call that is ending, or has ended, is left as it is."""
        for state in (CallState.DISCONNECTING, CallState.DISCONNECTED):
            assert life(state=state, call_connection_id="c").ask(request_hang_up, True, 5).commands == []

    def test_an_announced_call_that_never_came_is_taken_off(self, life: Callable[..., Any]) -> None:
        """There is nobody to hang up on."""
        told = life(state=CallState.EXPECTED).ask(request_hang_up, True, 5)
        assert (told.call.state, told.call.ended_at, told.commands) == (CallState.DISCONNECTED, 5, [])

    def test_a_call_without_a_connection_cannot_be_hung_up_yet(self, life: Callable[..., Any]) -> None:
        """ACS has not told its id."""
        with pytest.raises(CallNotConnected):
            life(state=CallState.RINGING).ask(request_hang_up, True, 5)
