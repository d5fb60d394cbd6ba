"""What an incoming call becomes: a ringing call of ours, and what is done about it, as the policy says."""

from msgspec.structs import replace

from callscribe.domain.call import Call, CallState, Direction, Fresh, StartMode, Transcription
from callscribe.domain.call.starting import admitted, begun, starts_at_setup
from callscribe.domain.commands import Answer, AnyCommand, Redirect, Reject, TranscriptionSetup
from callscribe.domain.events import IncomingCall
from callscribe.domain.participants import phone_number
from callscribe.domain.policy import Action, Rule

_ON = frozenset({CallState.CONNECTED, CallState.DISCONNECTING})


def is_linked_leg(call: Call, event: IncomingCall) -> bool:
    """Whether an event that shares a call's `serverCallId` or correlation id is an end of that call.

    All ends of the calls that we placed or joined are; of a call that we answered, everybody but the called party.
    """
    if call.direction in (Direction.OUTGOING, Direction.JOINED):
        return True
    return call.state in _ON and event.to.raw_id not in call.to


def is_our_leg(call: Call, event: IncomingCall) -> bool:
    """Whether an event is the far end of a call of ours to a party that we called or invited.

    On the telephone it comes from the number we call from. An ACS id rings before ACS has told us the ids that
    both ends share, so there the called party has to do, as long as the call is on its way or on.
    """
    called = event.to.raw_id
    if called not in call.agents and not (call.direction is Direction.OUTGOING and called in call.to):
        return False
    caller = event.from_.raw_id
    if phone_number(caller):
        return caller == call.source_caller_id
    return call.state in _ON or (call.state is CallState.CONNECTING and call.call_connection_id is None)


def ringing(
    event: IncomingCall,
    rule: Rule,
    call_id: str,
    key: str,
    default_locale: str,
    fresh: Fresh,
    ai_endpoint: str | None = None,
) -> Call:
    """The call as it rings; its transcription has begun where the answer is to start it."""
    answered = rule.action is Action.ANSWER
    transcription = Transcription(
        locale=rule.locale or default_locale,
        mode=rule.transcription if answered else StartMode.MANUAL,
    )
    caller = event.from_.raw_id
    if admitted(fresh) and starts_at_setup(transcription.mode, rule.announce is not None, (caller,)):
        transcription = begun(transcription, fresh)
    named = replace(event.from_, display_name=event.caller_display_name)
    return Call(
        id=call_id,
        key=key,
        direction=Direction.INCOMING,
        state=CallState.RINGING,
        created_at=fresh.now,
        transcription=transcription,
        server_call_id=event.server_call_id,
        correlation_id=event.correlation_id,
        from_id=caller,
        to=(event.to.raw_id,),
        source_caller_id=rule.on_answer.source_caller_id or _number(event.to.raw_id),
        agents=rule.on_answer.agents,
        participants=(named,) if event.caller_display_name else (),
        announce=rule.announce.value() if rule.announce else None,
        ai_endpoint=ai_endpoint,
    )


def reaction(event: IncomingCall, rule: Rule, setup: TranscriptionSetup) -> AnyCommand:
    """What is asked of ACS about the call; a rule that ignores it never comes this far."""
    context = event.incoming_call_context
    if rule.action is Action.REJECT:
        return Reject(incoming_call_context=context, reason=rule.reason)
    if rule.action is Action.REDIRECT and rule.target is not None:
        return Redirect(incoming_call_context=context, target=rule.target)
    return Answer(incoming_call_context=context, setup=setup)


def _number(raw_id: str) -> str | None:
    """The called number, which agents on phones see; an id of another kind is no caller's number."""
    return raw_id if phone_number(raw_id) else None
