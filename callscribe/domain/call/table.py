"""The life of a call, as a table: which event, in which states, leads to what.

Two rules stand over the table. An event that a state does not expect changes nothing, so duplicates, late and
foreign events are harmless. And what ACS has ended stays ended; only facts about the end may still be added, so
that the order in which ACS delivers its last events does not matter. A call that only we gave up lives again
when ACS says that it does.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from callscribe.domain import events, observations
from callscribe.domain.call import recovery, sockets, transcribing
from callscribe.domain.call.evidence import bound
from callscribe.domain.call.values import (
    AT_ACS,
    ENDED,
    AnnounceFailure,
    Call,
    CallState,
    Direction,
    Fresh,
    Step,
)
from callscribe.domain.commands import AddParticipant, AnyCommand, HangUp, LookUp, Play
from callscribe.domain.errors import AcsCallNotFound, Failure, describe
from callscribe.domain.errors import CallEnded as CallEndedError
from callscribe.domain.participants import Participant

Event = events.CallbackEvent | observations.AnyObservation
States = frozenset[CallState]

_LIVE: States = frozenset(CallState) - ENDED
_BEFORE: States = frozenset({CallState.EXPECTED, CallState.RINGING, CallState.CONNECTING})
_ON: States = frozenset({CallState.CONNECTED, CallState.DISCONNECTING})
_ANY: States = frozenset(CallState)
_GONE = AcsCallNotFound.code
_SIGNS = (
    events.Callback,
    observations.SocketOpened,
    observations.PacketsBegan,
    observations.SocketClosed,
    observations.CommandDone,
)
LOOK_UP = str(LookUp.__struct_config__.tag)


class Expected(NamedTuple):
    """In which states an event is expected, and what it leads to."""

    states: States
    handler: Callable[[Call, Any, Fresh], Step]


def advance(call: Call, event: Event, fresh: Fresh) -> Step:
    """The call after an event, and what is to be done; an unexpected event gives the call unchanged."""
    expected = TABLE.get(type(event))
    if expected is None or call.state not in expected.states:
        return Step(call)
    step = expected.handler(call, event, fresh)
    if step.call is call and not isinstance(event, _SIGNS):
        return step
    return step._replace(call=recovery.settled(_heard(step.call, event), fresh.now))


def _heard(call: Call, event: Event) -> Call:
    """ACS's events, sockets and answers are signs of life; that a time has come is none."""
    if not isinstance(event, _SIGNS):
        return call
    at = event.time if isinstance(event, events.Callback) else event.at
    return call if call.heard_at is not None and call.heard_at >= at else replace(call, heard_at=at)


# --- beginning ------------------------------------------------------------------------------------------------


def _connected(call: Call, event: events.CallConnected, fresh: Fresh) -> Step:
    call = _revived(bound(call, event.call_connection_id, event.server_call_id, event.correlation_id))
    if call.state in ENDED:
        return Step(_reached_late(call, event.time))
    return _on_the_line(call, event.time, fresh)


def _on_the_line(call: Call, at: int, fresh: Fresh) -> Step:
    if call.state in _ON:
        return Step(replace(call, connected_at=call.connected_at or at))
    connected = replace(call, state=CallState.CONNECTED, connected_at=at)
    agents: tuple[AnyCommand, ...] = tuple(
        AddParticipant(target=agent, source_caller_id=call.source_caller_id) for agent in call.agents
    )
    if call.announce is not None and not call.announce.done:
        return Step(connected, (*agents, _announcement(connected)))
    operation = connected.transcription.operation
    if operation is not None:
        # The time allowed for a start at setup runs from here: the phone may have rung for minutes.
        timed = replace(connected.transcription, operation=replace(operation, at=fresh.now))
        return Step(replace(connected, transcription=timed), agents)
    if connected.transcription.attempts:
        # It was to start at setup: it has failed before, or the call was given up meanwhile and ACS's own event tells.
        step = transcribing.on_connected(connected, at, fresh)
    else:
        step = recovery.start_now(connected, fresh)
    return step._replace(commands=(*agents, *step.commands))


def _revived(call: Call) -> Call:
    """A call that we gave up, and that ACS says lives: its answer or its creation took longer than we waited.

    Only where ACS itself has not told its end.
    """
    given_up = call.state in (CallState.MISSED, CallState.FAILED) and call.result is None
    return replace(call, state=CallState.CONNECTING, ended_at=None, failure=None) if given_up else call


def _reached_late(call: Call, at: int) -> Call:
    """A call that ended before we heard that it had been connected."""
    if call.state is CallState.FAILED and call.result is not None and call.connected_at is None:
        return replace(call, state=CallState.DISCONNECTED, connected_at=at)
    return call


def _announcement(call: Call) -> Play:
    assert call.announce is not None
    return Play(
        text=call.announce.text,
        file_url=call.announce.file_url,
        voice=call.announce.voice,
        locale=call.transcription.locale,
    )


def _command_done(call: Call, seen: observations.CommandDone, fresh: Fresh) -> Step:
    call = bound(call, seen.call_connection_id, seen.server_call_id, seen.correlation_id)
    if seen.command in ("answer", "create-call", "connect"):
        ringing = call.state is CallState.RINGING
        return Step(replace(call, state=CallState.CONNECTING) if ringing else _revived(call))
    if seen.command == "reject" and call.state is CallState.RINGING:
        return Step(replace(call, state=CallState.REJECTED, ended_at=seen.at))
    if seen.command == "redirect" and call.state is CallState.RINGING:
        return Step(replace(call, state=CallState.REDIRECTED, ended_at=seen.at))
    if seen.command == LOOK_UP and seen.connected and call.state is CallState.CONNECTING:
        return _on_the_line(call, seen.at, fresh)
    return Step(call)


def _command_failed(call: Call, seen: observations.CommandFailed, fresh: Fresh) -> Step:
    if seen.command in ("answer", "reject", "redirect", "create-call", "connect"):
        expected = call.state in (CallState.RINGING, CallState.CONNECTING)
        return _failed(call, seen.at, failure=seen.failure) if expected else Step(call)
    if seen.failure.code == _GONE and call.state in _ON:
        return _ended(replace(call, failure=None), seen.at, CallState.DISCONNECTED)
    if seen.command == LOOK_UP:
        gone = seen.failure.code == _GONE and call.state is CallState.CONNECTING
        return _ended(call, seen.at, _end_of(call)) if gone else Step(call)
    if seen.command == "play":
        return _announce_failed(call, fresh)
    if seen.command == "hang-up" and call.state is CallState.DISCONNECTING:
        return Step(replace(call, state=CallState.CONNECTED if call.connected_at else CallState.CONNECTING))
    return transcribing.on_command_failed(call, seen, fresh)


def _setup_failed(
    call: Call, event: events.CreateCallFailed | events.AnswerFailed | events.ConnectFailed, fresh: Fresh
) -> Step:
    call = bound(call, event.call_connection_id, event.server_call_id, event.correlation_id)
    if call.state in ENDED:
        return Step(replace(call, result=call.result or event.result))
    return _failed(replace(call, result=event.result), event.time)


def _ringing_over(call: Call, seen: observations.RingingOver, fresh: Fresh) -> Step:
    return _ended(call, seen.at, CallState.MISSED)


# --- on the line ----------------------------------------------------------------------------------------------


def _participants(call: Call, event: events.ParticipantsUpdated, fresh: Fresh) -> Step:
    if event.sequence_number <= call.participants_sequence:
        return Step(call)
    named = {one.raw_id: one.display_name for one in call.participants}
    listed: tuple[Participant, ...] = tuple(
        one if one.display_name else replace(one, display_name=named.get(one.raw_id))
        for one in event.participants
    )
    call = bound(call, event.call_connection_id, event.server_call_id, event.correlation_id)
    return Step(replace(call, participants=listed, participants_sequence=event.sequence_number))


def _played(call: Call, event: events.PlayCompleted | events.PlayCanceled, fresh: Fresh) -> Step:
    if call.announce is None or call.announce.done:
        return Step(call)
    return recovery.start_now(replace(call, announce=replace(call.announce, done=True)), fresh)


def _announce_overdue(call: Call, seen: observations.AnnounceOverdue, fresh: Fresh) -> Step:
    return _announce_failed(call, fresh)


def _play_failed(call: Call, event: events.PlayFailed, fresh: Fresh) -> Step:
    return _announce_failed(call, fresh)


def _announce_failed(call: Call, fresh: Fresh) -> Step:
    if call.announce is None or call.announce.done:
        return Step(call)
    done = replace(call, announce=replace(call.announce, done=True))
    if call.announce.on_failed is AnnounceFailure.HANG_UP:
        return Step(replace(done, state=CallState.DISCONNECTING), (HangUp(),))
    return recovery.start_now(done, fresh)


# --- end ------------------------------------------------------------------------------------------------------


def _disconnected(call: Call, event: events.CallDisconnected, fresh: Fresh) -> Step:
    call = bound(call, event.call_connection_id, event.server_call_id, event.correlation_id)
    call = replace(call, result=call.result or event.result)
    if call.state in ENDED:
        return Step(call)
    return _ended(call, event.time, _end_of(call))


def _end_of(call: Call) -> CallState:
    """How a call has ended: it has failed unless it was connected, by what we know, or we gave it up."""
    answered = call.direction in (Direction.INCOMING, Direction.EXPECTED)
    reached = call.connected_at is not None or answered or call.transcription.packet_seen
    ours = call.state is CallState.DISCONNECTING
    return CallState.DISCONNECTED if reached or ours else CallState.FAILED


def _look_up_due(call: Call, seen: observations.LookUpDue, fresh: Fresh) -> Step:
    """Ask ACS about a call that has fallen silent; hang up on one that has lasted too long."""
    longest = fresh.rules.longest_call_ms
    on = call.state is CallState.CONNECTED and call.direction is not Direction.FOREIGN
    if on and longest is not None and fresh.now - (call.connected_at or call.created_at) >= longest:
        return Step(replace(call, state=CallState.DISCONNECTING), (HangUp(),))
    silent = fresh.now - last_sign(call, seen.heard_until) >= fresh.rules.silence_ms
    return Step(call, (LookUp(),) if silent and call.call_connection_id else ())


def last_sign(call: Call, heard_until: int | None) -> int:
    """When the call last gave a sign of life, words included (`heard_until`); unix ms."""
    return max(call.heard_at or call.created_at, heard_until or 0)


def _failed(call: Call, at: int, failure: Failure | None = None) -> Step:
    return _ended(replace(call, failure=failure or call.failure), at, CallState.FAILED)


def _ended(call: Call, at: int, state: CallState) -> Step:
    step = transcribing.finish(call, at, call.failure or describe(CallEndedError(f"the call is {state}")))
    return step._replace(call=replace(step.call, state=state, ended_at=at))


TABLE: dict[type, Expected] = {
    events.CallConnected: Expected(_ANY, _connected),
    events.CreateCallFailed: Expected(_ANY - _ON, _setup_failed),
    events.AnswerFailed: Expected(_ANY - _ON, _setup_failed),
    events.ConnectFailed: Expected(_ANY - _ON, _setup_failed),
    events.CallDisconnected: Expected(_ANY, _disconnected),
    events.ParticipantsUpdated: Expected(_LIVE, _participants),
    events.PlayCompleted: Expected(frozenset({CallState.CONNECTED}), _played),
    events.PlayCanceled: Expected(frozenset({CallState.CONNECTED}), _played),
    events.PlayFailed: Expected(frozenset({CallState.CONNECTED}), _play_failed),
    events.TranscriptionStarted: Expected(_LIVE, transcribing.on_started),
    events.TranscriptionUpdated: Expected(_LIVE, transcribing.on_updated),
    events.TranscriptionStopped: Expected(_LIVE, transcribing.on_stopped),
    events.TranscriptionFailed: Expected(_LIVE, transcribing.on_failed),
    observations.CommandDone: Expected(_ANY, _command_done),
    observations.CommandFailed: Expected(_LIVE, _command_failed),
    observations.RingingOver: Expected(frozenset({CallState.RINGING}), _ringing_over),
    observations.AnnounceOverdue: Expected(frozenset({CallState.CONNECTED}), _announce_overdue),
    observations.LookUpDue: Expected(AT_ACS, _look_up_due),
    observations.RetryDue: Expected(_LIVE, recovery.on_retry_due),
    observations.OperationOverdue: Expected(_ON, transcribing.on_overdue),
    observations.SocketOpened: Expected(_LIVE, sockets.on_socket_opened),
    observations.PacketsBegan: Expected(_LIVE, sockets.on_packets_began),
    observations.SocketClosed: Expected(_LIVE, sockets.on_socket_closed),
    observations.SocketsLost: Expected(_LIVE, sockets.on_sockets_lost),
    observations.PacketsRefused: Expected(_ANY, sockets.on_packets_refused),
}
