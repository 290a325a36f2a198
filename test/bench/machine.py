"""What the figures were measured on."""

from __future__ import annotations

from datetime import datetime, timezone
import os
from pathlib import Path
import platform
import re
import resource
import subprocess
from typing import Sequence

from compiling import ROOT, Compiler

# The libraries' names to pkg-config.
LIBRARIES = {"libuv": "libuv", "libevent": "libevent",
             "libsystemd": "libsystemd", "GLib": "glib-2.0"}


def _first_line(command: Sequence[str], stdin: str = "") -> str:
    """The first line that a program prints, or nothing if it cannot."""
    try:
        output = subprocess.run(command, input=stdin, check=True, text=True,
                                capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return output.splitlines()[0].strip() if output.strip() else ""


def _find(pattern: str, file: str) -> str:
    try:
        match = re.search(pattern, Path(file).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return match[1].strip() if match else ""


def _macros(compiler: Compiler, header: str, names: Sequence[str],
            ) -> list[str]:
    """The values of macros, none if there is no such header."""
    code = f"#include <{header}>\n" + "\n".join(f"@{name}" for name in names)
    try:
        output = subprocess.run(
            [compiler.path, *compiler.options, "-E", "-P", "-x", "c++", "-"],
            input=code, check=True, text=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return re.findall(r"^@ ?(\S+)$", output, re.MULTILINE)


def _boost(compiler: Compiler) -> str:
    values = _macros(compiler, "boost/version.hpp", ["BOOST_VERSION"])
    if not values:
        return ""
    number = int(values[0])
    return f"{number // 100000}.{number // 100 % 1000}.{number % 100}"


def _libraries(compiler: Compiler) -> str:
    found = {"Boost": _boost(compiler)}
    for name, module in LIBRARIES.items():
        found[name] = _first_line(["pkg-config", "--modversion", module])
    # Which has no file for pkg-config.
    found["libev"] = ".".join(_macros(
        compiler, "ev.h", ["EV_VERSION_MAJOR", "EV_VERSION_MINOR"]))
    return ", ".join(f"{name} {version}"
                     for name, version in found.items() if version)


def _cpu() -> str:
    model = _find(r"^model name\s*:(.*)", "/proc/cpuinfo") or platform.machine()
    number = len(os.sched_getaffinity(0))
    virtual = _first_line(["systemd-detect-virt", "--vm"])
    inside = f", a virtual machine ({virtual})" if virtual not in (
        "", "none") else ""
    return f"{model}, {number} CPU{'s' * (number != 1)}{inside}"


def _limit() -> str:
    soft, hard = (("no limit" if value == resource.RLIM_INFINITY
                   else f"{value:,}")
                  for value in resource.getrlimit(resource.RLIMIT_SIGPENDING))
    return soft if soft == hard else f"{soft} (hard: {hard})"


def describe(compiler: Compiler, command_line: str) -> dict[str, str]:
    """The machine, by what to call each thing."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    revision = _first_line(["git", "-C", str(ROOT), "describe", "--always",
                            "--dirty", "--abbrev=12"])
    described = {
        "CPU": _cpu(),
        "Kernel": f"{platform.system()} {platform.release()}",
        "Distribution": _find(r'^PRETTY_NAME="?([^"\n]*)',
                              "/etc/os-release"),
        "C library": " ".join(platform.libc_ver()),
        "Compiler": (_first_line([compiler.path, "--version"])
                     + f", {compiler.build_options}"),
        "Libraries": _libraries(compiler),
        "Tools": ", ".join(filter(None, (
            re.sub("^strace -- version ", "strace ",
                   _first_line(["strace", "--version"])),
            _first_line(["valgrind", "--version"])))),
        "RLIMIT_SIGPENDING": _limit(),
        "Load before": load,
        "Date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "Command": f"`{command_line}`",
        "Revision": revision,
    }
    return {name: value for name, value in described.items() if value.strip()}
