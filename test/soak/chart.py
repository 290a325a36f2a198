"""Draws what a soak test used over time, as SVG, with nothing but Python.

chart.py SAMPLES.tsv CHART.svg TITLE
"""

from __future__ import annotations

import csv
import html
import sys
from pathlib import Path
from typing import Sequence

_WIDTH, _LEFT, _RIGHT, _TOP = 860, 110, 20, 44
_ROW, _GAP = 84, 30
_LINE, _TEXT, _FAINT, _BAND = "#0b6bcb", "#1f2328", "#d8dee4", "#f3f5f7"

Point = tuple[float, float]
Panel = tuple[str, list[Point]]


def _ceiling(value: float) -> float:
    """The next round number."""
    step = 1.0
    while step * 10 < value:
        step *= 10
    for factor in (1, 2, 2.5, 5, 10):
        if value <= step * factor:
            return step * factor
    return value


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{html.escape(text)}</text>'


def _panel(title: str, points: Sequence[Point], top: float,
           end: float) -> list[str]:
    high = _ceiling(max(value for _, value in points) or 1)
    width = _WIDTH - _LEFT - _RIGHT

    def place(time: float, value: float) -> str:
        return (f"{_LEFT + width * time / end:.1f},"
                f"{top + _ROW * (1 - value / high):.1f}")

    parts = [_text(_LEFT, top - 6, title, 'font-weight="bold"')]
    for share in (0, 0.5, 1):
        y = top + _ROW * (1 - share)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" '
                     f'y2="{y:.1f}" stroke="{_FAINT}"/>')
        parts.append(_text(_LEFT - 8, y + 4, f"{high * share:,.6g}",
                           'text-anchor="end"'))
    line = " ".join(place(time, value) for time, value in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_LINE}" '
                 'stroke-width="1.5"/>')
    return parts


def _rate(rows: Sequence[dict[str, str]], column: str) -> list[Point]:
    """A second's share of what is counted; over ten samples, to be smooth."""
    points = []
    for before, row in zip(rows, rows[10:]):
        time = float(row["seconds"]) - float(before["seconds"])
        if time > 0:
            points.append((float(row["seconds"]),
                           (float(row[column]) - float(before[column])) / time))
    return points or [(0.0, 0.0)]


def _draw(rows: Sequence[dict[str, str]], title: str) -> str:
    def column(name: str, scale: float = 1) -> list[Point]:
        return [(float(row["seconds"]), float(row[name]) * scale)
                for row in rows]

    panels: list[Panel] = [
        ("Resident memory, MiB", column("rss_kib", 1 / 1024)),
        ("Allocated memory, KiB", column("heap_kib")),
        ("Descriptors", column("descriptors")),
        ("Threads", column("threads")),
        ("Signals sent per second", _rate(rows, "sent")),
        ("Signals delivered per second, to all objects",
         _rate(rows, "delivered")),
        ("Processors used", _rate(rows, "cpu")),
    ]
    end = max(float(rows[-1]["seconds"]), 1e-9)
    height = _TOP + len(panels) * (_ROW + _GAP) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" '
        f'height="{height}" font-family="DejaVu Sans, sans-serif" '
        f'font-size="11" fill="{_TEXT}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        _text(_LEFT, 20, title, 'font-size="14" font-weight="bold"')]
    top = float(_TOP)
    width = _WIDTH - _LEFT - _RIGHT
    for quarter in (0, 3):
        parts.append(
            f'<rect x="{_LEFT + width * quarter / 4:.1f}" y="{_TOP}" '
            f'width="{width / 4:.1f}" height="{height - _TOP - 52}" '
            f'fill="{_BAND}"/>')
    for name, points in panels:
        parts += _panel(name, points, top, end)
        top += _ROW + _GAP
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(_text(_LEFT + width * share, height - 30,
                           f"{end * share / 60:.3g} min",
                           'text-anchor="middle"'))
    parts.append(_text(_LEFT, height - 10, "The first and the last quarter, "
                       "which are compared, have a grey ground."))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def main() -> None:
    samples, chart, title = sys.argv[1:]
    with open(samples, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    Path(chart).write_text(_draw(rows, title), encoding="utf-8")


if __name__ == "__main__":
    main()
