"""System calls and user instructions per signal, from strace and callgrind.

What a program does once (start, libraries, end) is in every run of it, so the
difference between two runs of different sizes, divided by the difference of
the sizes, is what one signal costs, or one wait that is cancelled: the slope.
Both count the process that receives, with all its threads, and not the one
that sends.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
import re
import tempfile
from typing import Any, Sequence

from contestants import Contestant
from programs import Finished, ProgramError, run

OWNERS = ("sigfd", "Boost.Asio", "mutexes", "the handler", "the rest")

# In a drain, small enough for libuv, which keeps 4096.
SIZES = {"drain": (1000, 4000), "pingpong": (200, 800),
         "cancel": (1000, 4000)}

PROGRAMS = {"strace": "strace", "callgrind": "valgrind"}

# The receiver is slow under these tools. Without the delay, the next signal of
# a ping-pong would often come before it waits again, and what waiting costs
# would be missing; and that from one run to the next in another number.
_DELAY_US = 1000
_DELAYED = ["-e", f"inject=kill:delay_enter={_DELAY_US}"]

# Programs may take the time that they need, and the tools make them slow. Who
# loses signals, for which this would be very long, is not counted.
_PATIENCE = ["--quiet-ms", "15000"]

_CALL = re.compile(r"^(\d+)\s+(\w+)\(")
_SIGNAL = re.compile(r"^\d+\s+--- SIG")


def works(tool: str) -> bool:
    """Whether a tool is there, and may do what it does."""
    command = (["strace", "-f", "-qq", "-o", "/dev/null", *_DELAYED]
               if tool == "strace" else ["valgrind", "-q", "--tool=callgrind",
                                         "--callgrind-out-file=/dev/null"])
    try:
        run([*command, "true"])
    except (OSError, ProgramError):
        return False
    return True


def _read_strace(text: str) -> dict[int, Counter[str]]:
    threads: dict[int, Counter[str]] = {}
    for line in text.splitlines():
        call = _CALL.match(line)
        if call:
            threads.setdefault(int(call[1]), Counter())[call[2]] += 1
        elif _SIGNAL.match(line):
            # A handler that runs, or an action by default.
            threads.setdefault(int(line.split()[0]), Counter())["handler"] += 1
    return threads


def _strace(command: Sequence[str], queue_only: bool,
            ) -> tuple[Counter[str], Finished]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calls")
        finished = run(["strace", "-f", "-qq", "-o", str(file), *_DELAYED,
                        *command])
        threads = _read_strace(file.read_text(errors="replace"))
    if not threads:
        raise ProgramError("made no system call that strace could see")
    if queue_only:
        # The thread that was there first does it all.
        return next(iter(threads.values())), finished
    # There is none where waits are cancelled.
    threads.pop(finished.result()["sender_pid"], None)
    return sum(threads.values(), Counter()), finished


def _owner(function: str) -> str:
    """Whose a function is: that of the first namespace in its name."""
    if "pthread_mutex" in function:
        return "mutexes"
    found = [(function.find(start), owner) for start, owner in (
        ("boost::asio::", "Boost.Asio"), ("sigfd::", "sigfd"),
        ("bench::", "the handler")) if start in function]
    return min(found)[1] if found else "the rest"


def _by_owner(text: str) -> Counter[str]:
    """The instructions of a profile by the owners of the functions.

    Self cost; see "Callgrind Format Specification" in valgrind's manual.
    """
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    owner = ""
    is_call = False
    for line in text.splitlines():
        function = re.match(r"fn=(\(\d+\))(?: (.*))?", line)
        if function:
            names.setdefault(function[1], function[2] or "")
            owner = _owner(names[function[1]])
        elif re.match(r"cfn=(\(\d+\)) (.*)", line):
            called = re.match(r"cfn=(\(\d+\)) (.*)", line)
            assert called
            names.setdefault(called[1], called[2])
        elif line.startswith("calls="):
            is_call = True
        elif owner and re.match(r"[+*\d-]", line):
            # What follows a call is the cost of what was called.
            if not is_call:
                counts[owner] += int(line.split()[-1])
            is_call = False
    return counts


def _callgrind(command: Sequence[str], queue_only: bool, delayed: bool,
               ) -> tuple[Counter[str], Finished]:
    # Only for the delay: it sees no other calls.
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null",
              "-e", "trace=kill", *_DELAYED] if delayed else []
    with tempfile.TemporaryDirectory() as folder:
        finished = run([*strace, "valgrind", "-q", "--tool=callgrind",
                        f"--callgrind-out-file={folder}/%p", *command])
        # A process that is forked writes a file of its own.
        pid = finished.pid if queue_only else finished.result()["pid"]
        text = Path(folder, str(pid)).read_text(errors="replace")
    totals = re.findall(r"^totals: (\d+)", text, re.MULTILINE)
    if not totals:
        raise ProgramError("callgrind wrote no totals")
    counts = _by_owner(text)
    counts["instructions"] = sum(map(int, totals))
    return counts, finished


def count(tool: str, contestant: Contestant, workload: str, size: int,
          can_delay: bool, queue_only: bool = False) -> dict[str, Any]:
    """One run under a tool: what it counted, and what the program printed.

    With queue_only, what it costs to queue the signals of a drain alone.
    """
    command = contestant.command(
        workload, "--count", str(size),
        *(["--queue-only"] if queue_only else _PATIENCE))
    if tool == "strace":
        counts, finished = _strace(command, queue_only)
    else:
        counts, finished = _callgrind(
            command, queue_only, can_delay and workload == "pingpong")
    output = {} if queue_only else finished.result()
    return {"counts": dict(counts), "output": output}
