import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.sql.words import pack, unpack
from callscribe.domain.transcript import Word

offsets = st.integers(min_value=0, max_value=2**63 - 1)
words = st.lists(
    st.builds(
        Word,
        text=st.text(st.characters(exclude_categories=["Cs"])),
        offset=offsets,
        duration=st.none() | offsets,
        confidence=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )
).map(tuple)


@given(words=words, segment_offset=offsets)
def test_words_come_back_exactly(words: tuple[Word, ...], segment_offset: int) -> None:
    """Whatever their order, with offsets beyond 2^53 and parts missing."""
    assert unpack(pack(words, segment_offset), segment_offset) == words


def test_words_of_a_usual_segment_are_small() -> None:
    """Neighbouring words cost a few bytes beside their text, although each offset has nineteen digits."""
    start = 2_516_942_161_212_568_046
    words = tuple(Word("word", start + at * 4_000_000, 3_000_000) for at in range(10))
    assert len(pack(words, start)) < 10 * len("word") + 140


def test_an_offset_beyond_64_bits_is_refused() -> None:
    """No database column could hold it."""
    with pytest.raises(OverflowError):
        pack((Word("word", 2**70),), 0)
