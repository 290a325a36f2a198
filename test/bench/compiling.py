"""What it costs to compile: seconds, memory, and bytes of code per wait."""

from __future__ import annotations

from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import shlex
import subprocess
import tempfile
import time
from typing import Any

from programs import ProgramError, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# The same program, with each of the two.
SOURCES = {
    "sigfd": HERE / "compile_sigfd.cpp",
    "signal_set": HERE / "compile_signal_set.cpp",
}

# What has its code counted: a type, and the rest of a file that waits with it.
WAITS = {
    "sigfd, io_context::executor_type": (
        "sigfd.hpp", "sigfd::basic_signalfd<net::io_context::executor_type>",
        "const sigfd::signal_info& info", "info.number()"),
    "sigfd, any_io_executor": (
        "sigfd.hpp", "sigfd::signal_fd",
        "const sigfd::signal_info& info", "info.number()"),
    "signal_set, io_context::executor_type": (
        "boost/asio/signal_set.hpp",
        "net::basic_signal_set<net::io_context::executor_type>",
        "int number", "number"),
    "signal_set, any_io_executor": (
        "boost/asio/signal_set.hpp", "net::signal_set", "int number",
        "number"),
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

    def command(self, source: Path, output: Path) -> list[str]:
        """What compiles a file."""
        return [self.path, *self.options, "-c", str(source), "-o",
                str(output)]


def _stripped_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


def check_that_it_is_the_readme() -> None:
    """Raises ProgramError unless what is compiled is the README's code."""
    readme = (ROOT / "README.md").read_text()
    block = re.search(r"^```cpp\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    source = SOURCES["sigfd"].read_text()
    if not block or _stripped_lines(block[1]) not in _stripped_lines(source):
        raise ProgramError(
            f"{SOURCES['sigfd']} has not the first block of README.md")


def compile_time(compiler: Compiler, which: str) -> dict[str, Any]:
    """Seconds and memory that one compilation takes."""
    with tempfile.TemporaryDirectory() as folder:
        command = compiler.command(SOURCES[which], Path(folder, "object"))
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
    header, kind, parameter, value = WAITS[which]
    lines = [f"#include <{header}>",
             "#include <boost/asio/io_context.hpp>",
             "namespace net = boost::asio;",
             "void take(int handler, int number);"]
    for i in range(number):
        lines += [f"void wait_{i}({kind}& object)",
                  "{",
                  "  object.async_wait(",
                  f"      [](boost::system::error_code e, {parameter})",
                  "      {",
                  "        if (!e)",
                  f"          take({i}, {value});",
                  "      });",
                  "}"]
    return "\n".join(lines) + "\n"


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
