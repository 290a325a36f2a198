"""Runs programs, and says plainly what went wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
import json
import os
import signal
import subprocess
import time
from typing import Any, Sequence


class ProgramError(Exception):
    """A program did not do what it is for."""


@dataclass(frozen=True)
class Finished:
    """A program that ended with status 0."""

    pid: int
    stdout: str
    stderr: str
    seconds: float

    def result(self) -> dict[str, Any]:
        """The JSON object that a benchmark program prints."""
        try:
            value = json.loads(self.stdout)
        except ValueError:
            raise ProgramError(
                f"printed no JSON: {self.stdout[:200]!r}") from None
        if not isinstance(value, dict):
            raise ProgramError(f"printed no JSON object: {self.stdout[:200]}")
        return value


def _end_group(pid: int) -> None:
    # The sender of a program that failed must not go on flooding.
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command: Sequence[str], timeout: float = 120) -> Finished:
    """Runs a program to its end; raises ProgramError if it fails."""
    begin = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, start_new_session=True) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _end_group(process.pid)
            _, stderr = process.communicate()
            raise ProgramError(
                f"did not end in {timeout:.0f} s\n{stderr}".rstrip()) from None
        except BaseException:
            _end_group(process.pid)
            raise
    if process.returncode != 0:
        _end_group(process.pid)
        raise ProgramError(_how_it_ended(process.returncode, stderr))
    return Finished(process.pid, stdout, stderr, time.monotonic() - begin)


def _how_it_ended(status: int, stderr: str) -> str:
    how = (f"ended with status {status}" if status > 0
           else f"was ended by signal {-status}: "
                f"{signal.strsignal(-status)}")
    return f"{how}\n{stderr}".rstrip()
