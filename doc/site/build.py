#!/usr/bin/env python3
"""Builds the documentation: the site and the manual pages.

    build.py [--output FOLDER] [--skip-missing] [--comments] [--find]

Doxygen reads the comments in the headers, comments.py and pages.py make
Markdown of them, sources.py adds the repository's own, and Sphinx makes the
site, FOLDER/html, and the manual pages, FOLDER/man. Every warning is an error,
as is a dead link, and a public name without a comment.

--comments looks for names without a comment, and builds nothing; --find for the
generators. With --skip-missing the status is 77 if a generator is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Optional, Tuple

sys.dont_write_bytecode = True

import comments # noqa: E402
import links # noqa: E402
import markup # noqa: E402
import pages # noqa: E402
import sources # noqa: E402
import undocumented # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PACKAGES = "doxygen python3-sphinx python3-myst-parser furo"

DOXYFILE = """\
INPUT = "{input}"
OUTPUT_DIRECTORY = "{output}"
STRIP_FROM_PATH = "{input}"
RECURSIVE = YES
EXCLUDE_SYMBOLS = sigfd::detail sigfd::detail::*
EXTRACT_ALL = YES
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
MULTILINE_CPP_IS_BRIEF = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
SEARCH_INCLUDES = NO
PREDEFINED = \\
  SIGFD_DECL= \\
  "SIGFD_MISTAKE(...)=" \\
  "SIGFD_NO_CONSTRUCTOR=" \\
  "SIGFD_NO_RESULT=void" \\
  "SIGFD_EXTERN_TEMPLATE(x)=" \\
  "SIGFD_FORMAT_AS_STREAMED(x)=" \\
  "BOOST_ASIO_COMPLETION_TOKEN_FOR(...)={token}<__VA_ARGS__>"
QUIET = YES
WARN_IF_UNDOCUMENTED = NO
WARN_IF_INCOMPLETE_DOC = NO
WARN_NO_PARAMDOC = NO
WARN_FORMAT = "$file:$line: $text"
"""


class Failure(Exception):
    pass


class Missing(Exception):
    pass


def say(text: str) -> None:
    print(text, flush=True)


# --- the generators ----------------------------------------------------------


def find_doxygen() -> str:
    doxygen = shutil.which("doxygen")
    if not doxygen:
        raise Missing("Doxygen")
    return doxygen


def find_sphinx() -> str:
    """A Python that has Sphinx, with what the site needs."""
    for python in dict.fromkeys([sys.executable, "/usr/bin/python3"]):
        if Path(python).exists() and subprocess.run(
                [python, "-c", "import sphinx, myst_parser, furo"],
                capture_output=True, check=False).returncode == 0:
            return python
    raise Missing("Sphinx with myst-parser and furo")


def run(command: List[str], name: str,
        environment: Optional[Dict[str, str]] = None,
        rename: Tuple[str, str] = ("", "")) -> None:
    """Runs a generator; what it says is a warning, and that an error."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, env={**os.environ, **(environment or {})})
    text = result.stdout.replace(*rename) if rename[0] else result.stdout
    if result.returncode != 0 or text.strip():
        raise Failure(f"{text.rstrip()}\n{name} is not content")


# --- the comments ------------------------------------------------------------


def closing(text: str, start: int) -> int:
    """The place behind the parenthesis that closes the one before start."""
    depth, i = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        i += 1
    return i


def for_doxygen(text: str) -> str:
    """A header without what Doxygen does not understand, or users do not need;
    the lines keep their numbers.
    """
    # Functions that exist to be refused with a good message.
    while True:
        match = re.search(r"\bSIGFD_MISTAKE\(", text)
        if not match:
            break
        begin = text.rindex("template <", 0, match.start())
        end = text.index(";", closing(text, match.end())) + 1
        lines = "\n" * text.count("\n", begin, end)
        text = text[:begin] + lines + text[end:]
    # It takes explicit(condition) for a function.
    while True:
        match = re.search(r"\bexplicit\(", text)
        if not match:
            return text
        text = (text[:match.start()] + "explicit"
                + text[closing(text, match.end()):])


def read_comments(doxygen: str, output: Path) -> comments.Library:
    headers = output / "headers"
    xml = output / "xml"
    for folder in (headers, xml):
        shutil.rmtree(folder, ignore_errors=True)
    include = ROOT / "include"
    for path in [include / "sigfd.hpp", *(include / "sigfd").glob("*.hpp")]:
        copy = headers / path.relative_to(include)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(for_doxygen(path.read_text()))
    file = output / "Doxyfile"
    file.write_text(DOXYFILE.format(
        input=headers, output=output,
        token="boost::asio::completion_token_for"))
    run([doxygen, str(file)], "Doxygen",
        rename=(str(headers), "include"))
    return comments.read(xml)


def check_comments(library: comments.Library) -> None:
    lines = undocumented.find(library)
    count = sum(1 for _ in library.every())
    if lines:
        raise Failure("\n".join(lines)
                      + f"\n{len(lines)} comments are missing")
    say(f"{count} public names have their comments")


# --- the sources -------------------------------------------------------------


def version() -> str:
    text = (ROOT / "include/sigfd/version.hpp").read_text()
    match = re.search(r'SIGFD_VERSION_STRING\s+"([^"]+)"', text)
    if not match:
        raise Failure("include/sigfd/version.hpp: no SIGFD_VERSION_STRING")
    return match.group(1)


def write(folder: Path, files: Dict[str, str]) -> None:
    """Makes a folder have these files; what is the same keeps its time."""
    for path in list(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def site_sources(library: comments.Library,
                 problems: List[str]) -> Tuple[Dict[str, str], List[str],
                                               Dict[str, str]]:
    own = sources.Sources(ROOT)
    own.lay_out()
    problems += own.errors
    files = dict(own.files)
    reference = pages.Reference(library, for_man=False)
    for page in reference.site_pages():
        files[f"reference/{page.name}.md"] = page.text
    return files, own.images, reference.names()


_NAME_SECTION = re.compile(r"^## +name *\n+(.*?)(?=^## )", re.I | re.M | re.S)


def as_manual_page(text: str) -> Tuple[str, str]:
    """What is for Sphinx, which writes the section NAME; the description."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    match = _NAME_SECTION.search(text)
    if not match:
        raise Failure("a manual page needs a section NAME, its second heading")
    name = " ".join(match.group(1).split()).replace("\\-", "-")
    description = re.split(r"\s+(?:-+|–|—)\s+", name, 1)[-1].rstrip(".")
    text = text[:match.start()] + text[match.end():]
    # Links lead to pages of the site.
    text = re.sub(r"(?<!!)\[([^\[\]]+)\]\((?![a-z]+:)[^)]*\)", r"\1", text)
    return markup.with_definitions(text), re.sub(r"[*`_]", "", description)


def man_sources(library: comments.Library) -> Tuple[Dict[str, str],
                                                    List[List[object]],
                                                    Dict[str, List[str]]]:
    files = {"index.md": "# sigfd\n"}
    entries: List[List[object]] = []
    names: Dict[str, List[str]] = {}
    orphan = "---\norphan: true\n---\n"
    for path in sorted((ROOT / "doc/man").glob("*.[1-8].md")):
        name, section = path.name[:-3].rsplit(".", 1)
        try:
            text, description = as_manual_page(path.read_text())
        except Failure as failure:
            raise Failure(f"doc/man/{path.name}: {failure}") from failure
        files[path.name] = orphan + text
        entries.append([path.name[:-3], name, description, "", section])
    for page in pages.Reference(library, for_man=True).manual_pages():
        document = re.sub(r"\W+", "-", page.name)
        files[f"{document}.md"] = orphan + page.text
        brief = page.brief
        if re.match("[A-Z][a-z ]", brief):
            brief = brief[0].lower() + brief[1:]
        # The macros have one page, which is found by each of their names.
        entries.append([document, page.names[0], brief, "", "3"])
        names[page.names[0]] = page.names[1:]
    return files, entries, names


# --- all together ------------------------------------------------------------


def sphinx(python: str, builder: str, output: Path, result: str,
           problems: List[str]) -> None:
    try:
        _sphinx(python, builder, output, result)
    except Failure as failure:
        problems.append(str(failure))


def _sphinx(python: str, builder: str, output: Path, result: str) -> None:
    run([python, "-B", "-m", "sphinx", "-q", "-E", "-W", "--keep-going",
         "-b", builder,
         "-c", str(HERE), "-d", str(output / f"{builder}-doctrees"),
         str(output / f"{builder}-source"), str(output / result)],
        "Sphinx", {"SIGFD_SITE_STATE": str(output / "state.json")},
        (str(output / f"{builder}-source") + "/", ""))


def mend_furo(static: Path) -> None:
    """Debian 12's furo has lost the rule for screens that are dark, and loads
    a module as a plain script, which then does nothing. Others are left alone.
    """
    style = static / "styles/furo.css"
    text = style.read_text()
    dark = re.search(r'body\[data-theme="dark"\] \{([^}]*)\}', text)
    if dark and "prefers-color-scheme" not in text:
        style.write_text(
            text + "\n@media not print { @media (prefers-color-scheme: dark) {"
            '\n  body:not([data-theme="light"]) {' + dark.group(1) + "} } }\n")
    script = static / "scripts/furo.js"
    text = script.read_text()
    imported = re.match(r'import Gumshoe from "\./([\w.-]+)";\n', text)
    if imported:
        module = (script.parent / imported.group(1)).read_text()
        script.write_text(module + text[imported.end():])


def finish_manual_pages(folder: Path, names: Dict[str, List[str]]) -> int:
    """Puts them where man(1) looks, and mends what Sphinx writes for groff."""
    pages_ = sorted(folder.glob("*.[1-8]"))
    for path in pages_:
        section = path.suffix[1:]
        text = path.read_text()
        # Names are not in capitals, whatever Sphinx believes.
        text = re.sub(
            r'^\.TH "[^"]*"', f'.TH "{path.name[:-2]}"', text, 1, re.M)
        if "\n.TS\n" in text:
            text = "'\\\" t\n" + text # asks for tbl(1)
        # The font C is unknown to a terminal, and headings have their space.
        text = re.sub(r"^\.ft [CP]\n", "", text, flags=re.M)
        text = re.sub(r"^(\.S[HS] .*\n)\.sp\n", r"\1", text, flags=re.M)
        others = names.get(path.name[:-2], [])
        if others:
            text = re.sub(r"(?<=^\.SH NAME\n)(\S+)",
                          lambda m: ", ".join([m.group(1), *others]),
                          text, 1, re.M)
        place = folder / f"man{section}"
        place.mkdir(exist_ok=True)
        (place / path.name).write_text(text)
        path.unlink()
        for name in others:
            (place / f"{name}.{section}").symlink_to(path.name)
    return len(pages_)


def check_manual_pages(folder: Path, problems: List[str]) -> None:
    """What groff, where it is installed, has to say about them."""
    groff = shutil.which("groff")
    files = [str(path) for path in sorted(folder.rglob("*.[1-8]"))]
    if groff:
        try:
            run([groff, "-t", "-man", "-Tutf8", "-ww", "-z", *files], "groff",
                rename=(f"{folder}/", ""))
        except Failure as failure:
            problems.append(str(failure))


def build(output: Path, comments_alone: bool) -> None:
    doxygen = find_doxygen()
    python = "" if comments_alone else find_sphinx()
    output.mkdir(parents=True, exist_ok=True)
    library = read_comments(doxygen, output)
    if comments_alone:
        check_comments(library)
        return

    problems: List[str] = []
    files, images, labels = site_sources(library, problems)
    write(output / "html-source", {**files})
    for image in images:
        copy = output / "html-source" / image
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / image, copy)
    man_files, entries, names = man_sources(library)
    write(output / "man-source", man_files)

    licence = (ROOT / "include/sigfd.hpp").read_text()
    holder = re.search(r"Copyright \(c\) (.*)", licence)
    own_pages = {f"{entry[1]}({entry[4]})": f"doc/man/{entry[0]}"
                 for entry in entries if entry[4] != "3"}
    for entry in entries:
        if entry[4] == "3":
            name = str(entry[1]).split("::")[-1]
            own_pages[f"{entry[1]}(3)"] = f"reference/{name}"
    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    (output / "state.json").write_text(json.dumps({
        "version": version(),
        "copyright": holder.group(1) if holder else "",
        "date": time.strftime("%Y-%m-%d", date),
        "man_pages": entries,
        "own_pages": own_pages,
        "names": labels,
        "not_on_man7": NOT_ON_MAN7,
    }))
    for folder in ("html", "man"):
        shutil.rmtree(output / folder, ignore_errors=True)
    sphinx(python, "html", output, "html", problems)
    mend_furo(output / "html/_static")
    errors, others, count = links.check(output / "html")
    (output / "other-sites.txt").write_text("".join(
        f"{link}\n" for link in sorted(others)))
    problems += errors
    say(f"site: {len(list((output / 'html').rglob('*.html')))} pages, "
        f"{count} links, {len(errors)} of them dead; {len(others)} addresses "
        "elsewhere are in other-sites.txt, and not tried")
    sphinx(python, "man", output, "man", problems)
    number = finish_manual_pages(output / "man", names)
    check_manual_pages(output / "man", problems)
    say(f"manual pages: {number}")
    if problems:
        raise Failure("\n".join(problems))


# Manual pages that come with a program and not with Linux man-pages.
NOT_ON_MAN7 = ["tini", "dumb-init", "docker", "gdb", "nohup", "ctest", "cmake",
               "ev", "kqueue"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build/doc")
    parser.add_argument("--skip-missing", action="store_true")
    parser.add_argument("--comments", action="store_true")
    parser.add_argument("--find", action="store_true")
    arguments = parser.parse_args()
    try:
        if arguments.find:
            find_doxygen()
            find_sphinx()
            return 0
        build(arguments.output.resolve(), arguments.comments)
    except Missing as missing:
        say(f"not built: {missing} is missing; in Debian 12: "
            f"apt-get install {PACKAGES}")
        return 77 if arguments.skip_missing else 1
    except Failure as failure:
        say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
