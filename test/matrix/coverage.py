#!/usr/bin/env python3
"""Prints how much of include/ the tests reached, and what they did not.

Reads the counts that programs compiled with --coverage left in the build
folder. Branches that only an exception takes out of a call are not counted:
g++ has one for each call that may throw. unreachable.txt says what else is not,
and why.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--gcovr", default="gcovr")
    parser.add_argument("--lines", type=float, default=0, metavar="PERCENT")
    parser.add_argument("--branches", type=float, default=0, metavar="PERCENT")
    return parser.parse_args()


def read_unreachable():
    """The lines of unreachable.txt, as what kind, file and text they are of."""
    path = pathlib.Path(__file__).with_name("unreachable.txt")
    unreachable = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 4 or parts[0] not in ("line", "branch"):
            sys.exit(f"{path}:{number}: not KIND | FILE | TEXT | REASON")
        unreachable[tuple(parts[:3])] = False
    return unreachable


def run_gcovr(arguments):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "coverage.json"
        subprocess.run(
            [arguments.gcovr, "--root", arguments.root, "--json", output,
             "--filter", f"{arguments.root}/include/",
             "--exclude-throw-branches", "--exclude-unreachable-branches",
             "--gcov-ignore-parse-errors", "-j", "2", arguments.build],
            check=True, stdout=subprocess.DEVNULL)
        return json.loads(output.read_text())["files"]


def percent(part, whole):
    return 100 * part / whole if whole else 100


def main():
    arguments = parse_arguments()
    unreachable = read_unreachable()
    lines = reached_lines = branches = taken_branches = 0
    missed = []
    for file in run_gcovr(arguments):
        name = file["file"].removeprefix("include/")
        source = (arguments.root / file["file"]).read_text().splitlines()

        def is_unreachable(kind, text):
            key = (kind, name, text)
            if key not in unreachable:
                return False
            unreachable[key] = True
            return True

        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            number = line["line_number"]
            text = source[number - 1].strip()
            if line["count"] == 0 and is_unreachable("line", text):
                continue
            lines += 1
            if line["count"] == 0:
                missed.append(f"{name}:{number}: line: {text}")
            else:
                reached_lines += 1
            taken = sum(b["count"] > 0 for b in line["branches"])
            total = len(line["branches"])
            if taken < total and is_unreachable("branch", text):
                total = taken
            branches += total
            taken_branches += taken
            if line["count"] > 0 and taken < total:
                missed.append(f"{name}:{number}: "
                              f"{total - taken} of {total} branches: {text}")
    print(*missed, sep="\n")
    for kind, name, text in (k for k, used in unreachable.items() if not used):
        print(f"unreachable.txt: no such {kind}, or it is reached: "
              f"{name}: {text}")
    line_rate = percent(reached_lines, lines)
    branch_rate = percent(taken_branches, branches)
    print(f"lines: {line_rate:.1f} % ({reached_lines} of {lines})")
    print(f"branches: {branch_rate:.1f} % ({taken_branches} of {branches})")
    return int(line_rate < arguments.lines or branch_rate < arguments.branches
               or not all(unreachable.values()))


if __name__ == "__main__":
    sys.exit(main())
