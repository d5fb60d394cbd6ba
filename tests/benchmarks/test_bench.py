"""In which order things are measured, and what becomes of those that fail."""

from collections.abc import Mapping

import pytest

from benchmarks.bench import MOST_FAILURES, Bench
from benchmarks.places import Failed


def test_both_sides_are_measured_in_turn(capsys: pytest.CaptureFixture[str]) -> None:
    """Each once in every repetition, whatever the order within it; progress is told while it lasts."""
    made = Bench(repeats=5).interleaved(
        {"product": lambda: {"rate": 2.0}, "peer": lambda: {"rate": 1.0}}, "packets"
    )

    pairs = [{one.who, other.who} for one, other in zip(made[::2], made[1::2], strict=True)]
    assert pairs == [{"product", "peer"}] * 5
    assert capsys.readouterr().err.count("packets 5: product: rate 2") == 1


def test_a_side_that_fails_is_not_tried_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    """Its runs say why, and the other side goes on."""

    def fails() -> Mapping[str, float]:
        raise Failed("it fell over")

    made = Bench(repeats=5).interleaved({"product": fails, "peer": lambda: {"rate": 1.0}}, "packets")

    failed = [run for run in made if run.who == "product"]
    assert [run.failure for run in failed] == ["it fell over"] * MOST_FAILURES
    assert not any(run.values for run in failed)
    assert sum(run.who == "peer" for run in made) == 5
    assert "it fell over" in capsys.readouterr().err
