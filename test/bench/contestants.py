"""Who takes part, and in what: the names of test/bench's programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
import subprocess
from typing import Iterator, Optional, Sequence

# Programs are named by what they are built from; each has some contestants, or
# is named by the one that it has.
GROUPS = ("sigfd", "asio", "raw", "libuv", "libevent", "libev", "sd_event",
          "glib")

# A contestant's name here is GROUP/NAME.
ABOUT = {
    "sigfd/callback":
        "`async_wait` with a callback, on an object whose executor is "
        "`io_context::executor_type`",
    "sigfd/callback_any":
        "the same on `sigfd::signal_fd`, whose executor is `any_io_executor`",
    "sigfd/awaitable":
        "`co_await async_wait`, all in one coroutine, executor as in "
        "`callback`",
    "sigfd/some64":
        "`async_wait_some` with room for 64 signals",
    "sigfd/pipe":
        "as `callback`, where signalfd(2) is not to be had: `source::pipe`",
    "sigfd/pipe_some64":
        "as `some64`, on `source::pipe`",
    "asio/signal_set":
        "`boost::asio::signal_set`",
    "asio/read_some1":
        "a stream descriptor on a signalfd, executor as in `sigfd callback`: "
        "`async_read_some` of one record",
    "asio/read_some1_any":
        "the same on `posix::stream_descriptor`, whose executor is "
        "`any_io_executor`",
    "asio/awaitable_read1":
        "`co_await async_read_some` of one record, all in one coroutine, "
        "executor as in `read_some1`",
    "asio/read_some64":
        "as `read_some1`, of 64 records",
    "asio/wait_read1":
        "`async_wait` on the same descriptor, then one read(2) of one record",
    "asio/awaitable_wait_read1":
        "the same by `co_await`, all in one coroutine",
    "raw/epoll_read1":
        "epoll_wait(2), then one read(2) of one record from a signalfd",
    "raw/epoll_read1_drain":
        "epoll_wait(2), then reads of one record until `EAGAIN`",
    "raw/epoll_read64":
        "epoll_wait(2), then one read(2) of 64 records",
    "raw/sigwaitinfo":
        "a bare loop of sigwaitinfo(2), which can wait for nothing else",
    "raw/sigwait_pipe":
        "as QEMU does without signalfd: a thread in sigwaitinfo(2) writes "
        "each record to a pipe, which the loop reads",
    "libuv/libuv": "libuv's `uv_signal_t`",
    "libevent/libevent": "libevent's `evsignal`",
    "libev/libev": "libev's `ev_signal`",
    "libev/libev_signalfd": "the same with `EVFLAG_SIGNALFD`",
    "sd_event/sd_event": "systemd's `sd_event_add_signal`",
    "glib/glib": "GLib's `g_unix_signal_add`",
}


@dataclass(frozen=True)
class Arrangement:
    """How many objects watch the signal, over how many io_contexts."""

    objects: int
    contexts: int

    def __str__(self) -> str:
        return ", ".join(
            f"{number} {thing}{'s' * (number != 1)}" for number, thing in (
                (self.objects, "object"), (self.contexts, "context")))


ALONE, TWO = Arrangement(1, 1), Arrangement(2, 1)
_IN_ONE = (ALONE, TWO, Arrangement(4, 1), Arrangement(16, 1))

# The workloads in which several objects watch the signal, in these
# arrangements; a context has one object at least.
ARRANGEMENTS = {
    "fanout_drain": _IN_ONE,
    "fanout": (*_IN_ONE, Arrangement(2, 2), Arrangement(4, 4),
               Arrangement(16, 4)),
}
# Who takes part in them.
FANNED_OUT = ("sigfd/callback", "sigfd/pipe", "asio/signal_set")


def arranged(contestant: str, arrangement: Arrangement) -> str:
    """The name of a contestant in the results of such a workload."""
    return f"{contestant}, {arrangement}"


@dataclass(frozen=True)
class Contestant:
    """One way to receive signals, and the program that does it."""

    group: str
    name: str
    program: Path
    arrangement: Optional[Arrangement] = None

    @property
    def id(self) -> str:
        """Its name in the results."""
        plain = f"{self.group}/{self.name}"
        return arranged(plain, self.arrangement) if self.arrangement else plain

    def command(self, workload: str, *options: str) -> list[str]:
        """What to run, as the programs' --help has it."""
        how = ([] if self.arrangement is None else
               ["--objects", str(self.arrangement.objects),
                "--loops", str(self.arrangement.contexts)])
        return [str(self.program), self.name, workload, *how, *options]


def is_ours(contestant: str) -> bool:
    """Whether a contestant is sigfd."""
    return contestant.startswith("sigfd/")


def label(contestant: str) -> str:
    """A contestant's name as people read it, such as "asio signal_set"."""
    group, _, name = contestant.partition("/")
    return name if name.startswith(group) else f"{group} {name}"


def _rank(contestant: Contestant) -> int:
    order = list(ABOUT)
    known = contestant.id in order
    return order.index(contestant.id) if known else len(order)


def _programs(folder: Path) -> Iterator[tuple[str, Path]]:
    for group in GROUPS:
        together = folder / f"sigfd_bench_{group}"
        alone = sorted(folder.glob(f"{together.name}.*"))
        if alone:
            yield from ((group, program) for program in alone)
        elif together.is_file():
            yield group, together


def find(folder: Path) -> list[Contestant]:
    """Those whose programs are built, in the order of the tables."""
    found = []
    for group, program in _programs(folder):
        names = subprocess.run([str(program), "--list"], check=True,
                               capture_output=True, text=True).stdout.split()
        found += [Contestant(group, name, program) for name in names]
    return sorted(found, key=_rank)


def fan_out(contestants: Sequence[Contestant], workload: str,
            ) -> list[Contestant]:
    """Those that take part with several objects, in all arrangements."""
    return [replace(one, arrangement=arrangement)
            for one in contestants if one.id in FANNED_OUT
            for arrangement in ARRANGEMENTS[workload]]
