"""How runs are judged."""

import pytest

from benchmarks.figures import PRODUCT, Case, Outcome, Run, judged, percentile, spread

MORE = Case("more", "peer", "rate", 2.0, "more is better")
LESS = Case("less", "peer", "seconds", 2.0, "less is better", less_is_better=True)


def runs(figure: str, product: list[float], peer: list[float]) -> tuple[Run, ...]:
    return (
        *(Run(PRODUCT, {figure: value}) for value in product),
        *(Run("peer", {figure: value}) for value in peer),
    )


def test_more_is_better() -> None:
    """The ratio is one of medians, the product above."""
    outcome = Outcome(MORE, runs("rate", [40, 400, 30], [10, 1, 12]))

    assert outcome.ratio == 4.0
    assert outcome.ok


def test_less_is_better() -> None:
    """The product is still on the side where higher is better."""
    outcome = Outcome(LESS, runs("seconds", [4, 4, 4], [6, 6, 6]))

    assert outcome.ratio == 1.5
    assert not outcome.ok


def test_exactly_the_reach_is_reached() -> None:
    """At least, not more than."""
    assert Outcome(MORE, runs("rate", [20], [10])).ok


def test_a_product_that_fails_every_time() -> None:
    """It misses, whichever way is better."""
    for case in (MORE, LESS):
        failed = (Run(PRODUCT, {}, "fell over"), Run("peer", {case.figure: 1.0}))

        assert Outcome(case, failed).ratio == 0.0
        assert not Outcome(case, failed).ok


def test_a_product_that_fails_once() -> None:
    """The ratio is that of its other runs, and the case is missed all the same."""
    outcome = Outcome(MORE, (*runs("rate", [20], [10]), Run(PRODUCT, {}, "fell over")))

    assert outcome.ratio == 2.0
    assert not outcome.ok


def test_a_peer_that_fails_once() -> None:
    """Its other runs are its figures."""
    outcome = Outcome(MORE, (*runs("rate", [20], [10]), Run("peer", {}, "fell over")))

    assert outcome.ok


def test_a_case_whose_peer_never_ran_is_left_out() -> None:
    """There is nothing to judge it by."""
    assert judged([MORE], [Run(PRODUCT, {"rate": 1.0}), Run("peer", {}, "not installed")]) == []


def test_a_case_has_the_runs_of_its_two_sides() -> None:
    """In the order in which they were made; those of other peers are not among them."""
    made = [Run("peer", {"rate": 1.0}), Run("other", {"rate": 3.0}), Run(PRODUCT, {"rate": 2.0})]
    (outcome,) = judged([MORE], made)

    assert outcome.runs == (made[0], made[2])


def test_the_ratio_by_cpu_time() -> None:
    """Less CPU is better, whatever the case is about; none where it was not measured."""
    measured = (
        Run(PRODUCT, {"rate": 1.0, "cpu_us_per_packet": 5.0}),
        Run("peer", {"rate": 1.0, "cpu_us_per_packet": 10.0}),
    )
    assert Outcome(MORE, measured).cpu_ratio == 2.0
    assert Outcome(MORE, runs("rate", [1], [1])).cpu_ratio is None


def test_the_spread_is_half_between_the_quartiles() -> None:
    """As a part of the median; a single value has none."""
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1 / 3)
    assert spread([7.0]) == 0.0


def test_percentiles() -> None:
    """The value that so many do not exceed."""
    values = [float(value) for value in range(100, 0, -1)]

    assert percentile(values, 0.5) == 51.0
    assert percentile(values, 0.99) == 100.0
    assert percentile(values, 1.0) == 100.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
