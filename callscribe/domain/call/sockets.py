"""What the transcript server sees of a call: its sockets, and whether its words can be heard."""

from msgspec.structs import replace

from callscribe.domain.call import recovery
from callscribe.domain.call.evidence import (
    accounted,
    bound,
    close_gap,
    is_over,
    open_gap,
    restored,
    witnessed,
)
from callscribe.domain.call.values import (
    Call,
    CallState,
    Fresh,
    Gap,
    GapCause,
    OpenSocket,
    OperationKind,
    Step,
    TranscriptionState,
)
from callscribe.domain.observations import (
    PacketsBegan,
    PacketsRefused,
    SocketClosed,
    SocketOpened,
    SocketsLost,
)

MOST_SOCKETS = 64
"""Of one call that are remembered; the transcript server admits fewer."""
_SERVICE_RESTART = 1012
"""RFC 6455's registry of close codes; only our own server closes with it."""


def on_socket_opened(call: Call, seen: SocketOpened, fresh: Fresh) -> Step:
    """A socket that comes alone although packets were coming: the one before was lost with its server."""
    call = bound(call, seen.call_connection_id, None, seen.correlation_id)
    opened = OpenSocket(seen.socket_id, seen.server)
    others = tuple(one for one in call.sockets if seen.others or one.server != seen.server)
    kept = tuple(one for one in others if one.id != seen.socket_id)
    call = replace(call, sockets=(*kept, opened)[-MOST_SOCKETS:])
    if seen.others or not call.transcription.packet_seen:
        return Step(call)
    since = seen.at if seen.heard_until is None else min(seen.at, seen.heard_until)
    return _unheard(call, since, GapCause.SOCKET_DROPPED, fresh)


def on_packets_began(call: Call, seen: PacketsBegan, fresh: Fresh) -> Step:
    call = bound(call, seen.call_connection_id, None, seen.correlation_id)
    if call.transcription.state is TranscriptionState.FAILED and recovery.waits(call):
        # They are told late, and are of the run that has failed: its end is what was heard first.
        return Step(call)
    closed, gaps = close_gap(call, seen.at, "packets")
    return Step(witnessed(restored(closed, seen.at), packet_seen=True), (), (), gaps)


def on_socket_closed(call: Call, seen: SocketClosed, fresh: Fresh) -> Step:
    call = replace(call, sockets=tuple(one for one in call.sockets if one.id != seen.socket_id))
    if seen.remaining:
        return Step(call)
    ours = seen.code == _SERVICE_RESTART
    return _unheard(call, seen.at, GapCause.SERVICE_RESTART if ours else GapCause.SOCKET_DROPPED, fresh)


def on_sockets_lost(call: Call, seen: SocketsLost, fresh: Fresh) -> Step:
    """Nothing was heard after the last segment on the record, for all that we know."""
    left = tuple(one for one in call.sockets if one.server != seen.server)
    if len(left) == len(call.sockets):
        return Step(call)
    call = replace(call, sockets=left)
    if left or not call.transcription.packet_seen:
        return Step(call)
    since = seen.at if seen.heard_until is None else min(seen.at, seen.heard_until)
    return _unheard(call, since, GapCause.SERVICE_RESTART, fresh)


def on_packets_refused(call: Call, seen: PacketsRefused, fresh: Fresh) -> Step:
    """What was in packets that cannot be read is not known: a gap that has ended already."""
    gap = Gap(
        id=f"gap_{fresh.id}",
        cause=GapCause.PACKETS_REFUSED,
        started_at=min(seen.since, seen.at),
        ended_at=seen.at,
        ended_by="packets",
    )
    return Step(accounted(call, gap), (), (), (gap,))


def _unheard(call: Call, since: int, cause: GapCause, fresh: Fresh) -> Step:
    """No socket of the call is open: a gap, unless nothing was to be heard."""
    transcription = call.transcription
    stopping = transcription.operation is not None and (
        transcription.operation.kind is OperationKind.STOP or transcription.operation.restart
    )
    running = transcription.state in recovery.RUNNING and transcription.packet_seen
    if call.state is not CallState.CONNECTED:
        return Step(call)
    waiting = replace(transcription, packet_seen=False)
    if stopping or not running:
        return Step(replace(call, transcription=waiting))
    if waiting.state is TranscriptionState.ACTIVE:
        waiting = replace(waiting, state=TranscriptionState.STARTING)
    call = replace(call, transcription=waiting)
    if is_over(call, since):
        return Step(recovery.await_stream(call, fresh))
    opened, gaps = open_gap(call, cause, since, fresh)
    return Step(recovery.await_stream(opened, fresh), (), (), gaps)
