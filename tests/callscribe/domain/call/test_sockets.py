"""What the transcript server sees of a call: which sockets are open, and what was lost with them."""

from collections.abc import Callable
from typing import Any

import pytest

from callscribe.domain import events
from callscribe.domain.call import CallState, GapCause, Missing, Transcription, TranscriptionState
from callscribe.domain.call.sockets import MOST_SOCKETS
from callscribe.domain.observations import (
    PacketsBegan,
    PacketsRefused,
    SocketClosed,
    SocketOpened,
    SocketsLost,
)
from tests.callscribe.domain.call.conftest import event


@pytest.fixture
def heard(life: Callable[..., Any]) -> Any:
    """A call that is being transcribed over one socket of the server `a`."""
    told = life(state=CallState.CONNECTED, connected_at=1, transcription=Transcription("en-US"))
    return told.tell(
        SocketOpened(at=10, socket_id="s1", server="a"),
        event(events.TranscriptionStarted, 20, status="transcriptionStarted"),
        PacketsBegan(at=30, socket_id="s1", stream_id="x", locale="en-US"),
    )


def opened(socket_id: str, at: int = 40, **facts: Any) -> SocketOpened:
    return SocketOpened(at=at, socket_id=socket_id, **facts)


def test_open_sockets_are_known_by_their_server(heard: Any) -> None:
    """One that closes is known no more; one that comes alone takes the place of those its server had."""
    heard.tell(opened("s2", server="a", others=1), opened("s3", server="b", others=1))
    assert [one.id for one in heard.call.sockets] == ["s1", "s2", "s3"]
    heard.tell(SocketClosed(at=50, socket_id="s2", code=1000, remaining=1))
    heard.tell(opened("s4", server="a"))
    assert [one.id for one in heard.call.sockets] == ["s3", "s4"]
    heard.tell(event(events.CallDisconnected, 60))
    assert heard.call.sockets == ()


def test_a_flood_of_sockets_is_bounded(heard: Any) -> None:
    """Only the newest are remembered."""
    heard.tell(*(opened(f"t{number}", others=1) for number in range(2 * MOST_SOCKETS)))
    assert len(heard.call.sockets) == MOST_SOCKETS


def test_sockets_of_another_server_are_left(heard: Any) -> None:
    """Words still come over them, and where none came there is nothing to lose."""
    heard.tell(opened("s2", server="b", others=1), SocketsLost(at=100, server="a"))
    assert ([one.id for one in heard.call.sockets], heard.gaps) == (["s2"], [])


def test_a_server_that_died_without_a_word_heard(heard: Any) -> None:
    """The gap begins when its successor does: nothing else is known."""
    assert heard.tell(SocketsLost(at=100, server="a")).gaps[0].started_at == 100


def test_a_socket_that_our_own_restart_closed(heard: Any) -> None:
    """Its gap says whose doing it was."""
    heard.tell(SocketClosed(at=50, socket_id="s1", code=1012, remaining=0))
    assert heard.call.gap.cause is GapCause.SERVICE_RESTART
    assert heard.call.transcription.state is TranscriptionState.STARTING


def test_sockets_of_a_call_without_words(life: Callable[..., Any]) -> None:
    """A server that died before any packet came took nothing along."""
    told = life(state=CallState.CONNECTED).tell(opened("s1", server="a"), SocketsLost(at=100, server="a"))
    assert (told.gaps, told.call.sockets) == ([], ())


def test_packets_that_cannot_be_read_are_a_gap_that_has_ended(heard: Any) -> None:
    """From the first to the last of them; the words around them count, and a gap that is open stays so."""
    heard.tell(PacketsRefused(at=70, socket_id="s1", since=60, count=3))
    (gap,) = heard.gaps
    assert (gap.cause, gap.started_at, gap.ended_at, gap.ended_by) == (
        GapCause.PACKETS_REFUSED,
        60,
        70,
        "packets",
    )
    heard.tell(PacketsRefused(at=90, socket_id="s1", since=90, count=1))
    assert heard.call.missing == Missing(2, 10, (GapCause.PACKETS_REFUSED,))
    assert heard.call.transcription.state is TranscriptionState.ACTIVE
