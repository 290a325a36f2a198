"""What was measured, and the figures that follow from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Any, Callable, Iterable, Optional

from contestants import ARRANGEMENTS, arranged

Output = dict[str, Any]
Figure = Callable[[Output], Optional[float]]

# The pseudo-contestant that queues the signals of a drain and ends.
QUEUE_ONLY = "queue only"


@dataclass(frozen=True)
class Spread:
    """A median and the range about it."""

    median: float
    low: float
    high: float
    number: int

    @staticmethod
    def of(values: Iterable[Optional[float]]) -> Optional[Spread]:
        """That of values, or None where there are none."""
        known = [value for value in values if value is not None]
        if not known:
            return None
        return Spread(median(known), min(known), max(known), len(known))


# --- figures of one run -----------------------------------------------------

def plain(key: str) -> Figure:
    """What the program printed under a name."""
    return lambda output: output.get(key)


def cpu_per_signal(output: Output) -> Optional[float]:
    """Nanoseconds of CPU time for a signal that arrived.

    None where a quarter was lost or more: it would be the price of that.
    """
    cpu, count = output.get("cpu_ns"), output.get("count")
    received = output.get("received")
    if cpu is None or not count or not received or received <= count * 0.75:
        return None
    return float(cpu) / float(received)


def cpu_per_round(output: Output) -> Optional[float]:
    """Nanoseconds of CPU time for a round of pingpong or of cancel."""
    cpu, count = output.get("cpu_ns"), output.get("count")
    return float(cpu) / float(count) if cpu is not None and count else None


def signals_per_second(output: Output) -> Optional[float]:
    """Those that arrived."""
    wall, received = output.get("wall_ns"), output.get("received")
    if cpu_per_signal(output) is None or not wall or received is None:
        return None
    return float(received) * 1e9 / float(wall)


def wall_per_signal(output: Output) -> Optional[float]:
    """Nanoseconds until all had arrived, divided by how many."""
    wall, count = output.get("wall_ns"), output.get("count")
    return float(wall) / float(count) if wall is not None and count else None


def lost_percent(output: Output) -> Optional[float]:
    """Of those that were sent."""
    lost, count = output.get("lost"), output.get("count")
    return 100.0 * lost / count if lost is not None and count else None


# --- all runs ---------------------------------------------------------------

class Results:
    """The content of results.json."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._outputs: dict[tuple[str, str], dict[int, Output]] = (
            defaultdict(dict))
        for run in data["runs"]:
            key = (run["workload"], run["contestant"])
            self._outputs[key][run["round"]] = run["output"]
        self._counts: dict[tuple[str, str, str], dict[int, dict[int, Any]]] = (
            defaultdict(lambda: defaultdict(dict)))
        for run in data["counts"]:
            counts = self._counts[
                run["tool"], run["workload"], run["contestant"]]
            counts[run["round"]][run["size"]] = run

    @property
    def contestants(self) -> list[str]:
        """All, in the order of the tables."""
        return list(self.data["contestants"])

    def took_part(self, workload: str) -> list[str]:
        """Those that were run in a workload."""
        names = self.contestants
        if workload in ARRANGEMENTS:
            names = [arranged(name, arrangement) for name in names
                     for arrangement in ARRANGEMENTS[workload]]
        return [name for name in names if self._outputs.get((workload, name))]

    def outputs(self, workload: str, contestant: str) -> list[Output]:
        """What a contestant's runs printed."""
        return list(self._outputs.get((workload, contestant), {}).values())

    def spread(self, workload: str, contestant: str, figure: Figure,
               ) -> Optional[Spread]:
        """A figure over the rounds."""
        return Spread.of(map(figure, self.outputs(workload, contestant)))

    def received_each(self, workload: str, contestant: str,
                      ) -> Optional[Spread]:
        """How many came to each of several objects, over the rounds."""
        return Spread.of(
            number for output in self.outputs(workload, contestant)
            for number in output["received_each"])

    def worst(self, workload: str, contestant: str, key: str,
              ) -> Optional[float]:
        """The largest value of a figure that ought to be 0."""
        spread = self.spread(workload, contestant, plain(key))
        return spread.high if spread else None

    def ratio(self, workload: str, ours: str, theirs: str, figure: Figure,
              ) -> Optional[Spread]:
        """Ours to theirs, round by round."""
        mine = self._outputs.get((workload, ours), {})
        others = self._outputs.get((workload, theirs), {})
        ratios = []
        for round_ in mine.keys() & others.keys():
            a, b = figure(mine[round_]), figure(others[round_])
            if a is not None and b:
                ratios.append(a / b)
        return Spread.of(ratios)

    def _slopes(self, tool: str, workload: str, contestant: str,
                ) -> list[dict[str, float]]:
        """For each round, how much one signal adds to each count."""
        slopes = []
        for sizes in self._counts.get((tool, workload, contestant),
                                      {}).values():
            if len(sizes) != 2:
                continue
            (few, first), (many, second) = sorted(sizes.items())
            # What one costs is not known if some were lost, and the queue may
            # have no room for all.
            if any(run["output"].get("lost") or run["output"].get("count",
                   size) != size for size, run in sizes.items()):
                continue
            names = first["counts"].keys() | second["counts"].keys()
            slopes.append({
                name: (second["counts"].get(name, 0)
                       - first["counts"].get(name, 0)) / (many - few)
                for name in sorted(names)})
        return slopes

    def per_signal(self, tool: str, workload: str, contestant: str,
                   ) -> Optional[dict[str, float]]:
        """System calls by name, or instructions, that one signal costs.

        The median of the rounds; without what queueing the signals of a drain
        costs. None if it was not counted, or signals were lost.
        """
        slopes = self._slopes(tool, workload, contestant)
        if not slopes:
            return None
        harness: dict[str, float] = {}
        if workload == "drain" and contestant != QUEUE_ONLY:
            queueing = self.per_signal(tool, workload, QUEUE_ONLY)
            if queueing is None:
                return None
            harness = queueing
        names = {name for slope in slopes for name in slope}
        return {name: median(slope.get(name, 0.0) for slope in slopes)
                - harness.get(name, 0.0) for name in sorted(names)}

    def _receiving_calls(self, workload: str, contestant: str,
                         ) -> Optional[dict[str, float]]:
        calls = self.per_signal("strace", workload, contestant)
        if calls is None:
            return None
        # A signal handler that runs is no system call, its return is one.
        calls.pop("handler", None)
        if workload == "pingpong":
            calls["write"] = calls.get("write", 0.0) - 1  # the answer
        return calls

    def calls(self, workload: str, contestant: str,
              ) -> Optional[dict[str, float]]:
        """System calls per signal by name, the most frequent first.

        Without those that are seen once in 200 signals or less often, and
        without the write(2) that answers in pingpong.
        """
        calls = self._receiving_calls(workload, contestant)
        if calls is None:
            return None
        return dict(sorted(
            ((name, number) for name, number in calls.items()
             if abs(number) > 0.005), key=lambda item: -item[1]))

    def number_of_calls(self, workload: str, contestant: str,
                        ) -> Optional[float]:
        """All system calls per signal, beside the answer in pingpong."""
        calls = self._receiving_calls(workload, contestant)
        return None if calls is None else sum(calls.values())

    def instructions_by_owner(self, workload: str, contestant: str,
                              ) -> Optional[dict[str, float]]:
        """User instructions per signal by whose functions they are in."""
        return self.per_signal("callgrind", workload, contestant)

    def instructions(self, workload: str, contestant: str,
                     ) -> Optional[float]:
        """User instructions per signal."""
        found = self.per_signal("callgrind", workload, contestant)
        return None if found is None else found.get("instructions")

    def compile_spread(self, which: str, key: str) -> Optional[Spread]:
        """A figure of compiling one of the programs."""
        return Spread.of(run[key] for run in self.data["compile"]
                         if run["which"] == which)

    def compile_ratio(self, ours: str, theirs: str, key: str,
                      ) -> Optional[Spread]:
        """Of compiling one program to compiling another, round by round."""
        by_round: dict[int, dict[str, float]] = defaultdict(dict)
        for run in self.data["compile"]:
            by_round[run["round"]][run["which"]] = run[key]
        return Spread.of(figures[ours] / figures[theirs]
                         for figures in by_round.values()
                         if ours in figures and theirs in figures)

    def bytes_each(self, which: str) -> Optional[float]:
        """Bytes of code that one more async_wait adds."""
        return next((float(run["bytes_each"])
                     for run in self.data["code_size"]
                     if run["which"] == which), None)
