"""Charts of the results, drawn by Matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Sequence

from contestants import is_ours, label
from results import Results, Spread, cpu_per_signal, lost_percent, plain

try:
    import matplotlib  # type: ignore[import]
    matplotlib.use("svg")
    from matplotlib import pyplot
    AVAILABLE = True
except ImportError:
    AVAILABLE = False

_OURS, _OTHERS = "#0b6bcb", "#b4bbc4"
_TEXT, _FAINT = "#1f2328", "#d8dee4"

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": _TEXT,
    "axes.labelcolor": _TEXT,
    "axes.edgecolor": _FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "ytick.major.size": 0,
    "grid.color": _FAINT,
    # White also where a page is dark; the same file for the same figures.
    "figure.facecolor": "white",
    "svg.hashsalt": "sigfd",
}

_BAR_HEIGHT, _ROW = 0.64, 0.27  # of a row; inches


def _name_rows(axes: Any, contestants: Sequence[str]) -> None:
    axes.set_yticks(range(len(contestants)), map(label, contestants))
    axes.set_ylim(len(contestants) - 0.4, -0.6)
    for text, contestant in zip(axes.get_yticklabels(), contestants):
        if is_ours(contestant):
            text.set_color(_OURS)
            text.set_fontweight("bold")


def _colours(contestants: Sequence[str]) -> list[str]:
    return [_OURS if is_ours(one) else _OTHERS for one in contestants]


def _figure(rows: int, columns: int = 1) -> tuple[Any, Any]:
    figure, axes = pyplot.subplots(
        1, columns, figsize=(8.4, 1.2 + _ROW * rows), layout="constrained",
        squeeze=False, sharey=True)
    return figure, axes[0]


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)


def _write_values(axes: Any, ends: Sequence[float], texts: Sequence[str],
                  ) -> None:
    """Writes a text behind each row's end."""
    for row, (end, text) in enumerate(zip(ends, texts)):
        axes.annotate(text, (end, row), xytext=(8, 0), va="center",
                      textcoords="offset points", fontsize=9)


def _sorted_spreads(results: Results, workload: str, figure: Any,
                    ) -> list[tuple[str, Spread]]:
    found: list[tuple[str, Optional[Spread]]] = [
        (one, results.spread(workload, one, figure))
        for one in results.took_part(workload)]
    return sorted(((one, spread) for one, spread in found if spread),
                  key=lambda row: row[1].median)


def _cpu_time(results: Results, workload: str, title: str, file: Path) -> bool:
    # Of those that lose signals, CPU time says nothing.
    rows = [(one, spread) for one, spread in _sorted_spreads(
        results, workload, cpu_per_signal)
        if not results.worst(workload, one, "lost")]
    if not rows:
        return False
    names = [one for one, _ in rows]
    medians = [spread.median for _, spread in rows]
    highs = [spread.high for _, spread in rows]
    lows = [spread.low for _, spread in rows]
    figure, (axes,) = _figure(len(rows))
    axes.barh(range(len(rows)), medians, _BAR_HEIGHT, color=_colours(names))
    axes.hlines(range(len(rows)), lows, highs, color=_TEXT, linewidth=1)
    _write_values(axes, highs, [f"{value:.0f}" for value in medians])
    _name_rows(axes, names)
    axes.set_title(title)
    axes.set_xlabel("nanoseconds; median, and range as a line")
    axes.grid(axis="x")
    axes.margins(x=0.1)
    _save(figure, file)
    return True


def _drain(results: Results, file: Path) -> bool:
    return _cpu_time(results, "drain",
                     "CPU time for a signal that was pending", file)


def _fanout(results: Results, file: Path) -> bool:
    return _cpu_time(results, "fanout_drain",
                     "CPU time for a signal that all objects hear", file)


def _pingpong(results: Results, file: Path) -> bool:
    rows = [(one, spread.median / 1000, late.median / 1000)
            for one, spread in _sorted_spreads(results, "pingpong",
                                               plain("median_ns"))
            if (late := results.spread("pingpong", one, plain("p99_ns")))]
    if not rows:
        return False
    names = [one for one, _, _ in rows]
    medians = [median for _, median, _ in rows]
    lates = [late for _, _, late in rows]
    colours = _colours(names)
    figure, (axes,) = _figure(len(rows))
    axes.hlines(range(len(rows)), medians, lates, color=colours, linewidth=3)
    axes.scatter(medians, range(len(rows)), 44, colours, zorder=3,
                 label="median")
    axes.scatter(lates, range(len(rows)), 44, "white", "o", zorder=3,
                 edgecolors=colours, linewidths=1.6, label="99 of 100")
    _write_values(axes, lates,
                  [f"{a:.1f}   {b:.1f}" for a, b in zip(medians, lates)])
    _name_rows(axes, names)
    axes.set_title("From kill to the answer, on one CPU")
    axes.set_xlabel("microseconds; median (filled) and 99th percentile "
                    "(open)")
    axes.set_xlim(left=0)
    axes.grid(axis="x")
    axes.margins(x=0.12)
    _save(figure, file)
    return True


def _lost(results: Results, file: Path) -> bool:
    workloads = {"flood": "Flood", "stall": "Stall"}
    names = [one for one in results.contestants
             if all(results.spread(workload, one, lost_percent)
                    for workload in workloads)]
    if not names:
        return False
    figure, panels = _figure(len(names), len(workloads))
    for axes, (workload, title) in zip(panels, workloads.items()):
        spreads = [results.spread(workload, one, lost_percent)
                   for one in names]
        medians = [spread.median if spread else 0.0 for spread in spreads]
        highs = [spread.high if spread else 0.0 for spread in spreads]
        axes.barh(range(len(names)), medians, _BAR_HEIGHT,
                  color=_colours(names))
        _write_values(axes, medians, [
            "0" if high == 0 else f"{value:.1f} %"
            for value, high in zip(medians, highs)])
        axes.set_title(title)
        axes.set_xlim(0, 128)
        axes.set_xticks(range(0, 101, 25))
        axes.set_xlabel("signals lost, % of those sent")
        axes.grid(axis="x")
    _name_rows(panels[0], names)
    _save(figure, file)
    return True


def draw(results: Results, folder: Path) -> set[str]:
    """Draws what there are figures for; returns the names of the charts."""
    if not AVAILABLE:
        return set()
    folder.mkdir(parents=True, exist_ok=True)
    charts = {"drain": _drain, "pingpong": _pingpong, "lost": _lost,
              "fanout": _fanout}
    with matplotlib.rc_context(_STYLE):
        return {name for name, chart in charts.items()
                if chart(results, folder / f"{name}.svg")}
