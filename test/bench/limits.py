"""The limits that the library is held to, and whether they are met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterator, Optional

from contestants import is_ours, label
from results import (Figure, Results, Spread, cpu_per_signal, plain)

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

    def instructions(text: str, ours: str, theirs: str, most: float) -> Limit:
        return Limit(f"Drain, {text}", most, _over(
            results.instructions("drain", ours),
            results.instructions("drain", theirs)))

    yield Limit("Drain, callback: system calls per signal", 2.05,
                _calls(results, "drain", OURS))
    yield instructions("callback: user instructions, to `asio read_some1`",
                       OURS, "asio/read_some1", 1.10)
    yield cpu("callback: CPU time, to `asio read_some1`",
              OURS, "asio/read_some1", 1.10)
    yield cpu("callback: CPU time, to `asio signal_set`",
              OURS, "asio/signal_set", 0.45)
    yield cpu("callback: CPU time, to `sd_event`",
              OURS, "sd_event/sd_event", 0.65)
    yield instructions("awaitable: user instructions, to `sigfd callback`",
                       "sigfd/awaitable", OURS, 1.35)
    yield Limit("Drain, some64: system calls per signal", 0.05,
                _calls(results, "drain", "sigfd/some64"))
    yield cpu("some64: CPU time, to `raw epoll_read64`",
              "sigfd/some64", "raw/epoll_read64", 1.15)


def _pingpong(results: Results) -> Iterator[Limit]:
    def trip(text: str, ours: str, theirs: str, most: float) -> Limit:
        return Limit(f"Ping-pong, {text}", most, results.ratio(
            "pingpong", ours, theirs, plain("median_ns")), PAIRS_NEEDED)

    yield Limit("Ping-pong, callback: system calls beside the answer", 3,
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
    for workload in ("flood", "stall"):
        for source, wanted in sources:
            for key, text in (("lost", "lost"),
                              ("out_of_order", "out of order")):
                keys = ((key, "value_gaps") if key == "lost"
                        else (key, "duplicates"))
                yield _none(
                    f"{workload.capitalize()}, sigfd on {source}: {text}",
                    results, (workload,), keys, wanted)
    yield _none("Everything of sigfd: allocations per signal", results,
                ("drain", "flood", "stall", "pingpong", "threads"),
                ("allocations",), is_ours)


def _pipe(results: Results) -> Iterator[Limit]:
    figures: tuple[tuple[str, str, str, Figure], ...] = (
        ("pingpong", "Ping-pong", "median round trip", plain("median_ns")),
        ("drain", "Drain", "CPU time", cpu_per_signal))
    for workload, name, text, figure in figures:
        yield Limit(
            f"{name}, pipe source: {text}, to `raw sigwait_pipe`", 1.0,
            results.ratio(workload, "sigfd/pipe", "raw/sigwait_pipe", figure),
            PAIRS_NEEDED)


def limits(results: Results) -> list[Limit]:
    """All, in the order of the report."""
    return [*_drain(results), *_pingpong(results), *_whole(results),
            *_pipe(results),
            Limit("Compiling the README's example: CPU time, to the same with "
                  "`signal_set`", 1.25, results.compile_ratio("cpu_seconds"))]
