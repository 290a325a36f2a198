#!/usr/bin/env python3
"""check_printers.py PRINTERS PROGRAM SOURCE

Has gdb print the program's objects with the pretty printers, while it runs and
from a core dump: as the program itself says they should look. Exits with 77
where there is no gdb with Python, or it may not debug.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

LIMIT = 100  # seconds

# Of every object that the program names.
PRINT_ALL = """python
for line in open({expected!r}):
    name = line.partition(": ")[0]
    value = gdb.parse_and_eval("the_objects->" + name)
    print("object " + name + ": " + value.format_string())
end
"""

# Of what is no object, but destroyed or overwritten.
PRINT_JUNK = """echo junk:\\040
print *(sigfd::signal_fd*)the_objects->junk
"""


def fail(text):
    sys.exit(f"check_printers: {text}")


def skip(text):
    print(f"check_printers: skipped: {text}")
    sys.exit(77)


def gdb(folder, commands, *arguments):
    """What gdb says to the commands."""
    file = os.path.join(folder, "commands")
    with open(file, "w", encoding="utf-8") as script:
        script.write(commands)
    # -nx: none of the user's settings
    result = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "set pagination off",
         "-ex", "set width 0", "-x", file, *arguments],
        env={**os.environ, "DEBUGINFOD_URLS": ""}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=LIMIT, check=False)
    if re.search("ptrace: Operation not permitted|Could not trace the inferior",
                 result.stdout):
        skip("gdb may not debug here")
    return result.stdout


def compare(what, output, expected):
    printed = re.findall("^object (.*)", output, re.MULTILINE)
    if not expected or not printed:
        fail(f"{what}: nothing was printed\n{output}")
    for wanted, got in zip(expected, printed):
        if wanted != got:
            fail(f"{what}: printed\n  {got}\nin place of\n  {wanted}")
    if len(printed) != len(expected):
        fail(f"{what}: {len(printed)} of {len(expected)} objects\n"
             f"{output[-500:]}")
    if not re.search("^junk: .*= <cannot be read: Cannot access memory",
                     output, re.MULTILINE):
        fail(f"{what}: what is overwritten should say so\n{output[-500:]}")
    print(f"{what}: {len(printed)} objects as they should be")


def main():
    printers, program, source = sys.argv[1:]
    if shutil.which("gdb") is None:
        skip("there is no gdb")
    with tempfile.TemporaryDirectory() as folder:
        if "42" not in gdb(folder, "python print(6 * 7)\n"):
            skip("this gdb has no Python")
        expected = os.path.join(folder, "expected")
        core = os.path.join(folder, "core")
        print_all = PRINT_ALL.format(expected=expected) + PRINT_JUNK
        alive = gdb(folder, f"""source {printers}
break objects_are_ready
run {source} objects >{expected}
generate-core-file {core}
{print_all}kill
""", program)
        with open(expected, encoding="utf-8") as file:
            lines = file.read().splitlines()
        compare("running", alive, lines)
        dead = gdb(folder, f"source {printers}\n{print_all}", program, core)
        compare("core dump", dead, lines)


main()
