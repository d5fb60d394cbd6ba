"""How transcription comes back by itself after a trouble: when it is started again, how often, and when no more.

At most one start is planned and at most one is in flight. A plan is a time on the call (`next_at`); what is told when
it has come (RetryDue) names that time, so that a plan which was changed or cancelled since does nothing.
"""

from hashlib import blake2b

from msgspec.structs import replace

from callscribe.domain.call.evidence import open_gap
from callscribe.domain.call.quota import QUOTA_CODES
from callscribe.domain.call.starting import admitted, begun, start_command
from callscribe.domain.call.values import (
    Call,
    CallState,
    Direction,
    Fresh,
    GapCause,
    GaveUp,
    Recovery,
    StartMode,
    Step,
    Transcription,
    TranscriptionState,
    WaitsFor,
)
from callscribe.domain.commands import StopTranscription
from callscribe.domain.errors import Failure, StreamLost, TransportUrlUnusable, describe
from callscribe.domain.observations import RetryDue

RUNNING = frozenset({TranscriptionState.STARTING, TranscriptionState.ACTIVE, TranscriptionState.UPDATING})
"""States in which ACS is taken to transcribe, or to be about to."""


def start_now(call: Call, fresh: Fresh) -> Step:
    """Start by ourselves, unless somebody has or nobody wants it; where the AI resource bears no more, later."""
    transcription = call.transcription
    idle = transcription.operation is None and transcription.state is TranscriptionState.INACTIVE
    if transcription.mode is not StartMode.AUTO or not idle or waits(call):
        return Step(call)
    if not admitted(fresh):
        waiting = _planned(call, Recovery(since=fresh.now), fresh.room.next_slot, WaitsFor.QUOTA, fresh)
        opened, gaps = open_gap(waiting, GapCause.QUOTA, fresh.now, fresh)
        return Step(opened, (), (), gaps)
    started = begun(transcription, fresh)
    assert started.operation is not None
    return Step(replace(call, transcription=started), (start_command(started.operation),))


def after_failure(call: Call, failure: Failure, fresh: Fresh, retry_after_ms: int | None = None) -> Call:
    """The failed call with its next start planned, or with the reason why there is none."""
    if call.direction is Direction.FOREIGN:
        return call
    trouble = _trouble(call, fresh)
    if not failure.retryable:
        return _with(call, replace(trouble, gave_up=GaveUp.NOT_RETRYABLE))
    wait = max(_back_off_ms(trouble.attempts, fresh), retry_after_ms or 0)
    waits_for = WaitsFor.BACK_OFF
    if retry_after_ms is not None:
        waits_for = WaitsFor.RETRY_AFTER
    elif failure.code in QUOTA_CODES:
        waits_for = WaitsFor.QUOTA
        wait = max(wait, fresh.room.blocked_until - fresh.now)
    within = fresh.rules.within_ms
    if failure.sub_code == TransportUrlUnusable.sub_code and call.restored_at is None:
        # The address may be wrong, or our server was restarting, which is over after a while.
        within = min(within, fresh.rules.restart_ms)
    return _planned(call, trouble, fresh.now + wait, waits_for, fresh, within)


def await_stream(call: Call, fresh: Fresh) -> Call:
    """ACS has a while to restore the stream by itself before transcription is started again."""
    if call.direction is Direction.FOREIGN or waits(call) or call.transcription.state not in RUNNING:
        return call
    at = fresh.now + fresh.rules.reconnect_ms
    return _planned(call, _trouble(call, fresh), at, WaitsFor.STREAM, fresh)


def started(call: Call, fresh: Fresh) -> Call:
    """ACS confirmed a start: what was planned is done, and what was started again has to bring its words as well."""
    cleared = cancelled(call)
    recovery = cleared.transcription.recovery
    missing_words = recovery is not None and recovery.attempts > 0 and not call.transcription.packet_seen
    return await_stream(cleared, fresh) if missing_words else cleared


def cancelled(call: Call) -> Call:
    """The call without a planned start."""
    recovery = call.transcription.recovery
    if recovery is None or recovery.next_at is None:
        return call
    return _with(call, replace(recovery, next_at=None, waits_for=None))


def settled(call: Call, now: int) -> Call:
    """The call as it is after any step: where its words come again, the trouble is over."""
    transcription, recovery = call.transcription, call.transcription.recovery
    active = transcription.state is TranscriptionState.ACTIVE and call.gap is None
    if recovery is None or not active or recovery.settled_at is not None:
        return call
    return _with(call, replace(recovery, next_at=None, waits_for=None, gave_up=None, settled_at=now))


def on_retry_due(call: Call, seen: RetryDue, fresh: Fresh) -> Step:
    transcription, recovery = call.transcription, call.transcription.recovery
    if recovery is None or recovery.next_at != seen.at:
        return Step(call)
    if transcription.packet_seen and call.gap is None:
        return Step(cancelled(call))
    if call.state is not CallState.CONNECTED or transcription.operation is not None:
        waits_for = WaitsFor.CONNECTION if call.state is not CallState.CONNECTED else WaitsFor.STREAM
        return Step(_planned(call, recovery, fresh.now + fresh.rules.longest_ms, waits_for, fresh))
    if fresh.room.blocked_until > fresh.now:
        return Step(_planned(call, recovery, fresh.room.next_slot, WaitsFor.QUOTA, fresh))
    return again(call, fresh)


def again(call: Call, fresh: Fresh) -> Step:
    """Start transcription again, now; where ACS may take it to be running still, stop it first."""
    transcription, recovery = call.transcription, call.transcription.recovery
    assert recovery is not None, "only what was planned is started again"
    stop_first = transcription.state in RUNNING
    counted = replace(recovery, attempts=recovery.attempts + 1, next_at=None, waits_for=None)
    restarted = replace(begun(transcription, fresh, stop_first=stop_first), recovery=counted)
    operation = restarted.operation
    assert operation is not None
    if stop_first:
        restarted = replace(restarted, failure=describe(StreamLost()))
        return Step(replace(call, transcription=restarted), (StopTranscription(operation_id=operation.id),))
    return Step(replace(call, transcription=restarted), (start_command(operation),))


def waits_for_connection(call: Call) -> bool:
    recovery = call.transcription.recovery
    return waits(call) and recovery is not None and recovery.waits_for is WaitsFor.CONNECTION


def forgotten(transcription: Transcription) -> Transcription:
    """Somebody took it into their own hands: nothing is planned, and the next trouble has a whole budget."""
    return replace(transcription, recovery=None)


def waits(call: Call) -> bool:
    """Whether a start is planned."""
    recovery = call.transcription.recovery
    return recovery is not None and recovery.next_at is not None


def _with(call: Call, recovery: Recovery) -> Call:
    return replace(call, transcription=replace(call.transcription, recovery=recovery))


def _trouble(call: Call, fresh: Fresh) -> Recovery:
    """The trouble that goes on, or a new one where the last was over for long enough."""
    known = call.transcription.recovery
    if known is None:
        return Recovery(since=fresh.now)
    if known.settled_at is not None and fresh.now - known.settled_at >= fresh.rules.longest_ms:
        return Recovery(since=fresh.now)
    return replace(known, next_at=None, waits_for=None, gave_up=None, settled_at=None)


def _planned(
    call: Call, trouble: Recovery, at: int, waits_for: WaitsFor, fresh: Fresh, within_ms: int | None = None
) -> Call:
    """The call with a start planned, unless the budget is spent by then."""
    within = fresh.rules.within_ms if within_ms is None else within_ms
    if trouble.attempts >= fresh.rules.attempts:
        return _spent(call, trouble, GaveUp.ATTEMPTS_SPENT)
    if at - trouble.since > within:
        return _spent(call, trouble, GaveUp.TIME_SPENT)
    return _with(call, replace(trouble, next_at=at, waits_for=waits_for))


def _spent(call: Call, trouble: Recovery, why: GaveUp) -> Call:
    """The call whose budget is spent; a stream that nobody waits for any more has failed."""
    recovery = replace(trouble, next_at=None, waits_for=None, gave_up=why)
    transcription = replace(call.transcription, recovery=recovery)
    if transcription.state in RUNNING and transcription.operation is None:
        transcription = replace(
            transcription,
            state=TranscriptionState.FAILED,
            failure=describe(StreamLost()),
            event_seen=False,
            packet_seen=False,
        )
    return replace(call, transcription=transcription)


def _back_off_ms(attempts: int, fresh: Fresh) -> int:
    """Half of it fixed, half of it by chance, so that calls that failed together do not come together again."""
    rules = fresh.rules
    whole = min(rules.longest_ms, rules.first_ms << min(attempts, 30))
    return whole - whole // 2 * _chance(fresh.id) // 65_536


def _chance(unique: str) -> int:
    """A number below 65,536 that an id gives, evenly spread over ids."""
    return int.from_bytes(blake2b(unique.encode(), digest_size=2).digest())
