"""The positive controls: errors that are made on purpose have to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from contestants import label
from results import Results
from session import CONTROL_COUNT, CONTROL_STEP

# Its cost is known: see the tables of any other program that strace runs.
RAW = "raw/epoll_read1"
# Instructions of a few lines and two system calls, by any compiler.
_RAW_INSTRUCTIONS = (20, 150)


@dataclass
class Control:
    """What has to show, and for whom it did."""

    text: str
    expected: str
    seen: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether it showed, for everyone for whom it can."""
        return bool(self.seen) and not self.missed

    def add(self, who: str, found: bool, value: Any) -> None:
        """Adds one for whom it ought to show."""
        if found:
            self.seen.append(who)
        else:
            self.missed.append(f"{who} ({value})")


def _made_errors(results: Results) -> list[Control]:
    pairs = CONTROL_COUNT // 2 // CONTROL_STEP
    gaps = CONTROL_COUNT // CONTROL_STEP
    # For each: the figure, and from which to which value it is right.
    kinds: dict[str, tuple[str, str, str, float, float]] = {
        "swap": (f"{pairs} pairs are sent in reverse", "out_of_order",
                 f"{pairs} out of order", pairs, pairs),
        "skip": (f"{gaps} values are left out", "value_gaps",
                 f"{gaps} gaps", gaps, gaps),
        "leak": ("the handler allocates", "allocations",
                 "1 allocation per signal", 0.99, 1.01)}
    controls: dict[tuple[str, str], Control] = {}
    for run in results.data["controls"]:
        output, workload = run["output"], run["workload"]
        what, key, expected, low, high = kinds[run["control"]]
        value: Optional[float] = output.get(key)
        # Who is told no values cannot see them; who loses signals, no more.
        if value is None or output.get("lost"):
            continue
        control = controls.setdefault(
            (run["control"], workload),
            Control(f"{workload}: {what}", expected))
        control.add(label(run["contestant"]), low <= value <= high,
                    f"{value:g}")
    return list(controls.values())


def _known_counts(results: Results) -> list[Control]:
    controls = []
    for workload in ("drain", "pingpong"):
        calls = results.calls(workload, RAW)
        if calls is None:
            continue
        control = Control(
            f"{workload}: system calls of {label(RAW)}",
            "one epoll_wait and one read")
        waits = sum(number for name, number in calls.items()
                    if name.startswith("epoll_"))
        right = (len(calls) == 2 and abs(waits - 1) < 0.02
                 and abs(calls.get("read", 0) - 1) < 0.02)
        control.add(label(RAW), right, calls)
        controls.append(control)
    instructions = results.instructions("drain", RAW)
    if instructions is not None:
        low, high = _RAW_INSTRUCTIONS
        control = Control(f"drain: user instructions of {label(RAW)}",
                          f"{low} to {high}")
        control.add(label(RAW), low <= instructions <= high,
                    f"{instructions:.0f}")
        controls.append(control)
    return controls


def controls_of(results: Results) -> list[Control]:
    """All, in the order of the report."""
    return [*_made_errors(results), *_known_counts(results)]
