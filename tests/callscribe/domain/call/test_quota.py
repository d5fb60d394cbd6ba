"""The pace at which an AI resource is asked for more transcriptions."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.call import Room
from callscribe.domain.call.quota import LEAST_PER_MINUTE, LONGEST_WAIT_MS, Quota

NOW = 1_000_000


def test_a_resource_that_refused_nothing_is_not_held_back() -> None:
    """However many start."""
    quota = Quota()
    for _ in range(1000):
        quota.admitted("a", NOW, NOW)
        quota.started("a")
    assert quota.room("a") == Room()


def test_a_refusal_holds_back_and_spreads_those_that_follow() -> None:
    """After a while a second's worth is admitted, and each next one a pace later."""
    quota = Quota()
    quota.refused("a", NOW)
    room = quota.room("a")
    assert NOW < room.blocked_until == room.next_slot
    slots = []
    for _ in range(30):
        slots.append(quota.room("a").next_slot)
        quota.admitted("a", NOW, slots[-1])
    assert slots[9] == slots[0] == room.next_slot
    assert {later - earlier for earlier, later in pairwise(slots[12:])} == {100}


def test_refusals_that_come_together_are_one() -> None:
    """A hundred calls that fail at once say no more than one; a later one halves the pace."""
    quota, other = Quota(), Quota()
    for _ in range(100):
        quota.refused("a", NOW)
    other.refused("a", NOW)
    assert quota.room("a") == other.room("a")
    first = quota.room("a").blocked_until - NOW
    quota.refused("a", NOW + 10_000)
    assert quota.room("a").blocked_until == NOW + 10_000 + 2 * first


def test_retry_after_is_honoured_up_to_a_bound() -> None:
    """A resource that asks for an hour is asked again after five minutes."""
    quota = Quota()
    quota.refused("a", NOW, 7000)
    assert quota.room("a").blocked_until == NOW + 7000
    quota.refused("a", NOW, 3_600_000)
    assert quota.room("a").blocked_until == NOW + LONGEST_WAIT_MS


def test_starts_raise_the_pace_until_nothing_is_held_back() -> None:
    """A little each."""
    quota = Quota()
    quota.refused("a", NOW)
    for _ in range(100):
        quota.started("a")
    assert quota.room("a") == Room()


def test_the_next_call_takes_another_resource() -> None:
    """The first that bears one more; all refusing, the one that does so first; none given, none."""
    quota = Quota()
    assert quota.choose(("a", "b"), NOW) == "a"
    quota.refused("a", NOW, 9000)
    assert quota.choose(("a", "b"), NOW) == "b"
    quota.refused("b", NOW, 20_000)
    assert quota.choose(("a", "b"), NOW) == "a"
    assert quota.choose((), NOW) is None


@given(st.lists(st.tuples(st.sampled_from(["refused", "started", "admitted"]), st.integers(0, 100_000))))
def test_whatever_happens_it_is_bounded(moments: list[tuple[str, int]]) -> None:
    """No slot is further away than the longest wait, and the pace never falls to nothing."""
    quota, now = Quota(), NOW
    for name, passed in moments:
        now += passed
        if name == "refused":
            quota.refused("a", now, passed)
        elif name == "started":
            quota.started("a")
        else:
            quota.admitted("a", now, max(now, quota.room("a").next_slot))
        room = quota.room("a")
        assert room.blocked_until <= room.next_slot
        assert room.next_slot - now <= LONGEST_WAIT_MS
    quota.refused("a", now + LONGEST_WAIT_MS)
    assert quota.room("a").blocked_until - now - LONGEST_WAIT_MS <= 60_000 / LEAST_PER_MINUTE
