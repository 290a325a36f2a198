"""Runs the benchmarks that are built, and reports. Started by ./run."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
import sys
from typing import Any

from compiling import Compiler
from contestants import GROUPS, find
from controls import controls_of
from limits import limits
import machine
from programs import ProgramError
from report import write_report
from results import Results
from session import FULL, QUICK, Session


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True,
                        help="where the benchmarks are built")
    parser.add_argument("--quick", action="store_true",
                        help="fewer rounds, fewer signals")
    parser.add_argument("--report", action="store_true",
                        help="report again what was measured last")
    parser.add_argument("--count", action="store_true",
                        help="count anew, and keep the times measured last")
    parser.add_argument("--command-line", default="./test/bench/run",
                        help="what the report says it was made with")
    return parser.parse_args()


def _count_again(arguments: argparse.Namespace, data: dict[str, Any],
                 ) -> dict[str, Any]:
    """Needs no idle machine: other programs do not change these figures."""
    compiler = Compiler.of_build(arguments.build)
    described = machine.describe(compiler, arguments.command_line)
    session = Session(find(arguments.build / "test" / "bench"),
                      QUICK if data["quick"] else FULL, compiler)
    counted = session.count_again(data)
    for name in ("Command", "Revision"):
        measured = data["machine"][name].split("; ")[0]
        counted["machine"][name] = f"{measured}; counts: {described[name]}"
    return counted


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    folder = arguments.build / "test" / "bench"
    contestants = find(folder)
    compiler = Compiler.of_build(arguments.build)
    described = machine.describe(compiler, arguments.command_line)
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"the load is {load:.1f}: other programs are running, and "
              "times will be less exact", file=sys.stderr)
    session = Session(contestants, QUICK if arguments.quick else FULL,
                      compiler)
    for group in GROUPS:
        if not any(one.group == group for one in contestants):
            session.leave_out(f"{group}, which is not built")
    return {"quick": arguments.quick, "machine": described,
            **session.measure()}


def _summary(results: Results, report: Path) -> int:
    """Says how it went; the exit status."""
    everything = limits(results)
    print(f"{sum(limit.met is True for limit in everything)} of "
          f"{len(everything)} limits are met")
    for limit in everything:
        if limit.met is False and limit.measured:
            print(f"  not met{limit.where}: {limit.text}: at most "
                  f"{limit.most:g}, measured {limit.measured.median:.3g}")
        elif limit.met is None:
            print(f"  not measured: {limit.text}")
    broken = [control for control in controls_of(results)
              if not control.passed]
    for control in broken:
        print(f"  a control failed: {control.text}: expected "
              f"{control.expected}; not so: {', '.join(control.missed)}")
    if results.data["errors"]:
        print(f"failed, as said above: {len(results.data['errors'])}")
    print(f"the report: {report}")
    return 1 if broken or results.data["errors"] else 0


def main() -> int:
    """Does what the arguments say; returns the exit status."""
    arguments = _arguments()
    folder = arguments.build / "results"
    raw = folder / "results.json"
    try:
        if arguments.report:
            data = json.loads(raw.read_text())
        else:
            data = (_count_again(arguments, json.loads(raw.read_text()))
                    if arguments.count else _measure(arguments))
            folder.mkdir(parents=True, exist_ok=True)
            raw.write_text(json.dumps(data, indent=1) + "\n")
        results = Results(data)
        return _summary(results, write_report(results, folder))
    except (ProgramError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
