"""`make bench`: the product beside its peers on this machine, each as it is shipped, and what every promise costs.

Servers have one core, the load has another. Both sides of a case are measured in turn, in an order that chance chooses
anew in each of at least five repetitions; a ratio is one of medians. Prints a table, and writes `build/bench.json`,
`build/bench-figures.json` and `build/bench.svg`. Exits with 1 where something could not be measured, and with --gate
also where a case does not reach what it is to reach.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from benchmarks import install
from benchmarks.bench import Bench
from benchmarks.cases import commits, connections, figures, packets, reading, streams
from benchmarks.figures import Case, Outcome
from benchmarks.machine import machine
from benchmarks.places import BUILD, TROUBLE, WORK, Failed
from benchmarks.processes import OTHER_CORE, pin, sweep
from benchmarks.report import legend, table, write

RATIOS: tuple[Case, ...] = (
    *packets.CASES,
    *packets.WAVES,
    *commits.CASES,
    *connections.CASES,
    *connections.BURSTS,
    *streams.CASES,
    *reading.CASES,
)
NAMES = (*(case.name for case in RATIOS), *figures.FIGURES)


def main(words: Sequence[str] | None = None) -> int:
    wanted = arguments(words)
    bench = Bench(wanted.repeats)
    WORK.mkdir(parents=True, exist_ok=True)
    sweep()
    told = machine()
    pin(OTHER_CORE)
    outcomes: list[Outcome] = []
    try:
        install.python_peers()
    except Failed as failed:
        sys.stderr.write(f"The peers cannot be installed: {failed}\n")
        return 1
    for group in (packets, commits, connections, streams, reading):
        try:
            outcomes += group.run(bench, wanted.cases)
        except TROUBLE as trouble:
            bench.left_out[group.__name__.rpartition(".")[2]] = str(trouble) or repr(trouble)
    figures.run(bench, wanted.cases)
    write(BUILD, outcomes, bench.figures, told)
    _say(outcomes, bench, told)
    missed = any(not outcome.ok for outcome in outcomes)
    return 1 if bench.left_out or (wanted.gate and missed) else 0


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """`cases` are all where none is named; several may stand in one word, between spaces or commas."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"some of: {', '.join(NAMES)}")
    parser.add_argument("--gate", action="store_true", help="exit with 1 where a case misses its reach")
    parser.add_argument(
        "--repeats", type=int, default=5, metavar="N", help="how often each side is measured (5)"
    )
    found = parser.parse_args(words)
    found.cases = [name for word in found.cases for name in word.replace(",", " ").split()] or list(NAMES)
    if unknown := sorted(set(found.cases) - set(NAMES)):
        parser.error(f"there is no case {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if found.repeats < 1:
        parser.error("--repeats must be at least 1")
    return found


def _say(outcomes: Sequence[Outcome], bench: Bench, told: dict[str, str]) -> None:
    lines = ["", *(f"{name}: {value}" for name, value in told.items()), ""]
    if outcomes:
        lines += [table(outcomes), "", legend(outcomes), ""]
    lines += [f"{name}: {value}" for name, value in bench.figures.items()]
    lines += [f"NOT MEASURED {name}: {why}" for name, why in bench.left_out.items()]
    lines.append(f"Written to {os.path.relpath(BUILD)}: bench.json, bench-figures.json and bench.svg.")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
