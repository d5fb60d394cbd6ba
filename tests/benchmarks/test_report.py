"""What a run of the benchmarks leaves behind."""

import json
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.figures import PRODUCT, Case, Outcome, Run
from benchmarks.plot import across, plot
from benchmarks.report import legend, table, write

REACHED = Outcome(
    Case("burst", "peer", "seconds", 5.0, "a burst of <1,000> & more", less_is_better=True),
    (Run(PRODUCT, {"seconds": 0.25}), Run("peer", {"seconds": 2.0})),
)
MISSED = Outcome(
    Case("node", "peer", "packets_per_second", 1.5, "packets/s"),
    (Run(PRODUCT, {}, "it fell over"), Run("peer", {"packets_per_second": 100.0})),
)
MACHINE = {"processor": "a processor, 2 cores"}
SVG = "{http://www.w3.org/2000/svg}"


def test_what_is_written(tmp_path: Path) -> None:
    """The ratios for programs, with every run; the figures and the machine beside them; and a picture."""
    write(tmp_path, [REACHED, MISSED], {"starting": "at once"}, MACHINE)

    burst, node = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert (burst["case"], burst["ratio"], burst["reach"], burst["ok"]) == ("burst", 8.0, 5.0, True)
    assert burst["runs"] == [{"who": "product", "seconds": 0.25}, {"who": "peer", "seconds": 2.0}]
    assert (node["ratio"], node["ok"], node["runs"][0]["failure"]) == (0.0, False, "it fell over")
    beside = json.loads((tmp_path / "bench-figures.json").read_text(encoding="utf-8"))
    assert beside == {"machine": MACHINE, "figures": {"starting": "at once"}}
    assert (tmp_path / "bench.svg").read_text(encoding="utf-8") == plot([REACHED, MISSED], MACHINE)


def test_the_table() -> None:
    """A case that misses says so, and so does a side that failed."""
    head, burst, node = table([REACHED, MISSED]).splitlines()

    assert head.split() == ["case", "product", "±", "%", "peer", "±", "%", "ratio", "by", "CPU", "reach", "n"]
    assert burst.split() == ["burst", "0.25", "0", "2", "0", "8.00", "5.00", "reached", "1"]
    assert node.split() == ["node", "failed", "–", "100", "0", "0.00", "1.50", "MISSED", "0"]


def test_the_legend() -> None:
    """What is compared, and in what it is measured."""
    assert legend([MISSED]) == "node: packets/s (packets per second)"


def test_the_picture_has_a_bar_for_each_case() -> None:
    """A whole document; the longer bar is the better ratio, and what reaches looks otherwise than what misses."""
    document = ElementTree.fromstring(plot([REACHED, MISSED], MACHINE))
    bars = [group.find(f"{SVG}rect") for group in document.findall(f"{SVG}g")]
    titles = [title.text for title in document.iter(f"{SVG}title")]

    assert titles == ["a burst of <1,000> & more", "packets/s"]
    assert len(bars) == 2
    assert len({bar.get("fill") for bar in bars if bar is not None}) == 2
    widths = [float(bar.get("width", "")) for bar in bars if bar is not None]
    assert widths[0] > widths[1] == 0.0


def test_a_scale_without_anything_on_it() -> None:
    """Nothing measured is an empty picture, not an error; a ratio of nothing is at its left edge."""
    assert ElementTree.fromstring(plot([], {})).findall(f"{SVG}g") == []
    assert across(0.0, 10.0) < across(1.0, 10.0) < across(10.0, 10.0)
