"""The limits that the library is held to, and whether they are met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterator, Optional

from compiling import COMPILED, EXECUTORS, HEADER_ONLY, SIGNAL_SET
from contestants import ALONE, TWO, arranged, is_ours, label
from results import (Figure, Results, Spread, cpu_per_round, cpu_per_signal,
                     plain)

OURS = "sigfd/callback"
PAIRS_NEEDED = 15


@dataclass(frozen=True)
class Limit:
    """A limit, and what was measured."""

    text: str
    most: float
    measured: Optional[Spread]
    # How many pairs the claim needs, where it is about a noisy figure.
    pairs: int = 0
    # Where the worst was measured, of many that are held to the same.
    where: str = ""

    @property
    def met(self) -> Optional[bool]:
        """None if it was not measured."""
        if self.measured is None:
            return None
        return self.measured.median <= self.most

    @property
    def verdict(self) -> str:
        """In words."""
        if self.measured is None:
            return "not measured"
        few = self.measured.number < self.pairs
        return (("met" if self.met else "**not met**" + self.where)
                + (", of few pairs" if few else ""))


def _exact(value: Optional[float]) -> Optional[Spread]:
    return None if value is None else Spread(value, value, value, 1)


def _calls(results: Results, workload: str, one: str) -> Optional[Spread]:
    """To two places: the count of one run differs from that of another."""
    number = results.number_of_calls(workload, one)
    return None if number is None else _exact(round(number, 2))


def _over(a: Optional[float], b: Optional[float]) -> Optional[Spread]:
    return _exact(a / b) if a is not None and b else None


def _instructions(results: Results, workload: str, ours: str, theirs: str,
                  ) -> Optional[Spread]:
    return _over(results.instructions(workload, ours),
                 results.instructions(workload, theirs))


def _none(text: str, results: Results, workloads: tuple[str, ...],
          keys: tuple[str, ...], wanted: Callable[[str], bool]) -> Limit:
    """Figures that ought to be 0: the worst of all runs."""
    values = []
    for workload in workloads:
        for contestant in filter(wanted, results.took_part(workload)):
            where = f" by {label(contestant)} in {workload}"
            known = [results.worst(workload, contestant, key) for key in keys]
            values += [(value, where) for value in known if value is not None]
    value, where = max(values) if values else (None, "")
    return Limit(text, 0, _exact(value), where=where)


def _drain(results: Results) -> Iterator[Limit]:
    def cpu(text: str, ours: str, theirs: str, most: float) -> Limit:
        return Limit(f"Drain, {text}", most, results.ratio(
            "drain", ours, theirs, cpu_per_signal), PAIRS_NEEDED)

    def instructions(name: str, reference: str, most: float) -> Limit:
        ours, theirs = f"sigfd/{name}", f"asio/{reference}"
        return Limit(
            f"Drain, {name}: user instructions, to `{label(theirs)}`", most,
            _instructions(results, "drain", ours, theirs))

    yield Limit("Drain, callback: system calls per signal", 2.05,
                _calls(results, "drain", OURS))
    yield instructions("callback", "read_some1", 1.05)
    yield instructions("callback_any", "read_some1_any", 1.00)
    yield instructions("awaitable", "awaitable_read1", 1.00)
    yield cpu("callback: CPU time, to `asio read_some1`",
              OURS, "asio/read_some1", 1.10)
    yield cpu("callback: CPU time, to `asio signal_set`",
              OURS, "asio/signal_set", 0.45)
    yield cpu("callback: CPU time, to `sd_event`",
              OURS, "sd_event/sd_event", 0.65)
    yield Limit("Drain, some64: system calls per signal", 0.05,
                _calls(results, "drain", "sigfd/some64"))
    yield cpu("some64: CPU time, to `raw epoll_read64`",
              "sigfd/some64", "raw/epoll_read64", 1.15)


def _pingpong(results: Results) -> Iterator[Limit]:
    def trip(text: str, ours: str, theirs: str, most: float) -> Limit:
        return Limit(f"Ping-pong, {text}", most, results.ratio(
            "pingpong", ours, theirs, plain("median_ns")), PAIRS_NEEDED)

    yield Limit("Ping-pong, callback: system calls beside the answer", 3.01,
                _calls(results, "pingpong", OURS))
    yield trip("callback: median round trip, to `raw epoll_read1`",
               OURS, "raw/epoll_read1", 1.06)
    yield trip("callback: median round trip, to `asio signal_set`",
               OURS, "asio/signal_set", 0.90)


def _whole(results: Results) -> Iterator[Limit]:
    def is_pipe(contestant: str) -> bool:
        return contestant.startswith("sigfd/pipe")

    def is_kernel(contestant: str) -> bool:
        return is_ours(contestant) and not is_pipe(contestant)

    sources = (("signalfd", is_kernel), ("the pipe source", is_pipe))
    for workload, name in (("flood", "Flood"), ("stall", "Stall"),
                           ("fanout", "Fan-out")):
        for source, wanted in sources:
            for key, text in (("lost", "lost"),
                              ("out_of_order", "out of order")):
                keys = ((key, "value_gaps") if key == "lost"
                        else (key, "duplicates"))
                yield _none(
                    f"{name}, sigfd on {source}: {text}",
                    results, (workload,), keys, wanted)
    yield _none("Everything of sigfd, also in two threads: allocations per "
                "signal", results,
                ("drain", "flood", "stall", "pingpong", "threads"),
                ("allocations",), is_ours)


def _pipe(results: Results) -> Iterator[Limit]:
    figures: tuple[tuple[str, str, str, Figure, float], ...] = (
        ("pingpong", "pipe", "Ping-pong, pipe source: median round trip",
         plain("median_ns"), 1.03),
        ("drain", "pipe", "Drain, pipe source: CPU time",
         cpu_per_signal, 0.65),
        ("drain", "pipe_some64", "Drain, some64 on the pipe source: CPU time",
         cpu_per_signal, 0.42))
    for workload, name, text, figure, most in figures:
        yield Limit(
            f"{text}, to `raw sigwait_pipe`", most,
            results.ratio(workload, f"sigfd/{name}", "raw/sigwait_pipe",
                          figure), PAIRS_NEEDED)


def _fan_out(results: Results) -> Iterator[Limit]:
    for name, text in (("callback", "callback"), ("pipe", "pipe source")):
        ours = f"sigfd/{name}"
        yield Limit(
            f"Fan-out of a drain, {text}: CPU time of two objects together, "
            "to one", 1.50,
            results.ratio("fanout_drain", arranged(ours, TWO),
                          arranged(ours, ALONE), cpu_per_signal),
            PAIRS_NEEDED)


def _cancel(results: Results) -> Iterator[Limit]:
    pairs = (("callback", "wait_read1"), ("awaitable", "awaitable_wait_read1"))
    for name, reference in pairs:
        ours, theirs = f"sigfd/{name}", f"asio/{reference}"
        yield Limit(
            f"Cancel, {name}: CPU time, to `{label(theirs)}`", 1.15,
            results.ratio("cancel", ours, theirs, cpu_per_round),
            PAIRS_NEEDED)


def _compiling(results: Results) -> Iterator[Limit]:
    for which, most in ((HEADER_ONLY, 1.45), (COMPILED, 1.10)):
        _, _, how = which.partition(", ")
        yield Limit(
            f"Compiling the example, {how}: CPU time, to the same "
            "with `signal_set`", most,
            results.compile_ratio(which, SIGNAL_SET, "cpu_seconds"))
    for executor, most in zip(EXECUTORS, (0.30, 0.90)):
        yield Limit(
            f"Code for one more `async_wait`, on `{executor}`: bytes, to "
            "`signal_set`", most,
            _over(results.bytes_each(f"sigfd, {executor}"),
                  results.bytes_each(f"{SIGNAL_SET}, {executor}")))


def limits(results: Results) -> list[Limit]:
    """All, in the order of the report."""
    return [*_drain(results), *_pingpong(results), *_whole(results),
            *_pipe(results), *_fan_out(results), *_cancel(results),
            *_compiling(results)]
