"""Changes, commands and observations travel as JSON; topics are per call."""

import msgspec
import pytest

from callscribe.domain.changes import JobsDue, Notice, Partial, Ring, call_topic
from callscribe.domain.commands import AnyCommand, Connect, HangUp, StartTranscription, TranscriptionSetup
from callscribe.domain.errors import acs_http_error, describe
from callscribe.domain.observations import AnyObservation, CommandFailed, PacketsBegan, RingingOver


def test_each_call_has_a_topic_of_its_own() -> None:
    """Two calls never share one."""
    assert call_topic("call_1") != call_topic("call_2")


@pytest.mark.parametrize("notice", [Ring("call_1", 7), Partial("call_1", msgspec.Raw(b'{"a":1}')), JobsDue()])
def test_a_notice_comes_back_as_what_it_was(notice: Notice) -> None:
    """The bus carries all three kinds."""
    assert msgspec.json.encode(
        msgspec.json.decode(msgspec.json.encode(notice), type=Notice)
    ) == msgspec.json.encode(notice)


@pytest.mark.parametrize(
    "command",
    [
        HangUp(),
        StartTranscription(operation_id="op_1", locale="de-DE"),
        Connect(setup=TranscriptionSetup("en-US", True), room_id="r"),
    ],
)
def test_a_stored_command_comes_back_as_what_it_was(command: AnyCommand) -> None:
    """Another process carries it out."""
    assert msgspec.json.decode(msgspec.json.encode(command), type=AnyCommand) == command


@pytest.mark.parametrize(
    "seen",
    [
        RingingOver(at=1),
        PacketsBegan(at=1, socket_id="s", stream_id="x", locale=None),
        CommandFailed(at=1, command="answer", failure=describe(acs_http_error(503, None, "busy"))),
    ],
)
def test_a_stored_observation_comes_back_as_what_it_was(seen: AnyObservation) -> None:
    """The worker of another process acts on it."""
    assert msgspec.json.decode(msgspec.json.encode(seen), type=AnyObservation) == seen
