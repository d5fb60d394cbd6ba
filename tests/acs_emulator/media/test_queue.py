import pytest

from acs_emulator.errors import Refused
from acs_emulator.media.queue import MAIN, MAX_OPERATIONS, MediaQueue, Operation

canceled: list[str] = []


def _operation(*exclusive: str, name: str = "", lane: str = MAIN) -> Operation:
    return Operation(lane, exclusive, lambda: canceled.append(name))


def test_operations_on_one_participants_leg_exclude_each_other() -> None:
    """The second is refused until the first is over; those of others and of everybody are not."""
    queue = MediaQueue()
    first = _operation("8:acs:a", "8:acs:b")
    queue.add(first)
    for operation in (_operation(), _operation("8:acs:c")):
        queue.add(operation)
    with pytest.raises(Refused) as refused:
        queue.add(_operation("8:acs:b"))
    assert (refused.value.status, refused.value.code) == (412, "8583")
    queue.remove(first)
    queue.add(_operation("8:acs:b"))


def test_a_queue_is_bounded() -> None:
    """429 with the sub code of throttled calls."""
    queue = MediaQueue()
    for _ in range(MAX_OPERATIONS):
        queue.add(_operation())
    with pytest.raises(Refused) as refused:
        queue.add(_operation())
    assert (refused.value.status, refused.value.code) == (429, "8516")


def test_canceling_tells_each_and_dropping_none() -> None:
    """In the order in which they came, and once."""
    canceled.clear()
    queue = MediaQueue()
    queue.add(_operation(name="first"))
    queue.add(_operation(name="second"))
    queue.cancel_all()
    queue.cancel_all()
    assert canceled == ["first", "second"]
    queue.add(_operation(name="third"))
    queue.drop()
    queue.cancel_all()
    assert canceled == ["first", "second"]


def test_a_lane_is_one_turn() -> None:
    """Operations of one lane share it, those of others do not."""
    queue = MediaQueue()
    assert queue.turn(_operation()) is queue.turn(_operation("8:acs:a"))
    assert queue.turn(_operation()) is not queue.turn(_operation(lane="8:acs:a"))
