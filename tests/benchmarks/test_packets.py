"""What the load consists of."""

from pathlib import Path

from benchmarks import packets
from callscribe.domain.packets import TranscriptionData, TranscriptionMetadata, parse


def test_packets_are_what_acs_sends() -> None:
    """Each is read by the product; one in four is final, and the offsets exceed what a double holds."""
    assert isinstance(parse(packets.metadata()), TranscriptionMetadata)
    read = [parse(text) for text in packets.data()]
    heard = [one for one in read if isinstance(one, TranscriptionData)]

    assert len(heard) == len(read) == packets.UTTERANCES * packets.PIECES
    assert [one.final for one in heard] == [False, False, False, True] * packets.UTTERANCES
    assert min(one.offset for one in heard) > 2**53
    assert {one.participant for one in heard[:8]} == {one.participant for one in heard}


def test_finals_are_different_segments() -> None:
    """None would be taken for the re-delivery of another."""
    finals = [
        one for text in packets.data(finals_only=True) if isinstance(one := parse(text), TranscriptionData)
    ]

    assert len({(one.participant, one.offset) for one in finals}) == len(finals) == packets.UTTERANCES
    assert all(one.final and one.words for one in finals)


def test_packets_are_the_same_each_time() -> None:
    """Two runs are comparable."""
    assert list(packets.data()) == list(packets.data())


def test_a_file_for_the_generator(tmp_path: Path) -> None:
    """The opening packet first; stamps in finals only, since readers count finals."""
    lines = packets.write(tmp_path / "packets", stamped=True).read_text(encoding="utf-8").splitlines()

    assert lines[0] == packets.metadata()
    assert [f"t={0:019}" in line for line in lines[1:]] == ['"Final"' in line for line in lines[1:]]
