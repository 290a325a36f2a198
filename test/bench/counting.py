"""System calls and user instructions per signal, from strace and callgrind.

What a program does once (start, libraries, end) is in every run of it, so the
difference between two runs of different sizes, divided by the difference of
the sizes, is what one signal costs: the slope. Both count the process that
receives, with all its threads, and not the one that sends.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
import re
import tempfile
from typing import Any, Sequence

from contestants import Contestant
from programs import Finished, ProgramError, run

# Small enough for every peer to take all of them in a drain: libuv keeps 4096.
SIZES = (1000, 4000)

_CALL = re.compile(r"^(\d+)\s+(\w+)\(")
_SIGNAL = re.compile(r"^(\d+)\s+--- SIG")


def _read_strace(text: str) -> dict[int, Counter[str]]:
    threads: dict[int, Counter[str]] = {}
    for line in text.splitlines():
        for pattern, group in ((_CALL, 2), (_SIGNAL, 0)):
            match = pattern.match(line)
            if match:
                name = match[group] if group else "handler"
                threads.setdefault(int(match[1]), Counter())[name] += 1
    return threads


def _strace(command: Sequence[str], queue_only: bool,
            ) -> tuple[Counter[str], Finished]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "calls")
        finished = run(["strace", "-f", "-qq", "-o", str(file), *command])
        threads = _read_strace(file.read_text(errors="replace"))
    if not threads:
        raise ProgramError("made no system call that strace could see")
    if queue_only:
        # The thread that was there first does it all.
        return next(iter(threads.values())), finished
    threads.pop(int(finished.result()["sender_pid"]), None)
    return sum(threads.values(), Counter()), finished


def _callgrind(command: Sequence[str]) -> tuple[Counter[str], Finished]:
    with tempfile.TemporaryDirectory() as folder:
        finished = run(["valgrind", "-q", "--tool=callgrind",
                        f"--callgrind-out-file={folder}/%p", *command])
        # A process that is forked writes a file of its own.
        text = Path(folder, str(finished.pid)).read_text(errors="replace")
    totals = re.findall(r"^totals: (\d+)", text, re.MULTILINE)
    if not totals:
        raise ProgramError("callgrind wrote no totals")
    return Counter({"instructions": sum(map(int, totals))}), finished


def count(tool: str, contestant: Contestant, workload: str, size: int,
          queue_only: bool = False) -> dict[str, Any]:
    """One run under a tool: what it counted, and what the program printed.

    With queue_only, what it costs to queue the signals of a drain alone.
    """
    options = ["--count", str(size)] + ["--queue-only"] * queue_only
    command = contestant.command(workload, *options)
    if tool == "strace":
        counts, finished = _strace(command, queue_only)
    else:
        counts, finished = _callgrind(command)
    output = {} if queue_only else finished.result()
    return {"counts": dict(counts), "output": output}
