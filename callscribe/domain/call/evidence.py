"""What is known of a call and by whom: its ids, the two witnesses of transcription, and its gaps."""

from msgspec.structs import replace

from callscribe.domain.call.values import Call, Fresh, Gap, GapCause, Missing, TranscriptionState


def bound(call: Call, connection: str | None, server_call: str | None, correlation: str | None) -> Call:
    """The call with ids that were not known yet; those that are known stay."""
    return replace(
        call,
        call_connection_id=call.call_connection_id or connection,
        server_call_id=call.server_call_id or server_call,
        correlation_id=call.correlation_id or correlation,
    )


def same_connection(known: str | None, told: str | None) -> bool:
    """Whether an id can be the known connection's; ACS writes its ids in either case, and not at all at first."""
    return known is None or told is None or known.casefold() == told.casefold()


def witnessed(call: Call, *, event_seen: bool = False, packet_seen: bool = False) -> Call:
    """The call after one more witness spoke; with both, transcription that was starting is active."""
    transcription = call.transcription
    seen = replace(
        transcription,
        event_seen=transcription.event_seen or event_seen,
        packet_seen=transcription.packet_seen or packet_seen,
    )
    if (
        seen.state is TranscriptionState.STARTING
        and seen.event_seen
        and seen.packet_seen
        and not seen.operation
    ):
        seen = replace(seen, state=TranscriptionState.ACTIVE)
    return replace(call, transcription=seen)


def is_over(call: Call, since: int) -> bool:
    """Whether an interruption has passed by the time it is told: its witnesses come by two ways, in either order."""
    return call.restored_at is not None and since < call.restored_at


def restored(call: Call, at: int) -> Call:
    return replace(call, restored_at=max(at, call.restored_at or at))


def open_gap(call: Call, cause: GapCause, at: int, fresh: Fresh) -> tuple[Call, tuple[Gap, ...]]:
    if call.gap is not None:
        return call, ()
    gap = Gap(id=f"gap_{fresh.id}", cause=cause, started_at=at)
    return replace(call, gap=gap), (gap,)


def close_gap(call: Call, at: int, by: str) -> tuple[Call, tuple[Gap, ...]]:
    """The call without its open gap, and the gap as it ended (no earlier than it began)."""
    if call.gap is None:
        return call, ()
    gap = replace(call.gap, ended_at=max(at, call.gap.started_at), ended_by=by)
    return accounted(replace(call, gap=None), gap), (gap,)


def accounted(call: Call, gap: Gap) -> Call:
    """The call with a gap that has ended added to what it misses."""
    return replace(call, missing=added(call.missing, gap))


def added(missing: Missing, gap: Gap) -> Missing:
    """What is missing with one more gap; one that is open, or in which nothing was missed, adds nothing."""
    if gap.is_empty or gap.ended_at is None:
        return missing
    causes = missing.causes if gap.cause in missing.causes else (*missing.causes, gap.cause)
    return Missing(missing.gaps + 1, missing.ms + gap.ended_at - gap.started_at, causes)
