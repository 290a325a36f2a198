#!/usr/bin/env python3
"""Prints how much of include/ the tests reached, and what they did not.

Reads the counts that programs compiled with --coverage left in the build
folder, by way of gcov. A function has a copy in each program and for each set of
template arguments; a line or branch that any of them reached is reached. So the
branches of a line are those of one function of the source, and each is taken if
it is in any copy. Where copies have different numbers of branches, because what
is called there differs, those that leave the least open count.

What a call that may throw does to the way of a program is no branch here: g++
has two for each such call.

unreachable.txt says what else does not count, and why. What is not reached,
and the figures, are also in coverage.txt in the build folder.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
from concurrent import futures


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--prepare", action="store_true",
                        help="only make files of counts that anybody may write")
    parser.add_argument("--gcov", default="gcov")
    parser.add_argument("--lines", type=float, default=0, metavar="PERCENT")
    parser.add_argument("--branches", type=float, default=0, metavar="PERCENT")
    arguments = parser.parse_args()
    arguments.root = arguments.root.resolve()
    arguments.build = arguments.build.resolve()
    return arguments


def prepare(build):
    """For each file that the compiler made, an empty one of its counts."""
    (build / "coverage.txt").unlink(missing_ok=True)
    for made in build.rglob("*.cpp.gcno"):
        counts = made.with_suffix(".gcda")
        if not counts.exists():
            counts.touch()
        counts.chmod(0o666)


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


def run_gcov(gcov, counts, folder):
    """What it says of the files below a folder.

    It fails where nothing was counted, but then says what could have been.
    """
    output = subprocess.run(
        [gcov, "--json-format", "--stdout", "--branch-probabilities", counts],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=counts.parent, text=True).stdout
    return [file
            for line in output.splitlines()
            for file in json.loads(line)["files"]
            if file["file"].startswith(folder)]


def decisions(branches):
    """Whether each was taken, without those of calls that may throw."""
    taken = []
    for i, branch in enumerate(branches):
        following = branches[i + 1:i + 2]
        if branch["throw"] or branch["fallthrough"] and following \
                and following[0]["throw"]:
            continue
        taken.append(branch["count"] > 0)
    return tuple(taken)


class Line:
    """What all copies of a line of the source did."""

    def __init__(self):
        self.is_reached = False
        self.functions = collections.defaultdict(dict)

    def add(self, function, count, branches):
        self.is_reached = self.is_reached or count > 0
        taken = decisions(branches)
        of_this_length = self.functions[function]
        before = of_this_length.get(len(taken), (False,) * len(taken))
        of_this_length[len(taken)] = tuple(map(max, before, taken))

    def branches(self):
        """How many there are, and how many of them were taken."""
        total = reached = 0
        for lengths in self.functions.values():
            best = min(lengths.values(), key=lambda t: (t.count(False), -len(t)))
            total += len(best)
            reached += best.count(True)
        return total, reached


def read_counts(arguments):
    """The lines of each file, by number."""
    folder = f"{arguments.root}/include/"
    files = collections.defaultdict(lambda: collections.defaultdict(Line))
    paths = sorted(arguments.build.rglob("*.cpp.gcda"))
    with futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(
            lambda path: run_gcov(arguments.gcov, path, folder), paths)
        for file in (file for result in results for file in result):
            starts = {f["name"]: (f["start_line"], f["start_column"])
                      for f in file["functions"]}
            lines = files[file["file"].removeprefix(folder)]
            for line in file["lines"]:
                lines[line["line_number"]].add(
                    starts.get(line.get("function_name")),
                    line["count"], line["branches"])
    return files


def percent(part, whole):
    return 100 * part / whole if whole else 100


def main():
    arguments = parse_arguments()
    if arguments.prepare:
        return prepare(arguments.build)
    unreachable = read_unreachable()
    lines = reached_lines = branches = taken_branches = 0
    missed = []
    for name, of_file in sorted(read_counts(arguments).items()):
        path = arguments.root / "include" / name
        source = path.read_text().splitlines()

        def is_unreachable(kind, text):
            key = (kind, name, text)
            if key not in unreachable:
                return False
            unreachable[key] = True
            return True

        for number, line in sorted(of_file.items()):
            text = source[number - 1].strip()
            if not re.search(r"\w", text):
                continue # no more than the end of a block
            if not line.is_reached and is_unreachable("line", text):
                continue
            lines += 1
            if line.is_reached:
                reached_lines += 1
            else:
                missed.append(f"{name}:{number}: line: {text}")
            total, taken = line.branches()
            if taken < total and is_unreachable("branch", text):
                total = taken
            branches += total
            taken_branches += taken
            if line.is_reached and taken < total:
                missed.append(f"{name}:{number}: "
                              f"{total - taken} of {total} branches: {text}")
    for kind, name, text in (k for k, used in unreachable.items() if not used):
        print(f"unreachable.txt: no such {kind}, or it is reached: "
              f"{name}: {text}")
    line_rate = percent(reached_lines, lines)
    branch_rate = percent(taken_branches, branches)
    figures = (f"lines: {line_rate:.1f} % ({reached_lines} of {lines})\n"
               f"branches: {branch_rate:.1f} % ({taken_branches} of {branches})\n")
    report = "".join(line + "\n" for line in missed) + figures
    print(report, end="")
    (arguments.build / "coverage.txt").write_text(report)
    return int(line_rate < arguments.lines or branch_rate < arguments.branches
               or not all(unreachable.values()))


if __name__ == "__main__":
    sys.exit(main())
