"""Which cases there are, and how some of them are chosen."""

import re

import pytest

from benchmarks.__main__ import NAMES, RATIOS, arguments
from benchmarks.cases.figures import FIGURES
from benchmarks.processes import work_in
from tests.programs import ROOT


def test_everything_runs_where_nothing_is_named() -> None:
    """Also where `make bench` hands on an empty CASE."""
    assert arguments([]).cases == [*NAMES]
    assert arguments([""]).cases == [*NAMES]


def test_some_cases() -> None:
    """As words, or in one of them between spaces or commas."""
    assert arguments(["node", "burst,reading idle-memory"]).cases == [
        "node",
        "burst",
        "reading",
        "idle-memory",
    ]


@pytest.mark.parametrize("words", [["nonsense"], ["--repeats", "0"]])
def test_what_cannot_be_run_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the names that there are."""
    with pytest.raises(SystemExit) as ended:
        arguments(words)

    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_names_are_unique() -> None:
    """A name chooses one thing."""
    assert len(set(NAMES)) == len(NAMES)


def test_every_case_is_explained() -> None:
    """The page has a row for each, with what it is to reach."""
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| (.+?) \|$", page, re.MULTILINE))

    assert told.keys() == {*NAMES}
    assert {case.name: f"≥ {case.reach:.3g}" for case in RATIOS} == {
        name: reach for name, reach in told.items() if name not in FIGURES
    }


def test_when_a_server_had_done_its_work() -> None:
    """When all but a millisecond of its CPU time was used: what an idle server uses afterwards does not count."""
    busy = work_in([(10.0, 1.0), (10.5, 1.4), (11.0, 1.8), (11.1, 1.8004), (11.4, 1.8006)])

    assert busy.seconds == pytest.approx(1.0)
    assert busy.cpu == pytest.approx(0.8006)
