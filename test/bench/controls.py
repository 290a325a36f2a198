"""The positive controls: errors that are made on purpose have to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from contestants import label
from results import Results
from session import CONTROL_COUNT, CONTROL_STEP, CONTROLS

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
    # For each: from which to which value the figure is right.
    kinds: dict[str, tuple[str, str, float, float]] = {
        "swap": (f"{pairs} pairs are sent in reverse",
                 f"{pairs} out of order", pairs, pairs),
        "skip": (f"{gaps} values are left out", f"{gaps} gaps", gaps, gaps),
        "leak": ("the handler allocates", "1 allocation per signal",
                 0.99, 1.01)}
    controls = {
        (name, workload): Control(f"{workload}: {kinds[name][0]}",
                                  kinds[name][1])
        for name, (_, workloads) in CONTROLS.items()
        for workload in workloads}
    for run in results.data["controls"]:
        name = run["control"]
        _, _, low, high = kinds[name]
        value: Optional[float] = run["output"][CONTROLS[name][0]]
        if value is not None:
            # Each of several objects has to see it.
            value /= run["output"].get("objects", 1)
        controls[name, run["workload"]].add(
            label(run["contestant"]),
            value is not None and low <= value <= high, value)
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
