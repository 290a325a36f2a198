"""What is run, in which order, and where it is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
import os
import threading
from typing import Any, Callable, Sequence

import compiling
from contestants import ARRANGEMENTS, Contestant, fan_out
import counting
from programs import ProgramError, run
from progress import Progress, Stopwatch
from results import QUEUE_ONLY

WORKLOADS = ("drain", "pingpong", "flood", "stall", "threads", "cancel",
             *ARRANGEMENTS)

# Every that many signals are exchanged or left out, in the controls.
CONTROL_STEP = 100
# For each control, the figure in which it shows, and the workloads.
CONTROLS = {
    "swap": ("out_of_order", ("drain", "flood", "fanout")),
    "skip": ("value_gaps", ("drain", "flood", "fanout")),
    "leak": ("allocations", ("drain",)),
}
CONTROL_COUNT = 4000  # below what libuv keeps


@dataclass(frozen=True)
class Scale:
    """How much is run: rounds, and signals of a workload (0: its own)."""

    rounds: dict[str, int]
    counts: dict[str, int]
    # How long nothing must have come for a program to give up.
    quiet_ms: int
    counting_rounds: int
    compile_rounds: int


FULL = Scale(
    # Those with claims on noisy figures have the most.
    rounds={"drain": 17, "pingpong": 15, "flood": 5, "stall": 5,
            "threads": 5, "cancel": 15, "fanout_drain": 17, "fanout": 5},
    counts={}, quiet_ms=1500,
    counting_rounds=3, compile_rounds=7)

QUICK = Scale(
    rounds=dict.fromkeys(WORKLOADS, 3),
    counts={"pingpong": 10000, "flood": 50000, "stall": 30000,
            "threads": 50000, "cancel": 20000, "fanout": 20000},
    quiet_ms=500,
    counting_rounds=1, compile_rounds=2)

# Seconds that a run is thought to take before one was seen.
_GUESS = {"drain": 0.2, "pingpong": 0.6, "flood": 1.3, "stall": 1.8,
          "threads": 0.8, "cancel": 0.3, "fanout_drain": 0.2, "fanout": 1.0,
          "strace": 0.8, "callgrind": 1.5,
          "compile": 8.0, "code size": 6.0, "controls": 0.1}


@dataclass(frozen=True)
class Section:
    """Something that each of some does once a round."""

    name: str
    rounds: int
    names: Sequence[str]
    action: Callable[[str, int], None]
    # What is exact may be done by several at once.
    workers: int = 1


class Session:
    """Runs everything, and gathers the content of results.json."""

    def __init__(self, contestants: Sequence[Contestant], scale: Scale,
                 compiler: compiling.Compiler) -> None:
        self._contestants = {one.id: one for one in contestants}
        self._fanned_out = {
            workload: {one.id: one for one in fan_out(contestants, workload)}
            for workload in ARRANGEMENTS}
        self._scale = scale
        self._compiler = compiler
        self._progress = Progress()
        self._lock = threading.Lock()
        self._failed: set[tuple[str, str]] = set()
        self._can_delay = False
        self.data: dict[str, Any] = {
            "contestants": list(self._contestants),
            "unsupported": {}, "left_out": [], "errors": [],
            "runs": [], "controls": [], "counts": [], "compile": [],
            "code_size": [], "seconds": {}}

    def _taking_part(self, workload: str) -> dict[str, Contestant]:
        return self._fanned_out.get(workload, self._contestants)

    # --- what one step does -------------------------------------------------

    def _run(self, contestant: str, round_: int, workload: str) -> None:
        count = self._scale.counts.get(workload)
        options = ["--quiet-ms", str(self._scale.quiet_ms)]
        if count:
            options += ["--count", str(count)]
        finished = run(
            self._taking_part(workload)[contestant].command(
                workload, *options))
        output = finished.result()
        if "unsupported" in output:
            self.data["unsupported"].setdefault(workload, {})[contestant] = (
                output["unsupported"])
            return
        self.data["runs"].append({
            "workload": workload, "contestant": contestant, "round": round_,
            "seconds": finished.seconds, "output": output})

    def _control(self, contestant: str, _: int) -> None:
        """Whether an error that is made on purpose shows."""
        for control, (figure, workloads) in CONTROLS.items():
            for workload in workloads:
                if not self._shows(workload, contestant, figure):
                    continue
                how = ([] if control == "leak" else [str(CONTROL_STEP)])
                one = self._taking_part(workload)[contestant]
                output = run(one.command(
                    workload, "--count", str(CONTROL_COUNT), f"--{control}",
                    *how)).result()
                self.data["controls"].append({
                    "control": control, "workload": workload,
                    "contestant": contestant, "output": output})

    def _shows(self, workload: str, contestant: str, figure: str) -> bool:
        """Whether a contestant has a figure, and lost nothing."""
        outputs = [
            run["output"] for run in self.data["runs"]
            if (run["workload"], run["contestant"]) == (workload, contestant)]
        return bool(outputs) and all(
            output[figure] is not None and output["lost"] == 0
            for output in outputs)

    def _count(self, name: str, round_: int, tool: str, workload: str,
               ) -> None:
        queue_only = name == QUEUE_ONLY
        contestant = (next(iter(self._contestants.values())) if queue_only
                      else self._contestants[name])
        if not queue_only and self._loses(workload, name):
            return
        for size in counting.SIZES[workload]:
            counted = counting.count(tool, contestant, workload, size,
                                     self._can_delay, queue_only)
            with self._lock:
                self.data["counts"].append({
                    "tool": tool, "workload": workload, "contestant": name,
                    "round": round_, "size": size, **counted})

    def _loses(self, workload: str, contestant: str) -> bool:
        """Whether fewer arrived than are sent where something is counted."""
        return any(
            run["output"]["received"] < max(counting.SIZES[workload])
            for run in self.data["runs"]
            if (run["workload"], run["contestant"]) == (workload, contestant)
            and run["output"]["received"] is not None)

    def _compile(self, which: str, round_: int) -> None:
        self.data["compile"].append({
            "which": which, "round": round_,
            **compiling.compile_time(self._compiler, which)})

    def _code_size(self, which: str, _: int) -> None:
        sizes = [compiling.code_size(self._compiler, which, number)
                 for number in (compiling.FEW, compiling.MANY)]
        each = (sizes[1] - sizes[0]) / (compiling.MANY - compiling.FEW)
        with self._lock:
            self.data["code_size"].append({
                "which": which, "bytes": sizes, "bytes_each": each})

    # --- the order ----------------------------------------------------------

    def _unsupported(self, workload: str) -> dict[str, str]:
        found: dict[str, str] = self.data["unsupported"].get(workload, {})
        return found

    def _workload_sections(self) -> list[Section]:
        sections = [
            Section(workload, self._scale.rounds[workload],
                    list(self._taking_part(workload)),
                    partial(self._run, workload=workload))
            for workload in WORKLOADS]
        sections = [section for section in sections if section.names]
        sections.append(Section(
            "controls", 1,
            list(self._contestants) + list(self._fanned_out["fanout"]),
            self._control))
        return sections

    def _count_sections(self) -> list[Section]:
        everyone = list(self._contestants)
        cpus = len(os.sched_getaffinity(0))
        sections = []
        self._can_delay = counting.works("strace")
        for tool, program in counting.PROGRAMS.items():
            if not counting.works(tool):
                self.leave_out(f"what {tool} counts: there is no {program},"
                               " or it does not work here")
                continue
            for workload in counting.SIZES:
                names = everyone + [QUEUE_ONLY] * (workload == "drain")
                sections.append(Section(
                    f"{tool}, {workload}", self._scale.counting_rounds, names,
                    partial(self._count, tool=tool, workload=workload),
                    cpus))
        return sections

    def _compile_sections(self) -> list[Section]:
        return [
            Section("compile time", self._scale.compile_rounds,
                    list(compiling.PROGRAMS), self._compile),
            Section("code size", 1, list(compiling.WAITS),
                    self._code_size, len(os.sched_getaffinity(0)))]

    def leave_out(self, text: str) -> None:
        """Says, here and in the report, what is not measured."""
        self._progress.say(f"left out: {text}")
        self.data["left_out"].append(text)

    def _step(self, section: Section, round_: int, name: str, position: int,
              ) -> None:
        workload = section.name.rpartition(", ")[2]
        watch = Stopwatch()
        # Which it was asked already; and what failed once fails again.
        if ((section.name, name) not in self._failed
                and name not in self._unsupported(workload)):
            with self._lock:
                self._progress.show(section.name, round_, section.rounds,
                                    name, position, len(section.names))
            try:
                section.action(name, round_)
            except (ProgramError, OSError) as error:
                text = f"{name}, {section.name}: {error}"
                with self._lock:
                    self._failed.add((section.name, name))
                    self.data["errors"].append(text)
                    self._progress.say(f"failed: {text}")
        with self._lock:
            self._progress.did(section.name, name, watch.seconds())

    def _round(self, section: Section, round_: int) -> None:
        # Each round begins with another one, so that none is always behind
        # the same.
        first = (round_ - 1) % len(section.names)
        names = [*section.names[first:], *section.names[:first]]
        if section.workers == 1:
            for position, name in enumerate(names, 1):
                self._step(section, round_, name, position)
            return
        with ThreadPoolExecutor(section.workers) as pool:
            steps = [pool.submit(self._step, section, round_, name, position)
                     for position, name in enumerate(names, 1)]
            try:
                for step in steps:
                    step.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def measure(self) -> dict[str, Any]:
        """Runs everything."""
        return self._do([*self._workload_sections(), *self._count_sections(),
                         *self._compile_sections()])

    def count_again(self, before: dict[str, Any]) -> dict[str, Any]:
        """Counts anew what a session before this one counted."""
        self.data.update(before)
        self.data["counts"] = []
        self.data["errors"] = [
            error for error in before["errors"]
            if not any(f", {tool}, " in error for tool in counting.PROGRAMS)]
        return self._do(self._count_sections())

    def _do(self, sections: Sequence[Section]) -> dict[str, Any]:
        for section in sections:
            seconds = next((guess for word, guess in _GUESS.items()
                            if section.name.startswith(word)))
            for name in section.names:
                self._progress.expect(section.name, name, section.rounds,
                                      seconds, section.workers)
        try:
            for section in sections:
                watch = Stopwatch()
                for round_ in range(1, section.rounds + 1):
                    self._round(section, round_)
                self.data["seconds"][section.name] = watch.seconds()
        finally:
            self._progress.clear()
        return self.data
