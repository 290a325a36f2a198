#!/usr/bin/env python3
"""check.py PROGRAM SOURCE

Debugs the program as a person would, with gdb on a terminal, and shows what
doc/guide.md says: Ctrl-C goes to the program and does not stop it; Ctrl-\\
and Ctrl-Z do, once gdb was told not to pass their signals on; and SIGTRAP from
elsewhere does, also where gdb was attached. Exits with 77 where there is no
gdb, or it may not debug.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

LIMIT = 30  # seconds for an answer
PROMPT = r"\(gdb\) "
CTRL_C = b"\x03"
STOPPING_KEYS = {b"\x1c": "SIGQUIT", b"\x1a": "SIGTSTP"}  # Ctrl-\ and Ctrl-Z


def fail(text):
    sys.exit(f"check: {text}")


def skip(text):
    print(f"check: skipped: {text}")
    sys.exit(77)


class Gdb:
    """gdb on a terminal of its own."""

    def __init__(self, commands, arguments):
        commands = ["set pagination off", "set width 0", *commands]
        options = [f"--eval-command={command}" for command in commands]
        environment = {**os.environ, "TERM": "dumb", "DEBUGINFOD_URLS": ""}
        self.seen = ""
        self.debugged = None
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            # -nx: none of the user's settings
            os.execvpe("gdb", ["gdb", "-nx", "-q", *options, *arguments],
                       environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in filter(None, (self.debugged, self.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def press(self, keys):
        os.write(self.terminal, keys)

    def command(self, line):
        self.press(line.encode() + b"\n")

    def expect(self, pattern):
        """Reads on until a pattern appears; the match."""
        end = time.monotonic() + LIMIT
        while not (match := re.search(pattern, self.seen)):
            if re.search("ptrace: Operation not permitted"
                         "|Could not trace the inferior", self.seen):
                skip("gdb may not debug here")
            left = max(0, end - time.monotonic())
            if not select.select([self.terminal], [], [], left)[0]:
                fail(f"no {pattern!r} within {LIMIT} seconds")
            try:
                new = os.read(self.terminal, 4096)
            except OSError:  # gdb has ended
                fail(f"no {pattern!r} before the end")
            text = new.decode(errors="replace")
            print(text, end="", flush=True)
            self.seen += text
        self.seen = self.seen[match.end():]
        return match

    def expect_ready(self):
        self.debugged = int(self.expect(r"ready, pid (\d+)")[1])

    def expect_stop(self, name):
        """The program is stopped by a signal, and gdb takes commands."""
        self.expect(f"received signal {name}")
        self.expect(PROMPT)
        self.command("print 6 * 7")
        self.expect("= 42")
        self.expect(PROMPT)

    def go_on(self):
        self.command("continue")
        self.expect("Continuing")


def require_running(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        if "tracing stop" in status.read():
            fail("Ctrl-C has stopped the program")


def with_terminal(program, source):
    with Gdb(["handle SIGQUIT nopass", "handle SIGTSTP nopass", "run"],
             ["--args", program, source]) as gdb:
        gdb.expect_ready()
        for key, name in STOPPING_KEYS.items():
            gdb.press(CTRL_C)
            gdb.expect("got SIGINT")
            require_running(gdb.debugged)
            gdb.press(key)
            gdb.expect_stop(name)
            gdb.go_on()
        # It did not get SIGQUIT, which would have killed it, and goes on.
        os.kill(gdb.debugged, signal.SIGTERM)
        gdb.expect("got SIGTERM")
        gdb.expect("exited normally")


def from_elsewhere(program, source):
    with Gdb(["run"], ["--args", program, source]) as gdb:
        gdb.expect_ready()
        os.kill(gdb.debugged, signal.SIGTRAP)
        gdb.expect_stop("SIGTRAP")
        gdb.go_on()
        os.kill(gdb.debugged, signal.SIGTERM)
        gdb.expect("exited normally")


def attached(program, source):
    with subprocess.Popen([program, source], stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            process.stdout.readline()
            with Gdb([], ["-p", str(process.pid)]) as gdb:
                gdb.expect(PROMPT)
                gdb.go_on()
                gdb.press(CTRL_C)  # gdb sends it on
                if process.stdout.readline() != "got SIGINT\n":
                    fail("the attached program does not get SIGINT")
                require_running(process.pid)
                os.kill(process.pid, signal.SIGTRAP)
                gdb.expect_stop("SIGTRAP")
                gdb.go_on()
                os.kill(process.pid, signal.SIGTERM)
                gdb.expect("exited normally")
        finally:
            process.kill()


def main():
    if shutil.which("gdb") is None:
        skip("there is no gdb")
    for case in (with_terminal, from_elsewhere, attached):
        print(f"== {case.__name__}", flush=True)
        case(*sys.argv[1:])


main()
