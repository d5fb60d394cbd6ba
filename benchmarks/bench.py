"""One go of the benchmarks: how often each thing is measured, and where progress is told."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.figures import Run
from benchmarks.places import TROUBLE

Measure = Callable[[], Mapping[str, float]]
MOST_FAILURES = 2


@dataclass(slots=True)
class Bench:
    """`figures` are those that are only printed, by name, each with a sentence."""

    repeats: int = 5
    figures: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Cases that could not be measured, and why."""
    _began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self._began:6.0f} s  {line}\n")
        sys.stderr.flush()

    def interleaved(self, measures: Mapping[str, Measure], title: str) -> list[Run]:
        """Every measurement once in each repetition, in an order that chance chooses anew each time.

        One that fails is kept as a run without figures; a side that has failed twice is not tried again.
        """
        runs: list[Run] = []
        for repetition in range(1, self.repeats + 1):
            for who in shuffled(list(measures)):
                if sum(run.who == who and not run.values for run in runs) < MOST_FAILURES:
                    runs.append(self._run(who, measures[who], f"{title} {repetition}"))
        return runs

    def _run(self, who: str, measure: Measure, title: str) -> Run:
        try:
            run = Run(who, measure())
        except TROUBLE as trouble:
            run = Run(who, {}, str(trouble) or repr(trouble))
        shown = ", ".join(f"{name} {value:,.4g}" for name, value in run.values.items())
        self.say(f"{title}: {who}: {shown or f'FAILED: {run.failure[:500]}'}")
        return run


def shuffled(names: Sequence[str]) -> Iterator[str]:
    yield from random.sample(names, len(names))
