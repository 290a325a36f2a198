"""Declarations as a synopsis has them: C++ without what is not for users."""

from __future__ import annotations

import re
from typing import List

from comments import Entity

# How wide a synopsis may be, beside the indentation of a manual page.
WIDTH = 68


def _break_line(line: str, width: int) -> List[str]:
    """Breaks at the last place where it may be, as often as needed."""
    result = []
    indent = len(line) - len(line.lstrip())
    while len(line) > width:
        for separator in (r" && ", r", | = ", r"<(?=[^<])"):
            places = [m.end() for m in re.finditer(separator, line)
                      if indent < m.end() <= width]
            if places:
                break
        else:
            break
        result.append(line[:places[-1]].rstrip())
        line = " " * (indent + 4) + line[places[-1]:]
    return result + [line]


def _list(head: str, items: List[str], tail: str, indent: str) -> List[str]:
    """An argument list, on one line if it fits, else one line for each."""
    line = f"{indent}{head}{', '.join(items)}{tail}"
    if len(line) <= WIDTH or not items:
        return [line]
    lines = [indent + head]
    for i, item in enumerate(items):
        end = "," if i + 1 < len(items) else tail
        lines += _break_line(f"{indent}    {item}{end}", WIDTH)
    return lines


def _typed(type_: str, name: str) -> str:
    return f"{type_} {name}".strip()


def _template(entity: Entity, indent: str = "") -> List[str]:
    if not entity.template:
        return []
    lines = _list("template <", entity.template, ">", indent)
    if entity.requires:
        requires = entity.requires
        if requires.startswith("(") and requires.endswith(")"):
            requires = requires[1:-1]
            requires = f"({requires})" if "&&" in requires else requires
        lines += _break_line(f"{indent}  requires {requires}", WIDTH)
    return lines


def declaration(entity: Entity, indent: str = "") -> str:
    if entity.kind == "define":
        lines = [f"#define {entity.name} {entity.initializer}".rstrip()]
    elif entity.kind == "typedef":
        lines = [*_template(entity, indent),
                 f"{indent}using {entity.name} = {entity.type};"]
    elif entity.kind == "variable":
        value = entity.initializer
        lines = [f"{indent}{_typed(entity.type, entity.name)}"
                 + (f" {value}" if value else "") + ";"]
    elif entity.kind == "enum":
        lines = _enum(entity)
    elif entity.is_class:
        lines = _class(entity)
    else:
        arguments = [_typed(t, name) + (f" = {default}" if default else "")
                     for t, name, default in entity.arguments]
        head = " ".join(filter(None, [
            entity.before.replace("friend", "").strip(), entity.type,
            f"{entity.name}("]))
        tail = ")" + (f" {entity.after}" if entity.after else "") + ";"
        lines = [*_template(entity, indent),
                 *_list(head, arguments, tail, indent)]
    text = "\n".join(lines)
    if "detail::" in text:
        raise ValueError(f"{entity.qualified}: detail:: in the synopsis")
    return text


def _enum(entity: Entity) -> List[str]:
    base = f" : {entity.type}" if entity.type else ""
    values = [f"  {value.name}" + (f" {value.initializer}"
                                   if value.initializer else "")
              for value in entity.members]
    word = "enum class" if entity.before else "enum"
    return [f"{word} {entity.name}{base}", "{",
            *(f"{value}," for value in values[:-1]), *values[-1:], "};"]


def _class(entity: Entity) -> List[str]:
    head = f"{entity.kind} {entity.name}"
    if entity.bases:
        head += " : " + ", ".join(f"public {name}" for name, _ in entity.bases)
    if entity.kind == "struct" and all(
            member.kind == "variable" for member in entity.members):
        return [*_template(entity), head, "{",
                *(declaration(m, "  ") for m in entity.members), "};"]
    return [*_template(entity), f"{head};"]
