"""Says on the terminal what is being done, and how long it will yet take."""

from __future__ import annotations

from dataclasses import dataclass, field
import shutil
import sys
import time


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{round(seconds / 60)} min"


@dataclass
class Progress:
    """What is left to do, by kind, and how long one of a kind takes.

    On a terminal, one line that is written over; elsewhere, one line a round.
    """

    # How many are left of each kind of step, and seconds each is thought to
    # take, until one was seen.
    left: dict[tuple[str, str], int] = field(default_factory=dict)
    guessed: dict[tuple[str, str], float] = field(default_factory=dict)
    seen: dict[tuple[str, str], float] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)
    _on_line: bool = False
    _last: str = ""

    def expect(self, section: str, name: str, number: int, seconds: float,
               workers: int) -> None:
        """Adds steps that will be done."""
        key = (section, name)
        self.left[key] = self.left.get(key, 0) + number
        self.guessed[key] = seconds
        self.workers[section] = workers

    def did(self, section: str, name: str, seconds: float) -> None:
        """A step is done; seconds is what it took."""
        key = (section, name)
        self.left[key] -= 1
        self.seen[key] = seconds

    def time_left(self) -> str:
        """About how long the rest takes."""
        seconds = 0.0
        for key, number in self.left.items():
            each = self.seen.get(key, self.guessed[key])
            seconds += number * each / self.workers[key[0]]
        return f"about {_duration(seconds)} left"

    def show(self, section: str, round_: int, rounds: int, name: str,
             position: int, of: int) -> None:
        """Says what is done next."""
        where = f"{section}: round {round_} of {rounds}"
        if sys.stderr.isatty():
            text = f"{where}, {name} ({position} of {of}), {self.time_left()}"
            width = shutil.get_terminal_size().columns
            sys.stderr.write(f"\r\x1b[K{text[:width - 1]}")
            sys.stderr.flush()
            self._on_line = True
        elif where != self._last:
            print(f"{where}, {of} contestants, {self.time_left()}",
                  file=sys.stderr, flush=True)
        self._last = where

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Takes away the line that is written over."""
        if self._on_line:
            sys.stderr.write("\r\x1b[K")
            self._on_line = False


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def seconds(self) -> float:
        """How many."""
        return time.monotonic() - self._begin
