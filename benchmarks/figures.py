"""What is measured and how it is judged: runs, medians, spreads, ratios and what they are to reach."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PRODUCT = "product"
CPU = "cpu_us_per_"
"""How the names of figures begin that are microseconds of CPU time."""


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement of one side: its figures by name, such as `packets_per_second`; none where it failed."""

    who: str
    values: Mapping[str, float]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A ratio of medians of the product to a peer, on `figure`; the product is on the side where higher is better."""

    name: str
    peer: str
    figure: str
    reach: float
    says: str
    less_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with the runs of both sides."""

    case: Case
    runs: tuple[Run, ...]

    def values(self, who: str) -> list[float]:
        return [run.values[self.case.figure] for run in self.runs if run.who == who and run.values]

    def median(self, who: str) -> float | None:
        """None where every run of it failed."""
        values = self.values(who)
        return statistics.median(values) if values else None

    @property
    def ratio(self) -> float:
        """How many times better the product is; 0 where it failed every time."""
        product, peer = self.median(PRODUCT), self.median(self.case.peer)
        if not product or not peer:
            return 0.0
        return peer / product if self.case.less_is_better else product / peer

    @property
    def cpu_ratio(self) -> float | None:
        """The same by CPU time for one packet, segment, socket or delivery, where that is known: steady on a machine
        that others use too, but blind to waiting."""
        both = [
            statistics.median(costs)
            for who in (self.case.peer, PRODUCT)
            if (costs := [cost for run in self.runs if run.who == who for cost in _costs(run)])
        ]
        return both[0] / both[1] if len(both) == 2 and both[1] else None

    @property
    def ok(self) -> bool:
        """Reached, and the product never failed: a run that loses a word is no fast one."""
        failed = any(run.who == PRODUCT and not run.values for run in self.runs)
        return self.ratio >= self.case.reach and not failed


def _costs(run: Run) -> list[float]:
    return [value for name, value in run.values.items() if name.startswith(CPU)]


def judged(cases: Sequence[Case], runs: Sequence[Run]) -> list[Outcome]:
    """Each case with the runs that belong to it; cases whose peer never ran are left out."""
    found = []
    for case in cases:
        mine = tuple(run for run in runs if run.who in (PRODUCT, case.peer))
        if any(run.who == case.peer and run.values for run in mine):
            found.append(Outcome(case, mine))
    return found


def spread(values: Sequence[float]) -> float:
    """Half the distance between the quartiles, as a part of the median; 0 for a single value."""
    middle = statistics.median(values)
    if len(values) < 2 or not middle:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / middle


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0 to 1) of all do not exceed. Raises ValueError where there are none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]
