"""The public names and their comments, as Doxygen's XML has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple, Union
from xml.etree import ElementTree

Element = ElementTree.Element
Inline = Union[str, Element]

# The sections of a page that a comment can have, by the title of its @par. The
# other @par belong to the description.
SECTIONS = {
    "completion": "Completion",
    "completion signature": "Completion",
    "errors": "Errors",
    "cancellation": "Cancellation",
    "per-operation cancellation": "Cancellation",
    "thread safety": "Thread Safety",
    "example": "Example",
}


@dataclass
class Block:
    """A paragraph, code, a list or a note."""

    kind: str  # "text", "code", "list", "note"
    inlines: List[Inline] = field(default_factory=list)
    code: str = ""
    items: List[List["Block"]] = field(default_factory=list)


@dataclass
class Parameter:
    names: List[str]
    blocks: List[Block]


@dataclass
class Comment:
    brief: List[Block] = field(default_factory=list)
    description: List[Block] = field(default_factory=list)
    parameters: List[Parameter] = field(default_factory=list)
    template_parameters: List[Parameter] = field(default_factory=list)
    throws: List[Parameter] = field(default_factory=list)
    returns: List[Block] = field(default_factory=list)
    since: List[Block] = field(default_factory=list)
    see: List[Block] = field(default_factory=list)
    # Those of SECTIONS, and the others in their order.
    sections: Dict[str, List[Block]] = field(default_factory=dict)
    others: List[Tuple[str, List[Block]]] = field(default_factory=list)


@dataclass
class Entity:
    """A class, function, type, enumeration, enumerator, variable or macro."""

    id: str
    kind: str  # class, struct, function, typedef, enum, variable, define, value
    name: str  # unqualified
    scope: str  # sigfd, or a class as sigfd::signal_mask
    comment: Comment
    file: str
    line: int
    header: str = ""
    type: str = ""
    template: List[str] = field(default_factory=list)
    requires: str = ""
    arguments: List[Tuple[str, str, str]] = field(default_factory=list)
    before: str = ""  # explicit, static, constexpr, friend
    after: str = ""  # const noexcept
    initializer: str = ""
    bases: List[Tuple[str, Optional[str]]] = field(default_factory=list)
    members: List["Entity"] = field(default_factory=list)

    @property
    def qualified(self) -> str:
        return f"{self.scope}::{self.name}" if self.scope else self.name

    @property
    def is_noexcept(self) -> bool:
        return "noexcept" in self.after

    @property
    def is_class(self) -> bool:
        return self.kind in ("class", "struct")

    @property
    def sets_error_code(self) -> bool:
        return any(t == "boost::system::error_code&"
                   for t, _, _ in self.arguments)


def text_of(element: Optional[Element]) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def plain_type(text: str) -> str:
    """C++ as we write it, and not as Doxygen spaces it."""
    text = " ".join(text.split())
    text = re.sub(r"<\s+", "<", text)
    text = re.sub(r"\s+>", ">", text)
    text = re.sub(r"\s+([&*])", r"\1", text)
    return re.sub(r"([&*])([A-Za-z_])", r"\1 \2", text)


# --- comments ----------------------------------------------------------------

_LISTS = ("itemizedlist", "orderedlist")
_NOTES = {"note": "Note", "warning": "Warning", "attention": "Warning",
          "remark": "Note", "pre": "Precondition", "post": "Postcondition"}


def _code_of(listing: Element) -> str:
    lines = []
    for line in listing.iter("codeline"):
        text = ""
        for node in line.iter():
            if node.tag == "sp":
                text += " "
            if node.text:
                text += node.text
            if node is not line and node.tail:
                text += node.tail
        lines.append(text.rstrip())
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return ""
    # Where the first line stands behind @code, Doxygen takes the space between
    # them for indentation, and may have removed as much from the other lines.
    lines[0] = lines[0].lstrip()
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line]
    if indents and all(indent % 2 == 1 for indent in indents):
        lines[1:] = [" " + line if line else "" for line in lines[1:]]
    return "\n".join(lines)


def _blocks_of(parent: Element) -> List[Block]:
    comment = Comment()
    _Reader(comment).read(parent)
    return comment.description


class _Reader:
    """Sorts what a comment says into its sections.

    To Doxygen a @par ends with its paragraph; to a reader what follows, such as
    a list, still belongs to it.
    """

    def __init__(self, comment: Comment) -> None:
        self._comment = comment
        self._target = comment.description
        self._inlines: List[Inline] = []

    def read(self, parent: Element) -> None:
        for element in parent:
            if element.tag == "para":
                self._paragraph(element)
            elif element.tag not in ("title",):
                raise ValueError(f"<{element.tag}> in a comment")
        self._flush()

    def _paragraph(self, para: Element) -> None:
        self._add(para.text)
        for child in para:
            if not self._is_block(child):
                # Rendered with what it contains, and without what follows.
                self._inlines.append(child)
            self._add(child.tail)
        self._flush()

    def _add(self, text: Optional[str]) -> None:
        if text:
            self._inlines.append(text)

    def _flush(self) -> None:
        inlines, self._inlines = self._inlines, []
        if any(not isinstance(i, str) or i.strip() for i in inlines):
            self._target.append(Block("text", inlines=inlines))

    def _is_block(self, child: Element) -> bool:
        tag = child.tag
        if tag in ("programlisting", "verbatim"):
            self._flush()
            code = (_code_of(child) if tag == "programlisting"
                    else (child.text or "").strip("\n"))
            self._target.append(Block("code", code=code))
        elif tag in _LISTS:
            self._flush()
            items = [_blocks_of(item) for item in child]
            last = self._target[-1] if self._target else None
            if last and last.kind == "list": # @li makes a list of each item
                last.items += items
            else:
                self._target.append(Block("list", items=items))
        elif tag == "parameterlist":
            self._flush()
            self._parameters(child)
            self._target = self._comment.description
        elif tag == "simplesect":
            self._flush()
            self._section(child)
        elif tag == "para":
            self._flush()
            self._paragraph(child)
        else:
            return False
        return True

    def _parameters(self, element: Element) -> None:
        target = {
            "param": self._comment.parameters,
            "templateparam": self._comment.template_parameters,
            "exception": self._comment.throws,
            "retval": self._comment.parameters,
        }[element.get("kind", "")]
        for item in element:
            names = [text_of(name) for name in item.iter("parametername")]
            blocks = _blocks_of(item.find("parameterdescription"))
            target.append(Parameter(names, blocks))

    def _section(self, element: Element) -> None:
        kind = element.get("kind", "")
        comment = self._comment
        if kind == "par":
            title = text_of(element.find("title")).rstrip(".:")
            known = SECTIONS.get(title.lower())
            if known:
                self._target = comment.sections.setdefault(known, [])
            else:
                comment.others.append((title, []))
                self._target = comment.others[-1][1]
            self._target += _blocks_of(element)
        elif kind in ("return", "since", "see"):
            blocks = _blocks_of(element)
            {"return": comment.returns, "since": comment.since,
             "see": comment.see}[kind].extend(blocks)
        elif kind in _NOTES:
            self._target.append(Block("note", code=_NOTES[kind],
                                      items=[_blocks_of(element)]))
        else:
            raise ValueError(f"a section of the kind {kind} in a comment")


def _comment_of(element: Element) -> Comment:
    comment = Comment()
    brief = element.find("briefdescription")
    if brief is not None:
        comment.brief = _blocks_of(brief)
    details = element.find("detaileddescription")
    if details is not None:
        _Reader(comment).read(details)
    return comment


# --- names -------------------------------------------------------------------


def _parameters_of(element: Element) -> Iterator[Tuple[str, str, str]]:
    for param in element.findall("param"):
        yield (plain_type(text_of(param.find("type"))),
               text_of(param.find("declname")),
               plain_type(text_of(param.find("defval"))))


def _template_of(element: Element) -> List[str]:
    parameters = element.find("templateparamlist")
    if parameters is None:
        return []
    result = []
    for kind, name, default in _parameters_of(parameters):
        text = f"{kind} {name}".strip()
        result.append(f"{text} = {default}" if default else text)
    return result


def _after_arguments(arguments: str) -> str:
    """const noexcept, behind the last parenthesis of the arguments."""
    tail = arguments[arguments.rindex(")") + 1:] if ")" in arguments else ""
    tail = re.sub(r"\s*=\s*(default|delete)", r" = \1", tail)
    return " ".join(tail.split())


def _member(element: Element, scope: str) -> Entity:
    location = element.find("location")
    kind = element.get("kind", "")
    arguments = element.findtext("argsstring") or ""
    type_ = plain_type(text_of(element.find("type")))
    before = [word for word in ("explicit", "static")
              if element.get(word) == "yes"]
    if kind == "friend":
        kind = "function"
        before.append("friend")
    for word in ("constexpr", "inline", "friend"):
        if re.match(rf"{word}\b", type_):
            type_ = type_[len(word):].strip()
            if word == "constexpr":
                before.append(word)
    requires = text_of(element.find("requiresclause"))
    return Entity(
        id=element.get("id", ""), kind=kind, scope=scope,
        name=text_of(element.find("name")), comment=_comment_of(element),
        file=location.get("file", ""), line=int(location.get("line", "0")),
        type=type_, template=_template_of(element),
        requires=" ".join(requires.split()),
        arguments=list(_parameters_of(element)), before=" ".join(before),
        after=_after_arguments(arguments),
        initializer=plain_type(text_of(element.find("initializer"))))


def _enumerators(element: Element, enum: Entity) -> List[Entity]:
    return [
        Entity(id=value.get("id", ""), kind="value",
               name=text_of(value.find("name")), scope=enum.qualified,
               comment=_comment_of(value), file=enum.file, line=enum.line,
               initializer=plain_type(text_of(value.find("initializer"))))
        for value in element.findall("enumvalue")]


def _is_public(element: Element) -> bool:
    if element.get("prot") != "public":
        return False
    if text_of(element.find("type")) in ("class", "friend class", "struct"):
        return False # a friend declaration
    # One is told that there is none.
    return not (element.findtext("argsstring") or "").endswith("=delete")


def _members(compound: Element, scope: str) -> List[Entity]:
    result = []
    for element in compound.iter("memberdef"):
        if not _is_public(element):
            continue
        entity = _member(element, scope)
        if entity.kind == "enum":
            entity.before = "class" if element.get("strong") == "yes" else ""
            entity.members = _enumerators(element, entity)
        result.append(entity)
    return sorted(result, key=lambda entity: (entity.file, entity.line))


@dataclass
class Library:
    """All public names: those of the namespace, then the macros."""

    entities: List[Entity]

    def every(self) -> Iterator[Entity]:
        def walk(entities: List[Entity]) -> Iterator[Entity]:
            for entity in entities:
                yield entity
                yield from walk(entity.members)
        return walk(self.entities)


def read(folder: Path) -> Library:
    """Reads the XML that Doxygen has written into a folder."""
    entities: List[Entity] = []
    classes: Dict[str, Entity] = {}
    for path in sorted(folder.glob("*.xml")):
        compound = ElementTree.parse(path).getroot().find("compounddef")
        if compound is None:
            continue
        kind = compound.get("kind", "")
        name = text_of(compound.find("compoundname"))
        if kind in ("class", "struct") and compound.get("prot") == "public":
            location = compound.find("location")
            scope, _, last = name.rpartition("::")
            entity = Entity(
                id=compound.get("id", ""), kind=kind, name=last, scope=scope,
                comment=_comment_of(compound),
                file=location.get("file", ""),
                line=int(location.get("line", "0")),
                template=_template_of(compound),
                requires=text_of(compound.find("requiresclause")),
                bases=[(text_of(base).replace("sigfd::", ""), base.get("refid"))
                       for base in compound.findall("basecompoundref")],
                members=_members(compound, name))
            classes[name] = entity
        elif kind == "namespace" and name == "sigfd":
            entities += _members(compound, name)
        elif kind == "file":
            entities += [m for m in _members(compound, "")
                         if m.kind == "define"]
    for name, entity in classes.items():
        outer = classes.get(entity.scope)
        if outer:
            outer.members.append(entity)
            outer.members.sort(key=lambda member: member.line)
        else:
            entities.append(entity)
    entities.sort(key=lambda entity: (entity.file, entity.line))
    library = Library(entities)
    for entity in library.every():
        entity.header = entity.file
    return library
