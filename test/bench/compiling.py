"""What it costs to compile: seconds, memory, and bytes of code per wait."""

from __future__ import annotations

from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import shlex
from string import Template
import subprocess
import tempfile
import time
from typing import Any

from programs import ProgramError, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

SIGNAL_SET = "signal_set"
HEADER_ONLY, COMPILED = "sigfd, header-only", "sigfd, compiled library"

# The same program, with each: a file, and options. The one unit in which the
# compiled library is, <sigfd/impl/src.hpp>, is compiled once and not counted.
PROGRAMS = {
    HEADER_ONLY: (HERE / "compile_sigfd.cpp", ()),
    COMPILED: (HERE / "compile_sigfd.cpp", ("-DSIGFD_SEPARATE_COMPILATION",)),
    SIGNAL_SET: (HERE / "compile_signal_set.cpp", ()),
}

EXECUTORS = ("any_io_executor", "io_context::executor_type")

# What has its code counted: what is filled into waits.cpp.in.
_SIGFD = {"header": "sigfd.hpp",
          "parameter": "const sigfd::signal_info& info",
          "number": "info.number()"}
_SIGNAL_SET = {"header": "boost/asio/signal_set.hpp",
               "parameter": "int number", "number": "number"}
WAITS = {
    f"sigfd, {EXECUTORS[0]}": {**_SIGFD, "object": "sigfd::signal_fd"},
    f"sigfd, {EXECUTORS[1]}": {
        **_SIGFD, "object": f"sigfd::basic_signalfd<net::{EXECUTORS[1]}>"},
    f"signal_set, {EXECUTORS[0]}": {
        **_SIGNAL_SET, "object": "net::signal_set"},
    f"signal_set, {EXECUTORS[1]}": {
        **_SIGNAL_SET,
        "object": f"net::basic_signal_set<net::{EXECUTORS[1]}>"},
}
FEW, MANY = 1, 11


@dataclass(frozen=True)
class Compiler:
    """A compiler, and where the build's options say that headers are."""

    path: str
    options: tuple[str, ...]
    # With what the build optimises.
    build_options: str

    @staticmethod
    def of_build(folder: Path) -> Compiler:
        """The one of a build that has a compile_commands.json."""
        commands = json.loads((folder / "compile_commands.json").read_text())
        for entry in commands:
            if Path(entry["file"]).parent == HERE:
                words = shlex.split(entry["command"])
                break
        else:
            raise ProgramError(f"{folder} compiles no benchmark")
        # Where headers are is what another machine has elsewhere.
        options, rest = [], iter(words[1:])
        for word in rest:
            if word in ("-I", "-isystem"):
                options += [word, next(rest)]
            elif word.startswith(("-I", "-isystem", "-std=")):
                options.append(word)
        optimising = [word for word in words
                      if word.startswith("-O") or word == "-DNDEBUG"]
        return Compiler(words[0], (*options, "-O2", "-DNDEBUG"),
                        " ".join(optimising))

    def command(self, source: Path, output: Path, *options: str,
                ) -> list[str]:
        """What compiles a file."""
        return [self.path, *self.options, *options, "-c", str(source), "-o",
                str(output)]


def compile_time(compiler: Compiler, which: str) -> dict[str, Any]:
    """Seconds and memory that one compilation takes."""
    with tempfile.TemporaryDirectory() as folder:
        source, options = PROGRAMS[which]
        command = compiler.command(source, Path(folder, "object"), *options)
        with open(Path(folder, "messages"), "w+", encoding="utf-8") as stderr:
            begin = time.monotonic()
            # Not by subprocess's own wait: only wait4() tells the usage.
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                process.wait()
                raise
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - begin
            stderr.seek(0)
            if process.returncode != 0:
                raise ProgramError(
                    f"{shlex.join(command)}\n{stderr.read()}".rstrip())
    # The usage is that of the compiler's driver and of all that it ran.
    return {"seconds": seconds,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_kib": usage.ru_maxrss}


def _source_with_waits(which: str, number: int) -> str:
    once, each = (HERE / "waits.cpp.in").read_text().split("// ---\n")
    return Template(once).substitute(WAITS[which]) + "".join(
        Template(each).substitute(WAITS[which], place=place)
        for place in range(number))


def code_size(compiler: Compiler, which: str, number: int) -> int:
    """Bytes of machine code in an object file that waits at some places."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "waits.cpp"), Path(folder, "waits.o")
        source.write_text(_source_with_waits(which, number))
        run(compiler.command(source, output), timeout=600)
        sections = run(["size", "-A", str(output)]).stdout
    # Templates have sections of their own.
    sizes = re.findall(r"^\.text\S*\s+(\d+)", sections, re.MULTILINE)
    return sum(map(int, sizes))
