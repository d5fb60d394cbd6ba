"""What an incoming call becomes, as the policy says."""

from typing import Any

import pytest

from callscribe.domain.call import Call, CallState, Direction, Fresh, Transcription, TranscriptionState
from callscribe.domain.commands import Answer, Redirect, Reject, TranscriptionSetup
from callscribe.domain.events import IncomingCall
from callscribe.domain.incoming import is_linked_leg, is_our_leg, reaction, ringing
from callscribe.domain.participants import Participant, classify
from callscribe.domain.policy import parse_policy

SETUP = TranscriptionSetup("en-US", True)


def incoming(caller: str = "4:+14255550123", called: str = "4:+14255550199", **facts: Any) -> IncomingCall:
    return IncomingCall(
        id="e",
        time=1,
        to=Participant(called, classify(called)),
        from_=Participant(caller, classify(caller)),
        incoming_call_context="context",
        correlation_id="cor",
        **facts,
    )


def call_for(event: IncomingCall, policy: str = '[{"to": "*"}]') -> Any:
    rule = parse_policy(policy).rule_for(event.to.raw_id)
    return ringing(event, rule, "call_1", "key", "en-US", Fresh(5, "1"))


def test_a_phone_call_rings_with_transcription_begun() -> None:
    """Its ids, its parties, the called number as the agents' caller, and a start at setup."""
    call = call_for(incoming(server_call_id="srv", caller_display_name="Ada"))
    assert (call.direction, call.state, call.created_at) == (Direction.INCOMING, CallState.RINGING, 5)
    assert (call.from_id, call.to, call.source_caller_id) == (
        "4:+14255550123",
        ("4:+14255550199",),
        "4:+14255550199",
    )
    assert call.transcription.state is TranscriptionState.STARTING
    assert [one.display_name for one in call.participants] == ["Ada"]


@pytest.mark.parametrize(
    ("event", "policy"),
    [
        (incoming(caller="8:acs:user"), '[{"to": "*"}]'),
        (incoming(), '[{"to": "*", "announce": {"text": "Hello."}}]'),
        (incoming(), '[{"to": "*", "transcription": "manual"}]'),
        (incoming(), '[{"to": "*", "action": "reject"}]'),
    ],
    ids=["1:1 with an ACS user", "announced", "manual", "not answered"],
)
def test_calls_whose_transcription_does_not_begin_with_the_answer(event: IncomingCall, policy: str) -> None:
    """Later, or not at all."""
    assert call_for(event, policy).transcription.operation is None


def test_an_agents_caller_id_is_a_number() -> None:
    """The rule's, or the called number; an ACS user that was called has none."""
    assert call_for(incoming(called="8:acs:desk")).source_caller_id is None
    named = '[{"to": "*", "onAnswer": {"sourceCallerId": "+14255550100", "agents": ["8:acs:a"]}}]'
    call = call_for(incoming(), named)
    assert (call.source_caller_id, call.agents) == ("4:+14255550100", ("8:acs:a",))


@pytest.mark.parametrize(
    ("policy", "command"),
    [
        ('[{"to": "*", "locale": "de-DE"}]', Answer("context", SETUP)),
        ('[{"to": "*", "action": "reject", "reason": "busy"}]', Reject("context", "busy")),
        ('[{"to": "*", "action": "redirect", "target": "8:acs:d"}]', Redirect("context", "8:acs:d")),
    ],
)
def test_what_is_asked_of_acs(policy: str, command: object) -> None:
    """Answer with the transcription options, reject with the reason, redirect to the target."""
    event = incoming()
    assert reaction(event, parse_policy(policy).rule_for(event.to.raw_id), SETUP) == command


def ours(**facts: Any) -> Call:
    known: dict[str, Any] = {
        "id": "call_1",
        "key": "k",
        "direction": Direction.OUTGOING,
        "state": CallState.CONNECTING,
        "created_at": 0,
        "transcription": Transcription("en-US"),
    }
    return Call(**(known | facts))


PHONE, USER = "4:+14255550199", "8:acs:user"


@pytest.mark.parametrize(
    ("call", "event", "is_ours"),
    [
        (ours(to=(PHONE,), source_caller_id="4:+1425"), incoming("4:+1425", PHONE), True),
        (ours(to=(PHONE,), source_caller_id="4:+1425"), incoming("4:+1999", PHONE), False),
        (ours(to=(PHONE,), source_caller_id="4:+1425"), incoming("4:+1425", "4:+1777"), False),
        (ours(to=(USER,)), incoming("8:acs:app", USER), True),
        (ours(to=(USER,), call_connection_id="c"), incoming("8:acs:app", USER), False),
        (ours(to=(USER,), state=CallState.DISCONNECTED), incoming("8:acs:app", USER), False),
        (
            ours(direction=Direction.INCOMING, state=CallState.CONNECTED, agents=(USER,)),
            incoming("8:acs:app", USER),
            True,
        ),
        (
            ours(
                direction=Direction.INCOMING,
                state=CallState.CONNECTED,
                agents=(PHONE,),
                source_caller_id="4:+1",
            ),
            incoming("4:+1", PHONE),
            True,
        ),
        (
            ours(direction=Direction.INCOMING, state=CallState.CONNECTED, to=(USER,)),
            incoming("8:acs:x", USER),
            False,
        ),
    ],
    ids=[
        "a phone that we call",
        "somebody else calls that phone",
        "our number calls somebody else",
        "a user that we call, before ACS told the ids",
        "a user that we call, once both ends are known by their ids",
        "a call that is over",
        "an agent that we invited",
        "an agent on a phone",
        "somebody calls a party that was called before",
    ],
)
def test_which_events_are_the_far_end_of_what_we_did(call: Call, event: IncomingCall, is_ours: bool) -> None:
    """Never our own legs; everybody else's calls are answered."""
    assert is_our_leg(call, event) is is_ours


@pytest.mark.parametrize(
    ("call", "linked"),
    [
        (ours(), True),
        (ours(direction=Direction.JOINED), True),
        (ours(direction=Direction.INCOMING, state=CallState.CONNECTED, to=(PHONE,)), True),
        (ours(direction=Direction.INCOMING, state=CallState.CONNECTED, to=(USER,)), False),
        (ours(direction=Direction.INCOMING, state=CallState.REDIRECTED, to=(PHONE,)), False),
    ],
    ids=["placed", "joined", "invited into a call", "the same party again", "redirected to them"],
)
def test_which_events_that_share_our_ids_are_our_legs(call: Call, linked: bool) -> None:
    """An end of a call of ours, but for the party that was called and for whom it was redirected to."""
    assert is_linked_leg(call, incoming(called=USER)) is linked
