import json

import pytest

from acs_emulator.audio.voice import voice
from acs_emulator.calls.call import Call, Leg, LegState, Line, Person
from acs_emulator.streaming.outgoing import FRAME, MAX_BEHIND, Frames
from acs_emulator.streaming.state import Channel, MediaStreaming

PEOPLE = [f"8:acs:{number}" for number in range(6)]


def _leg(*people: str) -> Leg:
    call = Call("incoming")
    call.people = {raw_id: Person(raw_id) for raw_id in people}
    leg = Leg(call, "answer", "2026-03-12", "8:acs:app", "https://callbacks.example/", "correlation")
    call.legs.append(leg)
    leg.state = LegState.CONNECTED
    return leg


def _streaming(channel: Channel = "unmixed", *, loopback: bool = False) -> MediaStreaming:
    return MediaStreaming("wss://media.example/", channel, loopback=loopback)


def _say(call: Call, raw_id: str, frame: int, frames: int = 1) -> None:
    call.sound.add(raw_id, frame * FRAME, frames * FRAME, lambda: voice("Hi.", frames * FRAME, raw_id))


def _speakers(frames: Frames) -> dict[str, bool]:
    """Who has a frame, and whether they sound in it."""
    taken = [json.loads(frame)["audioData"] for frame in frames.take()]
    return {frame["participantRawID"]: not frame["silent"] for frame in taken}


def test_frames_are_due_when_they_are_over() -> None:
    """None early, all that are."""
    frames = Frames(_leg(), _streaming(), 10 * FRAME)
    assert [frames.due(10 * FRAME + one) for one in (0, FRAME - 1, FRAME, 3 * FRAME)] == [0, 0, 1, 3]
    frames.take()
    assert frames.due(13 * FRAME) == 2
    assert Frames(_leg(), _streaming(), 10 * FRAME + 7).origin == 10 * FRAME


@pytest.mark.parametrize("state", [LegState.CONNECTING, LegState.UNKNOWN])
def test_before_the_call_is_connected(state: LegState) -> None:
    """Nothing is due; the first frame begins when it is."""
    leg = _leg(PEOPLE[0])
    leg.state = state
    frames = Frames(leg, _streaming(), 0)
    assert frames.due(10 * FRAME) == 0
    leg.state = LegState.CONNECTED
    assert [frames.due(one * FRAME) for one in (10, 11)] == [0, 1]


def test_far_behind() -> None:
    """The oldest frames are lost, and counted."""
    frames = Frames(_leg(PEOPLE[0]), _streaming(), 0)
    assert frames.due((MAX_BEHIND + 7) * FRAME) == MAX_BEHIND
    assert frames.sent.lost == 7
    assert frames.due((MAX_BEHIND + 7) * FRAME) == MAX_BEHIND
    assert frames.sent.lost == 7


def test_the_four_who_spoke_last() -> None:
    """Have a frame each, in the order in which they came; a fifth takes the place of who has been silent longest."""
    leg = _leg(*PEOPLE)
    frames = Frames(leg, _streaming(), 0)
    for number, raw_id in enumerate([*PEOPLE[4:1:-1], PEOPLE[0], PEOPLE[5]]):
        _say(leg.call, raw_id, number)
    assert _speakers(frames) == {PEOPLE[0]: False, PEOPLE[1]: False, PEOPLE[2]: False, PEOPLE[4]: True}
    for _ in range(2):
        frames.take()
    assert _speakers(frames) == {PEOPLE[0]: True, PEOPLE[2]: False, PEOPLE[3]: False, PEOPLE[4]: False}
    assert _speakers(frames) == {PEOPLE[0]: False, PEOPLE[2]: False, PEOPLE[3]: False, PEOPLE[5]: True}


@pytest.mark.parametrize("loopback", [True, False])
def test_the_application_hears_itself(loopback: bool) -> None:
    """Where it asked for loopback audio only."""
    leg = _leg(PEOPLE[0])
    mixed = Frames(leg, _streaming("mixed", loopback=loopback), 0)
    unmixed = Frames(leg, _streaming(loopback=loopback), 0)
    _say(leg.call, leg.app, 0)
    assert json.loads(mixed.take()[0])["audioData"]["silent"] is not loopback
    assert _speakers(unmixed) == ({leg.app: True, PEOPLE[0]: False} if loopback else {PEOPLE[0]: False})


def test_two_ends_of_the_application() -> None:
    """Each hears the other."""
    leg = _leg()
    other = Leg(leg.call, "create", "2026-03-12", "8:acs:other", "https://callbacks.example/", "correlation")
    other.state = LegState.CONNECTED
    leg.call.legs.append(other)
    frames = [Frames(one, _streaming(), 0) for one in (leg, other)]
    _say(leg.call, other.shown_as, 0)
    assert [_speakers(one) for one in frames] == [{"8:acs:other": True}, {"8:acs:app": False}]


def test_behind_a_line() -> None:
    """All others are one: who called."""
    leg = _leg(*PEOPLE)
    leg.line = Line(far="4:+15551230009", near="4:+15551230008")
    frames = Frames(leg, _streaming(), 0)
    _say(leg.call, PEOPLE[0], 0)
    assert _speakers(frames) == {"4:+15551230009": True}


def test_who_has_left() -> None:
    """Is not heard any more."""
    leg = _leg(*PEOPLE[:2])
    frames = Frames(leg, _streaming("mixed"), 0)
    _say(leg.call, PEOPLE[0], 0, 2)
    assert not json.loads(frames.take()[0])["audioData"]["silent"]
    del leg.call.people[PEOPLE[0]]
    assert json.loads(frames.take()[0])["audioData"]["silent"]


def test_who_is_on_hold() -> None:
    """Is not heard."""
    leg = _leg(*PEOPLE[:2])
    frames = Frames(leg, _streaming("mixed"), 0)
    _say(leg.call, PEOPLE[0], 0, 2)
    assert not json.loads(frames.take()[0])["audioData"]["silent"]
    leg.call.people[PEOPLE[0]].on_hold = True
    assert json.loads(frames.take()[0])["audioData"]["silent"]


def test_a_leg_that_is_moved_to_another_call() -> None:
    """Is sent what sounds there, and keeps nothing of the call that it left."""
    leg, there = _leg(PEOPLE[0]), _leg(PEOPLE[1]).call
    frames = Frames(leg, _streaming(), 0)
    left = leg.call
    _say(left, PEOPLE[0], 0, 2)
    assert _speakers(frames) == {PEOPLE[0]: True}
    leg.call = there
    _say(there, PEOPLE[1], 1)
    assert _speakers(frames) == {PEOPLE[1]: True}
    _say(left, PEOPLE[0], 1)
    _say(left, PEOPLE[0], 2)
    assert left.sound.heard(PEOPLE[0], FRAME, 2 * FRAME) is None
