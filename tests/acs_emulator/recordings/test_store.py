import pytest

from acs_emulator.recordings import store
from acs_emulator.recordings.store import File, Recordings


def _file(name: str, size: int = 10, expires: float = 100) -> File:
    return File(name, bytes(size), b"{}", expires)


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """For newer files, by bytes and by number; the newest stays however large it is."""
    monkeypatch.setattr(store, "MAX_BYTES", 25)
    monkeypatch.setattr(store, "MAX_FILES", 3)
    recordings = Recordings()
    for name in "abc":
        recordings.keep(_file(name))
    assert [recordings.file(name, 0) is not None for name in "abc"] == [False, True, True]
    for name in "def":
        recordings.keep(_file(name, 1))
    assert [recordings.file(name, 0) is not None for name in "bcdef"] == [False, False, True, True, True]
    recordings.keep(_file("g", 1000))
    assert [recordings.file(name, 0) is not None for name in "defg"] == [False, False, False, True]


def test_a_deleted_file_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does one that has expired."""
    monkeypatch.setattr(store, "MAX_BYTES", 20)
    recordings = Recordings()
    recordings.keep(_file("a"))
    recordings.keep(_file("b", expires=1))
    recordings.delete("a")
    recordings.delete("a")
    assert recordings.file("b", 2) is None
    recordings.keep(_file("c"))
    recordings.keep(_file("d"))
    assert recordings.file("c", 2) is not None
    recordings.clear()
    assert recordings.file("c", 2) is None
