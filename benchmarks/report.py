"""What is left of a run: a table to read, `build/bench.json`, `build/bench-figures.json` and a plot."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import PRODUCT, Outcome, spread
from benchmarks.plot import plot

_HEAD = ("case", "product", "± %", "peer", "± %", "ratio", "by CPU", "reach", "", "n")


def write(
    folder: Path, outcomes: Sequence[Outcome], figures: Mapping[str, str], machine: Mapping[str, str]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _json(folder / "bench.json", [entry(outcome) for outcome in outcomes])
    _json(folder / "bench-figures.json", {"machine": dict(machine), "figures": dict(figures)})
    (folder / "bench.svg").write_text(plot(outcomes, machine), encoding="utf-8")


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def entry(outcome: Outcome) -> dict[str, Any]:
    """A case as `bench.json` has it; its runs in the order in which they were made."""
    return {
        "case": outcome.case.name,
        "ratio": round(outcome.ratio, 4),
        "reach": round(outcome.case.reach, 4),
        "ok": outcome.ok,
        "cpu_ratio": outcome.cpu_ratio and round(outcome.cpu_ratio, 4),
        "says": outcome.case.says,
        "figure": outcome.case.figure,
        "runs": [
            {"who": run.who, **run.values, **({"failure": run.failure} if run.failure else {})}
            for run in outcome.runs
        ],
    }


def table(outcomes: Sequence[Outcome]) -> str:
    """A line for each case, in columns."""
    rows = [_HEAD, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = []
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(outcome: Outcome) -> tuple[str, ...]:
    both = [*_side(outcome, PRODUCT), *_side(outcome, outcome.case.peer)]
    by_cpu = "" if outcome.cpu_ratio is None else f"{outcome.cpu_ratio:.2f}"
    judged = ("reached" if outcome.ok else "MISSED", str(len(outcome.values(PRODUCT))))
    return (outcome.case.name, *both, f"{outcome.ratio:.2f}", by_cpu, f"{outcome.case.reach:.2f}", *judged)


def _side(outcome: Outcome, who: str) -> tuple[str, str]:
    values = outcome.values(who)
    if not values:
        return "failed", "–"
    return f"{statistics.median(values):,.4g}", f"{spread(values) * 100:.0f}"


def legend(outcomes: Sequence[Outcome]) -> str:
    """What each case means, and in what it is measured."""
    lines = [f"{one.case.name}: {one.case.says} ({one.case.figure.replace('_', ' ')})" for one in outcomes]
    return "\n".join(lines)
