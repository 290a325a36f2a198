"""Pieces of Markdown, as MyST understands it."""

from __future__ import annotations

import re
from typing import Iterable, List, Tuple


def escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>{}|~$^#])", r"\\\1", text)


def code_span(text: str) -> str:
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def code_block(code: str, language: str = "cpp") -> str:
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def indented(text: str, by: int, first: str) -> str:
    """A text below a bullet or the like, which is the first line's start."""
    lines = text.split("\n")
    rest = [" " * by + line if line else "" for line in lines[1:]]
    return "\n".join([first + lines[0], *rest])


def definition(term: str, text: str) -> str:
    return f"{term}\n{indented(text, 2, ': ')}"


def with_definitions(text: str) -> str:
    """A manual page's list of options as definitions, which GitHub does not
    know: there it is a list whose items begin with the option and a colon, or
    with a paragraph of one line.
    """
    text = re.sub(r"^- (\*\*.*|`.*|sigfd::.*)\n\n  (?=\S)", r"\1\n: ", text,
                  flags=re.M)
    option = r"`-[^`]*`(?: ?\*[^*]+\*(?::\*[^*]+\*)*)?"
    return re.sub(rf"^- ({option}(?:, {option})*): ", r"\n\1\n: ", text,
                  flags=re.M)


def join(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def toctree(entries: List[Tuple[str, str]], caption: str = "") -> str:
    """A part of the table of contents; a page is relative to the reference."""
    lines = ["```{toctree}", ":hidden:"]
    if caption:
        lines.append(f":caption: {caption}")
    lines += ["", *(f"{title} </reference/{page}>" for title, page in entries),
              "```"]
    return "\n".join(lines) + "\n"
