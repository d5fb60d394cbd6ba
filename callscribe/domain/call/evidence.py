"""What is known of a call and by whom: its ids, the two witnesses of transcription, and the open gap."""

from msgspec.structs import replace

from callscribe.domain.call.values import Call, Fresh, Gap, GapCause, TranscriptionState


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
    return replace(call, gap=None), (gap,)
