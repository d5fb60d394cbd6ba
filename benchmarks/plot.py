"""The ratios as a picture: a bar for each case on a logarithmic scale, with a mark where it is to reach."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from benchmarks.figures import Outcome

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 900, 26, 190, 110, 56
_LEAST = 0.03
_REACHED, _MISSED = "#2a7f62", "#b3472f"


def plot(outcomes: Sequence[Outcome], machine: Mapping[str, str]) -> str:
    """An SVG document."""
    most = max([2.0, *(value for one in outcomes for value in (one.ratio, one.case.reach))]) * 1.3
    height = _TOP + _ROW * len(outcomes) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="24" font-size="16">How many times better than its peer</text>',
        f'<text x="12" y="42" fill="#666666">{escape(machine.get("processor", ""))}</text>',
        *_grid(most, height),
        *(line for place, one in enumerate(outcomes) for line in _bar(one, _TOP + _ROW * place, most)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def across(value: float, most: float) -> float:
    """Where a ratio is on the picture, from left to right."""
    part = math.log(max(value, _LEAST) / _LEAST) / math.log(most / _LEAST)
    return _LEFT + part * (_WIDTH - _LEFT - _RIGHT)


def _grid(most: float, height: int) -> Iterator[str]:
    for value in (0.1, 1.0, 10.0, 100.0):
        if value < most:
            x = across(value, most)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 30}" stroke="#dddddd"/>'
            yield f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" fill="#666666">{value:g} ×</text>'


def _bar(one: Outcome, y: int, most: float) -> Iterator[str]:
    end, mark = across(one.ratio, most), across(one.case.reach, most)
    colour = _REACHED if one.ok else _MISSED
    yield f"<g><title>{escape(one.case.says)}</title>"
    yield f'<text x="{_LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(one.case.name)}</text>'
    yield f'<rect x="{_LEFT}" y="{y + 4}" width="{end - _LEFT:.1f}" height="{_ROW - 10}" fill="{colour}"/>'
    yield f'<line x1="{mark:.1f}" x2="{mark:.1f}" y1="{y + 1}" y2="{y + _ROW - 3}" stroke="#222222" stroke-width="2"/>'
    yield f'<text x="{_WIDTH - _RIGHT + 8}" y="{y + 16}">{one.ratio:.2f} of {one.case.reach:.2f}</text></g>'
