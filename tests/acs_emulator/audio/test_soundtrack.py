import array

import pytest

from acs_emulator.audio.soundtrack import FORGET_EVERY, TICKS_PER_SAMPLE, Soundtrack

SAMPLE = TICKS_PER_SAMPLE


def _bytes(*samples: int) -> bytes:
    return array.array("h", samples).tobytes()


@pytest.fixture
def sound() -> Soundtrack:
    """A soundtrack that forgets nothing."""
    made = Soundtrack()
    made.keep(0)
    return made


def _add(sound: Soundtrack, raw_id: str, at: int, *samples: int, source: object = None) -> int:
    duration = len(samples) * SAMPLE
    return sound.add(raw_id, at * SAMPLE, duration, lambda: _bytes(*samples), source=source)


def _heard(sound: Soundtrack, raw_id: str, start: int, end: int) -> list[int] | None:
    samples = sound.heard(raw_id, start * SAMPLE, end * SAMPLE)
    return None if samples is None else array.array("h", samples).tolist()


def _mixed(sound: Soundtrack, start: int, end: int, *without: str) -> list[int] | None:
    samples = sound.mixed(start * SAMPLE, end * SAMPLE, without)
    return None if samples is None else array.array("h", samples).tolist()


def test_a_sound_is_heard_at_its_time(sound: Soundtrack) -> None:
    """Padded with silence; None before and after it, and for those who never sounded."""
    _add(sound, "a", 2, 1, 2, 3)
    assert _heard(sound, "a", 0, 6) == [0, 0, 1, 2, 3, 0]
    assert _heard(sound, "a", 3, 5) == [2, 3]
    assert _heard(sound, "a", 0, 2) is None
    assert _heard(sound, "a", 5, 9) is None
    assert _heard(sound, "b", 0, 9) is None


def test_sounds_of_one_speaker_follow_and_overlap(sound: Soundtrack) -> None:
    """Whatever the order in which they were added."""
    _add(sound, "a", 3, 4, 5)
    _add(sound, "a", 1, 2, 3, 10)
    assert _heard(sound, "a", 0, 6) == [0, 2, 3, 14, 5, 0]


def test_all_together(sound: Soundtrack) -> None:
    """Clipped where they are too loud; without some of them."""
    _add(sound, "a", 0, 30_000, -30_000, 1)
    _add(sound, "b", 0, 30_000, -30_000, 1)
    assert _mixed(sound, 0, 4) == [32_767, -32_768, 2, 0]
    assert _mixed(sound, 0, 3, "b") == [30_000, -30_000, 1]
    assert _mixed(sound, 0, 3, "a", "b") is None
    assert sound.speakers() == ["a", "b"]


def test_a_cut(sound: Soundtrack) -> None:
    """What sounds breaks off, what follows never begins; what another source makes goes on."""
    bot = object()
    _add(sound, "a", 0, 1, 1, 1, source=bot)
    _add(sound, "a", 3, 2, 2, source=bot)
    _add(sound, "a", 4, 7, 7)
    sound.cut("a", 2 * SAMPLE, source=bot)
    assert _heard(sound, "a", 0, 7) == [1, 1, 0, 0, 7, 7, 0]


def test_who_is_hushed(sound: Soundtrack) -> None:
    """Is not heard until they are no longer; saying it twice changes nothing."""
    _add(sound, "a", 0, 1, 2, 3, 4, 5, 6)
    for hushed, at in ((True, 1), (True, 2), (False, 3), (True, 5)):
        sound.hush("a", hushed, at * SAMPLE)
    assert _heard(sound, "a", 0, 6) == [1, 0, 0, 4, 5, 0]
    assert _heard(sound, "a", 1, 3) is None
    assert _heard(sound, "a", 5, 6) is None
    assert _mixed(sound, 2, 5) == [0, 4, 5]


def test_a_sound_that_comes_too_late(sound: Soundtrack) -> None:
    """It begins where the one who listens has come to."""
    keeper = sound.keep(0)
    keeper.advance(5 * SAMPLE)
    assert _add(sound, "a", 3, 1, 2) == 5 * SAMPLE
    assert _heard(sound, "a", 3, 8) == [0, 0, 1, 2, 0]


def test_what_is_kept() -> None:
    """All from a keeper's `needs` on; the slowest keeper counts, and the last one leaves nothing behind."""
    sound = Soundtrack()
    quick, slow = sound.keep(0), sound.keep(0)
    _add(sound, "a", 0, 1, 2)
    quick.advance(FORGET_EVERY)
    assert _heard(sound, "a", 0, 2) == [1, 2]
    slow.advance(FORGET_EVERY)
    assert _heard(sound, "a", 0, 2) is None
    later = FORGET_EVERY // SAMPLE
    _add(sound, "a", later, 3)
    quick.close()
    assert _heard(sound, "a", later, later + 1) == [3]
    slow.advance(FORGET_EVERY + SAMPLE)
    slow.close()
    assert _heard(sound, "a", later, later + 1) is None


def test_without_a_keeper() -> None:
    """Only what still sounds is there for one who comes now."""
    sound = Soundtrack()
    _add(sound, "a", 0, 1, 2)
    _add(sound, "a", 1, 5, 6, 7)
    _add(sound, "b", 2, 9)
    assert _mixed(sound, 0, 4) == [0, 5, 15, 7]


def test_samples_are_made_when_somebody_listens(sound: Soundtrack) -> None:
    """Once for one who listens straight through."""
    made = []

    def render() -> bytes:
        made.append(1)
        return _bytes(1, 2, 3, 4)

    sound.add("a", 0, 4 * SAMPLE, render)
    assert made == []
    assert [_heard(sound, "a", at, at + 2) for at in (0, 2, 4)] == [[1, 2], [3, 4], None]
    assert made == [1]


def test_fewer_samples_than_announced(sound: Soundtrack) -> None:
    """The rest is silent."""
    sound.add("a", 0, 4 * SAMPLE, lambda: _bytes(1))
    assert _heard(sound, "a", 0, 4) == [1, 0, 0, 0]
