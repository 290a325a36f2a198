"""The report: tables in Markdown."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Callable, Optional, Sequence

import charts
from compiling import EXECUTORS, FEW, MANY, PROGRAMS, SIGNAL_SET
from contestants import ABOUT, ALONE, arranged, is_ours, label
from controls import controls_of
from counting import OWNERS, SIZES
from limits import limits
from results import (Figure, Results, Spread, cpu_per_round, cpu_per_signal,
                     lost_percent, plain, signals_per_second,
                     wall_per_signal)

NONE = "–"

# A column: its heading, and what stands in it for a contestant.
Column = tuple[str, Callable[[str], str]]


# --- numbers and tables -----------------------------------------------------

def number(value: float) -> str:
    """With three digits that count, or more before the point."""
    size = abs(value)
    if value == round(value) or size >= 100:
        return f"{value:,.0f}"
    if size < 0.001:
        return f"{value:.6f}".rstrip("0")
    return f"{value:.{1 if size >= 10 else 2 if size >= 1 else 3}f}"


def spread_text(spread: Optional[Spread], scale: float = 1,
                form: Callable[[float], str] = number) -> str:
    """Median (lowest–highest)."""
    if spread is None:
        return NONE
    middle, low, high = (form(value * scale) for value in (
        spread.median, spread.low, spread.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def _ratio_text(spread: Optional[Spread]) -> str:
    return spread_text(spread, form=lambda value: f"{value:.2f}")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]],
          texts: int = 1) -> str:
    """A table whose first columns are texts, as is "which", and the others
    numbers.
    """
    line = [":--" if i < texts or heading == "which" else "--:"
            for i, heading in enumerate(headings)]
    return "\n".join("| " + " | ".join(row) + " |"
                     for row in (headings, line, *rows))


def _name(contestant: str) -> str:
    text = label(contestant)
    return f"**{text}**" if is_ours(contestant) else text


class _Tables:
    """Columns of the tables about one workload."""

    def __init__(self, results: Results, workload: str) -> None:
        self._results = results
        self._workload = workload

    def spread(self, heading: str, figure: Figure, scale: float = 1,
               ) -> Column:
        """A figure over the rounds."""
        return heading, lambda one: spread_text(
            self._results.spread(self._workload, one, figure), scale)

    def ratio(self, reference: str, figure: Figure) -> Column:
        """To a reference, round by round."""
        return f"to {label(reference)}", lambda one: (
            "1" if one == reference else _ratio_text(self._results.ratio(
                self._workload, one, reference, figure)))

    def ratio_to_alone(self, figure: Figure) -> Column:
        """To the same contestant with one object."""
        def text(one: str) -> str:
            contestant, _, _ = one.partition(", ")
            alone = arranged(contestant, ALONE)
            ratio = self._results.ratio(self._workload, one, alone, figure)
            return "1" if ratio and one == alone else _ratio_text(ratio)
        return "to one object", text

    def received_each(self) -> Column:
        """By each of several objects."""
        return "arrived at each", lambda one: spread_text(
            self._results.received_each(self._workload, one))

    def worst(self, heading: str, key: str) -> Column:
        """What ought to be 0: the worst run."""
        def text(one: str) -> str:
            value = self._results.worst(self._workload, one, key)
            return NONE if value is None else number(value)
        return heading, text

    def calls(self) -> list[Column]:
        """How many system calls, and which."""
        def total(one: str) -> str:
            value = self._results.number_of_calls(self._workload, one)
            return NONE if value is None else f"{abs(value):.2f}"

        def which(one: str) -> str:
            calls = self._results.calls(self._workload, one) or {}
            return ", ".join(f"{name} {value:.3g}"
                             for name, value in calls.items()) or NONE
        return [("system calls", total), ("which", which)]

    def instructions(self) -> Column:
        """User instructions."""
        def text(one: str) -> str:
            value = self._results.instructions(self._workload, one)
            return NONE if value is None else f"{value:,.0f}"
        return "user instructions", text

    def write(self, columns: Sequence[Column]) -> str:
        """The table."""
        return table(
            ["", *(heading for heading, _ in columns)],
            [[_name(one), *(text(one) for _, text in columns)]
             for one in self._results.took_part(self._workload)])


# --- parts of the report ----------------------------------------------------

def _machine(results: Results) -> str:
    return table(["", ""], [[name, value] for name, value
                            in results.data["machine"].items()], 2)


def _limit_number(value: float) -> str:
    return number(value) if value < 0.01 else f"{value:.2f}"


def _limits(results: Results) -> str:
    rows = []
    for limit in limits(results):
        spread = limit.measured
        measured, spanned, pairs = NONE, "", ""
        if spread:
            measured = _limit_number(spread.median)
            if spread.number > 1:
                spanned = f"{spread.low:.2f}–{spread.high:.2f}"
                pairs = str(spread.number)
        rows.append([limit.text, _limit_number(limit.most), measured, spanned,
                     pairs, limit.verdict])
    return table(["", "at most", "measured", "range", "pairs", ""], rows)


def _count(results: Results, workload: str) -> str:
    counts = {output["count"] for one in results.took_part(workload)
              for output in results.outputs(workload, one)}
    if not counts:
        return "No run"
    most, least = f"{max(counts):,}", f"{min(counts):,}"
    return most if most == least else (
        f"{most} (as few as {least} where the queue had no room for more)")


def _drain(results: Results) -> str:
    tables = _Tables(results, "drain")
    return tables.write([
        tables.spread("arrived", plain("received")),
        tables.spread("CPU ns", cpu_per_signal),
        tables.ratio("asio/read_some1", cpu_per_signal),
        tables.ratio("asio/signal_set", cpu_per_signal),
        *tables.calls(), tables.instructions(),
        tables.worst("allocations", "allocations")])


def _profile(results: Results) -> str:
    rows = []
    for one in results.took_part("drain"):
        found = results.instructions_by_owner("drain", one)
        if found and one.split("/")[0] in ("asio", "sigfd"):
            rows.append([_name(one), *(f"{found.get(owner, 0):,.0f}"
                                       for owner in OWNERS)])
    return table(["", *OWNERS], rows)


def _pingpong(results: Results) -> str:
    tables = _Tables(results, "pingpong")
    median = plain("median_ns")
    return tables.write([
        tables.spread("median µs", median, 1e-3),
        tables.spread("p99 µs", plain("p99_ns"), 1e-3),
        tables.ratio("raw/epoll_read1", median),
        tables.ratio("asio/signal_set", median),
        tables.spread("CPU µs", cpu_per_round, 1e-3),
        *tables.calls(), tables.instructions(),
        tables.worst("allocations", "allocations")])


def _burst(results: Results, workload: str) -> str:
    tables = _Tables(results, workload)
    return tables.write([
        tables.spread("arrived", plain("received")),
        tables.spread("lost %", lost_percent),
        tables.worst("out of order", "out_of_order"),
        tables.worst("gaps", "value_gaps"),
        tables.worst("twice", "duplicates"),
        tables.spread("CPU ns", cpu_per_signal),
        tables.spread("1000 signals/s", signals_per_second, 1e-3),
        tables.spread("queue was full", plain("sender_eagain")),
        tables.worst("allocations", "allocations")])


def _fanout(results: Results, workload: str) -> str:
    tables = _Tables(results, workload)
    return tables.write([
        tables.received_each(),
        tables.spread("lost %", lost_percent),
        tables.worst("out of order", "out_of_order"),
        tables.worst("gaps", "value_gaps"),
        tables.worst("twice", "duplicates"),
        tables.spread("CPU ns", cpu_per_signal),
        tables.ratio_to_alone(cpu_per_signal),
        tables.spread("wall ns", wall_per_signal),
        tables.spread("queue was full", plain("sender_eagain")),
        tables.worst("allocations", "allocations")])


def _cancel(results: Results) -> str:
    tables = _Tables(results, "cancel")
    return tables.write([
        tables.spread("CPU ns", cpu_per_round),
        tables.ratio("asio/wait_read1", cpu_per_round),
        tables.ratio("asio/awaitable_wait_read1", cpu_per_round),
        tables.ratio("asio/signal_set", cpu_per_round),
        *tables.calls(), tables.instructions(),
        tables.worst("allocations", "allocations")])


def _which(which: str) -> str:
    return f"**{which}**" if which.startswith("sigfd") else which


def _compile_time(results: Results) -> str:
    rows = []
    for which in PROGRAMS:
        rows.append([
            _which(which),
            spread_text(results.compile_spread(which, "seconds")),
            spread_text(results.compile_spread(which, "cpu_seconds")),
            "1" if which == SIGNAL_SET else _ratio_text(
                results.compile_ratio(which, SIGNAL_SET, "cpu_seconds")),
            spread_text(results.compile_spread(which, "peak_kib"), 1 / 1024)])
    return table(["", "seconds", "CPU seconds", f"to {SIGNAL_SET}",
                  "peak MiB"], rows)


def _code_size(results: Results) -> str:
    runs = {run["which"]: run for run in results.data["code_size"]}
    rows = []
    for executor in EXECUTORS:
        theirs = results.bytes_each(f"{SIGNAL_SET}, {executor}")
        for name in ("sigfd", SIGNAL_SET):
            run = runs.get(f"{name}, {executor}")
            if run:
                rows.append([
                    _which(run["which"]), number(run["bytes_each"]),
                    "1" if name == SIGNAL_SET
                    else f"{run['bytes_each'] / theirs:.2f}" if theirs
                    else NONE,
                    *map(number, run["bytes"])])
    return table(["", "bytes for one more", f"to {SIGNAL_SET}",
                  f"in all with {FEW}", f"with {MANY}"], rows)


def _controls(results: Results) -> str:
    return table(
        ["", "expected", "seen by", ""],
        [[control.text, control.expected, f"{len(control.seen)} of "
          f"{len(control.seen) + len(control.missed)} contestants",
          "passed" if control.passed
          else "**failed:** " + (", ".join(control.missed) or "nobody could")]
         for control in controls_of(results)], 4)


def _contestants(results: Results) -> str:
    return table(["", ""], [[_name(one), ABOUT.get(one, "")]
                            for one in results.contestants], 2)


def _left_out(results: Results) -> str:
    lines = [f"- {text}" for text in results.data["left_out"]]
    by_reason: dict[tuple[str, str], list[str]] = {}
    for workload, contestants in results.data["unsupported"].items():
        for one, reason in contestants.items():
            by_reason.setdefault((workload, reason), []).append(label(one))
    lines += [f"- {workload}: {', '.join(names)}: {reason}"
              for (workload, reason), names in by_reason.items()]
    lines += ["- failed: " + ": ".join(text.splitlines())
              for text in results.data["errors"]]
    return "\n".join(lines) or "Nothing."


# --- all of it --------------------------------------------------------------

_TEXT = """\
# Benchmarks

sigfd beside the raw system calls and beside what programs use today, all measured in one run:
`./test/bench/run` installs the peers, builds everything, runs it and writes this report.{quick} The
names are explained [below](#contestants).

{machine}

How to read it:

- Figures are the median of several runs, with the lowest and the highest in brackets. The
  contestants take turns (A B C A B C ...), and a ratio is that of two runs of the same round: its
  median and its range over the rounds. On a virtual machine, CPU times of two runs minutes apart
  differ by 10 to 30 %; ratios of the same round do so much less.
- CPU time is that of the whole receiving process, user and system. Where most signals were lost
  there is none: it would be the price of losing them.
- System calls (strace) and user instructions (callgrind) are the slope between a small and a larger
  run (drain: {drain_sizes} signals; ping-pong: {pingpong_sizes}; cancel: {cancel_sizes} waits), so
  that what a program does once is not in them. They are nearly exact. In ping-pong the sender is
  held up before each signal meanwhile, so that the receiver, slow as it is then, waits again. There
  are none where signals were lost.
- Each contestant of sigfd and of Asio is a program of its own: with others in it, a compiler would
  inline other functions, which makes up to 10 % of the instructions.
- Allocations are those per signal after the first {warm_up:,}, in the worst run, counted in
  `malloc` and `operator new`.
- "{none}" is what a contestant cannot show: order and gaps, where a handler is told the number
  alone.
- What the developers hold sigfd to is in [design.md](design.md#performance-limits).

## Drain

{drain_count} real-time signals are pending when the loop starts: how much one costs that need not
be waited for. What it costs to queue them is not in the figures.

{drain_chart}{drain}

Whose functions the user instructions are in; what a compiler has put into another function counts
as that one's, and so does a template of Asio's that was made for a type of sigfd's.

{profile}

## Ping-pong

{pingpong_count} times a second process on the same CPU sends `SIGUSR1` by kill(2) and waits for a
byte in a pipe, with which the handler answers. The write(2) of the answer is in the times and the
instructions, and not in the system calls.

{pingpong_chart}{pingpong}

## Flood

{flood_count} signals from a second process on another CPU, as fast as it can. Where the kernel says
that the queue is full, the sender waits and tries again; that is no loss. The rate is mostly the
sender's, and much of the CPU time is contention with it for the kernel's lock: what counts here is
whether all arrive.

{lost_chart}{flood}

## Stall

{stall_count} signals are sent while the receiver is out of its loop for a second. The rate is over
both, the second and what came after.

{stall}

## Two threads

A flood of {threads_count} signals, with two threads in one loop; nothing is pinned to a CPU. In
which order handlers of two threads finish says nothing, so order is that of the completions.

{threads}

## Fan-out

Several objects watch the same signal, each with a wait of its own, and each ought to get every one.
What a signal costs is what it costs for all of them together, and "to one object" compares with one
object of the same kind in the same workload. "Lost" is what the object missed that got the fewest.

A [drain](#drain) of {fanout_drain_count} signals, in one loop. They are queued when all objects are
there. The thread of the pipe source takes as many as the objects keep before the loop starts; that
is not in the figures.

{fanout_chart}{fanout_drain}

A [flood](#flood) of {fanout_count} signals. The objects are spread over the contexts, each of which
is run by a thread of its own; nothing is pinned to a CPU.

{fanout}

## Cancel

{cancel_count} times a wait is started and cancelled, without a signal, and its handler starts the
next; awaitables do all that in one coroutine, where `as_tuple` keeps exceptions out of it. What one
costs from its start to its completion. It is cancelled two turns of the loop after its start, when
it has got to the reactor; the two handlers that count the turns are in the figures, alike for all.

{cancel}

## Compiling

A program that prints each signal in a coroutine, and the same with `signal_set`, by turns, with `-O2`.
With the compiled library (`SIGFD_SEPARATE_COMPILATION`), the one unit in which that is, is not
counted.

{compile_time}

## Code size

What one more `async_wait` with another lambda adds to an object file, in bytes of machine code,
with `-O2`:

{code_size}

## Controls

Errors that are made on purpose, and costs that are known. A benchmark that does not see them is
wrong.

{controls}

## Contestants

{contestants}

## Left out

{left_out}
"""


def _sizes(workload: str) -> str:
    return " and ".join(f"{size:,}" for size in SIZES[workload])


def _chart(drawn: set[str], name: str, text: str) -> str:
    return f"![{text}](benchmarks/{name}.svg)\n\n" if name in drawn else ""


def _wrapped(text: str) -> str:
    """With lines of 100 columns, but for tables, titles and images."""
    def fill(part: str, indent: str = "") -> str:
        return textwrap.fill(" ".join(part.split()), 100,
                             subsequent_indent=indent,
                             break_long_words=False, break_on_hyphens=False)

    parts = []
    for part in text.rstrip("\n").split("\n\n"):
        if part.startswith("- "):
            part = "\n".join(fill(item, "  ")
                             for item in re.split(r"\n(?=- )", part))
        elif not part.startswith(("|", "#", "!")):
            part = fill(part)
        parts.append(part)
    return "\n\n".join(parts) + "\n"


def write_report(results: Results, folder: Path) -> Path:
    """Writes benchmarks.md, its charts and limits.md, which is for developers;
    returns the report's path."""
    # As they stand in the report, so that both can be copied elsewhere.
    drawn = charts.draw(results, folder / "benchmarks")
    text = _TEXT.format(
        quick=(" **This was a quick run, of fewer rounds and signals than its "
               "claims need.**" if results.data["quick"] else ""),
        machine=_machine(results),
        drain_sizes=_sizes("drain"), pingpong_sizes=_sizes("pingpong"),
        cancel_sizes=_sizes("cancel"),
        warm_up=1000, none=NONE,
        drain=_drain(results), profile=_profile(results),
        pingpong=_pingpong(results),
        flood=_burst(results, "flood"), stall=_burst(results, "stall"),
        threads=_burst(results, "threads"), cancel=_cancel(results),
        fanout_drain=_fanout(results, "fanout_drain"),
        fanout=_fanout(results, "fanout"),
        **{f"{workload}_count": _count(results, workload) for workload in (
            "drain", "pingpong", "flood", "stall", "threads", "cancel",
            "fanout_drain", "fanout")},
        drain_chart=_chart(drawn, "drain", "CPU time for a pending signal"),
        pingpong_chart=_chart(drawn, "pingpong",
                              "Round trips: median and 99th percentile"),
        fanout_chart=_chart(drawn, "fanout",
                            "CPU time for a signal that several objects hear"),
        lost_chart=_chart(drawn, "lost", "Signals lost in flood and stall"),
        compile_time=_compile_time(results), code_size=_code_size(results),
        controls=_controls(results), contestants=_contestants(results),
        left_out=_left_out(results))
    report = folder / "benchmarks.md"
    report.write_text(_wrapped(text))
    (folder / "limits.md").write_text(_limits(results) + "\n")
    return report
