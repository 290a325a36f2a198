"""The reference, as Markdown: a page for each public name, from the comments.

In the site, the functions of the largest class have pages of their own; those
of the others, a sentence or two each, are sections of their class's page. A
manual page has everything about its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple
from xml.etree import ElementTree

from comments import Block, Comment, Entity, Inline, Library, Parameter
from declarations import declaration
from markup import code_block, code_span, definition, escape, indented
from markup import join, toctree

# Title, the headers whose names it has, and the names to begin with.
GROUPS = [
    ("The I/O object", ["sigfd/signal_fd.hpp", "sigfd/basic_signalfd.hpp",
                        "sigfd/open_options.hpp", "sigfd/signalfd_base.hpp"],
     ["signal_fd", "open_options"]),
    ("What a signal says", ["sigfd/signal_info.hpp", "sigfd/signal_name.hpp"],
     ["signal_info"]),
    ("Signal masks", ["sigfd/signal_mask.hpp"], ["signal_mask"]),
    ("Child processes", ["sigfd/spawn.hpp"], ["spawn_attributes"]),
    ("Diagnosis", ["sigfd/thread_audit.hpp", "sigfd/stray_counts.hpp"],
     ["thread_audit"]),
    ("Errors and version", ["sigfd/error.hpp", "sigfd/version.hpp"], []),
]

# Their members have completions, errors and cancellation of their own.
CLASSES_WITH_PAGES_OF_MEMBERS = {"sigfd::basic_signalfd"}

_OPERATORS = {
    "==": "eq", "!=": "ne", "<=>": "cmp", "<<": "shl", "|": "or", "&": "and",
    "-": "minus", "^": "xor", "~": "not", "&=": "and_assign",
    "|=": "or_assign", "^=": "xor_assign", "=": "assign", "*": "deref",
    "++": "increment", "()": "call",
}


@dataclass
class Page:
    name: str # without a suffix, relative to the reference's folder
    title: str # the qualified name
    brief: str # as plain text
    text: str
    names: List[str] = field(default_factory=list)


@dataclass
class Topic:
    """What a page or a section is about: a class, or functions of one name."""

    entities: List[Entity]
    owner: Optional[Entity] = None

    @property
    def first(self) -> Entity:
        return self.entities[0]


def file_name(name: str) -> str:
    match = re.match(r"operator\s*(\W+)$", name)
    if match:
        return "operator_" + _OPERATORS[match.group(1)]
    return name.replace("~", "destructor_").replace(" ", "_")


def topics(entities: List[Entity], owner: Optional[Entity]) -> List[Topic]:
    """Overloads together, where the first of them is."""
    result: Dict[str, Topic] = {}
    for entity in entities:
        key = entity.name if entity.kind == "function" else entity.id
        if entity.kind == "define":
            key = entity.file # a header's macros are one thing
        result.setdefault(key, Topic([], owner)).entities.append(entity)
    return list(result.values())


class Reference:
    """Makes the pages: for the site, or manual pages."""

    def __init__(self, library: Library, for_man: bool) -> None:
        self._man = for_man
        self._aliases: Dict[str, Entity] = {} # of class templates, by id
        self._operators: Dict[str, List[Entity]] = {} # by the class's name
        self._labels: Dict[str, str] = {} # by id
        self._shown = "" # the label of the page that is made
        self._words: Dict[str, str] = {} # names to ids
        self.library = library
        names = {e.name: e for e in library.entities if e.is_class}
        top = []
        for entity in library.entities:
            alias = re.fullmatch(r"(\w+)<>", entity.type)
            if entity.kind == "typedef" and alias and alias[1] in names:
                self._aliases[names[alias[1]].id] = entity
            elif entity.name.startswith("operator") and entity.arguments:
                last = re.findall(r"\w+", entity.arguments[-1][0])[-1]
                self._operators.setdefault(last, []).append(entity)
            else:
                top.append(entity)
        self._topics = topics(top, None)
        for topic in self._topics:
            self._label(topic, "")
            for entity in topic.entities:
                # Those that are no words of the language.
                for name in (entity.name, self._shown_name(entity)):
                    if "_" in name:
                        self._words[name] = entity.id

    # -- names and links

    def _shown_name(self, entity: Entity) -> str:
        alias = self._aliases.get(entity.id)
        return alias.name if alias else entity.name

    def _title(self, topic: Topic) -> str:
        entity = topic.first
        name = self._shown_name(entity)
        if topic.owner:
            owner = self._title(Topic([topic.owner], self._owner_of(
                topic.owner)))
            if entity.name.lstrip("~") == topic.owner.name:
                name = entity.name.replace(
                    topic.owner.name, self._shown_name(topic.owner))
            return f"{owner}::{name}"
        return f"{entity.scope}::{name}" if entity.scope else name

    def _owner_of(self, entity: Entity) -> Optional[Entity]:
        for other in self.library.every():
            if other.is_class and other.qualified == entity.scope:
                return other
        return None

    def _has_pages_of_members(self, entity: Entity) -> bool:
        return (not self._man
                and entity.qualified in CLASSES_WITH_PAGES_OF_MEMBERS)

    def _members(self, entity: Entity) -> List[Topic]:
        return topics(entity.members + self._operators.get(entity.name, []),
                      entity)

    def _label(self, topic: Topic, prefix: str) -> None:
        entity = topic.first
        label = "-".join(filter(None, [
            prefix or "api", file_name(self._shown_name(entity))]))
        for each in topic.entities:
            self._labels[each.id] = label
            alias = self._aliases.get(each.id)
            if alias:
                self._labels[alias.id] = label
            if each.kind == "enum":
                for value in each.members:
                    self._labels[value.id] = label
        if entity.is_class:
            for member in self._members(entity):
                if self._has_section(member):
                    self._label(member, label)
                else:
                    for each in member.entities:
                        self._labels[each.id] = label

    @staticmethod
    def _has_section(topic: Topic) -> bool:
        return topic.first.kind in ("function", "enum", "class", "struct")

    # -- inline text

    def _inline(self, node: Inline) -> str:
        if isinstance(node, str):
            # Doxygen makes links of classes and of functions only.
            parts = re.split(r"((?:sigfd::)?\b[A-Za-z]+(?:_[A-Za-z]+)+\b)",
                             re.sub(r"\s+", " ", node))
            return "".join(
                self._link(code_span(part), self._words[part.split("::")[-1]])
                if part.split("::")[-1] in self._words else escape(part)
                for part in parts)
        inner = "".join([self._inline(node.text or ""),
                         *(self._inline(child) + self._inline(child.tail or "")
                           for child in node)])
        tag = node.tag
        if tag == "computeroutput":
            return self._code(node)
        if tag == "ref":
            return self._link(code_span(text_of(node)), node.get("refid", ""))
        if tag == "emphasis":
            return f"*{inner.strip()}*"
        if tag == "bold":
            return f"**{inner.strip()}**"
        if tag == "ulink":
            return f"[{inner}]({node.get('url')})"
        if tag == "linebreak":
            return "\\\n"
        if tag in _CHARACTERS:
            return _CHARACTERS[tag]
        raise ValueError(f"<{tag}> in a comment")

    def _code(self, node: ElementTree.Element) -> str:
        text = code_span(text_of(node))
        refs = list(node.iter("ref"))
        if len(refs) == 1 and text_of(refs[0]) in (text_of(node),
                                                   text_of(node)[:-2]):
            return self._link(text, refs[0].get("refid", ""))
        return text

    def _link(self, text: str, id_: str) -> str:
        label = self._labels.get(id_)
        if not label or self._man or label == self._shown:
            return text
        return f"[{text}]({label})"

    def _text(self, inlines: List[Inline]) -> str:
        text = "".join(map(self._inline, inlines)).strip()
        # A manual page has no line breaks within paragraphs.
        text = re.sub(r" *\\\n *", r"\n\n" if self._man else "\\\\\n", text)
        # What begins a line must not be a list, a heading or a definition.
        text = re.sub(r"^([-+=:%(])", r"\\\1", text)
        return re.sub(r"^(\d+)([.)])(?= )", r"\1\\\2", text)

    def _blocks(self, blocks: List[Block]) -> str:
        return join(map(self._block, blocks))

    def _block(self, block: Block) -> str:
        if block.kind == "text":
            return self._text(block.inlines)
        if block.kind == "code":
            return code_block(block.code)
        if block.kind == "list":
            items = [indented(self._blocks(item), 2, "- ")
                     for item in block.items]
            # Short items stand close together.
            return ("\n\n" if any("\n" in i for i in items) else "\n").join(
                items)
        text = self._blocks(block.items[0])
        if self._man:
            return f"**{block.code}:** {text}"
        kind = "warning" if block.code == "Warning" else "note"
        return f":::{{{kind}}}\n{text}\n:::"

    def _brief(self, entity: Entity) -> str:
        return self._blocks(entity.comment.brief)

    def _plain_brief(self, topic: Topic) -> str:
        entity = topic.first
        paragraphs = (entity.comment.brief or [Block("text")])[0].inlines
        text = "".join(i if isinstance(i, str) else text_of(i)
                       for i in paragraphs)
        text = " ".join(text.split())
        return text[:-1] if text.endswith(".") else text

    # -- what overloads have in common

    def _distinct(self, topic: Topic,
                  get: Callable[[Comment], str]) -> List[Tuple[str, str]]:
        """The distinct texts, each with the numbers of its overloads."""
        numbers: Dict[str, List[int]] = {}
        for number, entity in enumerate(topic.entities, 1):
            text = get(entity.comment)
            if text:
                numbers.setdefault(text, []).append(number)
        if len(numbers) <= 1:
            return [("", text) for text in numbers]
        return [("(" + ", ".join(map(str, which)) + ")", text)
                for text, which in numbers.items()]

    def _merged(self, topic: Topic, get: Callable[[Comment], str]) -> str:
        return join(f"**{which}** {text}" if which else text
                    for which, text in self._distinct(topic, get))

    def _description(self, topic: Topic) -> str:
        if topic.first.kind == "define":
            return self._fields(topic.entities)
        briefs = self._distinct(topic, lambda c: self._blocks(c.brief))
        parts = []
        for which, brief in briefs:
            parts.append(f"**{which}** {brief}" if which else brief)
            same = Topic([e for e in topic.entities
                          if self._brief(e) == brief], topic.owner)
            details = dict.fromkeys(self._blocks(e.comment.description)
                                    for e in same.entities)
            parts += details
        return join(parts)

    def _parameters(self, topic: Topic,
                    get: Callable[[Comment], List[Parameter]]) -> str:
        names = dict.fromkeys(
            name for entity in topic.entities
            for parameter in get(entity.comment) for name in parameter.names)
        return join(
            definition(code_span(name), self._merged(
                topic, lambda c, n=name: self._of_parameter(get(c), n)))
            for name in names)

    def _of_parameter(self, parameters: List[Parameter], name: str) -> str:
        return join(self._blocks(p.blocks) or "On failure."
                    for p in parameters if name in p.names)

    def _errors(self, topic: Topic) -> str:
        return join([
            self._section(topic, "Errors"),
            self._parameters(topic, lambda c: c.throws)])

    def _section(self, topic: Topic, title: str) -> str:
        return self._merged(
            topic, lambda c: self._blocks(c.sections.get(title, [])))

    def _inherited(self, topic: Topic, get: Callable[[Comment], str]) -> str:
        text = self._merged(topic, get)
        if not text and topic.owner:
            return get(topic.owner.comment)
        return text

    def _see(self, topic: Topic) -> str:
        links = []
        if not self._man and topic.owner:
            links.append(self._link(
                code_span(self._shown_name(topic.owner)), topic.owner.id))
        for entity in topic.entities:
            for block in entity.comment.see:
                links += self._text(block.inlines).rstrip(".").split(", ")
        own = [code_span(name) for entity in topic.entities
               for name in (entity.name, self._shown_name(entity))]
        links = [link for link in dict.fromkeys(links)
                 if link.replace("()", "") not in own]
        if self._man:
            links = [self._manual_page(link) for link in links] + ["sigfd(7)"]
        return ", ".join(dict.fromkeys(links))

    def _manual_page(self, link: str) -> str:
        name = link.strip("`").replace("()", "").replace("sigfd::", "")
        name = name.split("::")[0] # a class's page has its members
        for topic in self._topics:
            if name in [e.name for e in topic.entities]:
                return f"{self._title(topic)}(3)"
        return link

    # -- functions

    def _synopsis(self, topic: Topic, include: bool) -> str:
        numbered = len(topic.entities) > 1 and topic.first.kind == "function"
        parts = []
        if include:
            alias = self._aliases.get(
                topic.owner.id if topic.owner else topic.first.id)
            header = alias.header if alias else topic.first.header
            parts.append(f"#include <{header}>")
        declarations = []
        for number, entity in enumerate(topic.entities, 1):
            text = declaration(entity)
            if numbered:
                text = f"// ({number})\n{text}"
            declarations.append(text)
            alias = self._aliases.get(entity.id)
            if alias:
                declarations.append(declaration(alias))
        parts.append(("\n\n" if topic.first.kind != "define" else "\n").join(
            declarations))
        return code_block("\n\n".join(parts))

    def _function_parts(self, topic: Topic,
                        whole: bool) -> List[Tuple[str, str]]:
        """Title and text of each part behind the synopsis."""
        others = [(title, self._blocks(blocks)) for entity in topic.entities
                  for title, blocks in entity.comment.others]
        parts = [
            ("Description", self._description(topic)),
            *dict.fromkeys(others),
            ("Template parameters", self._parameters(
                topic, lambda c: c.template_parameters)),
            ("Parameters", self._parameters(topic, lambda c: c.parameters)),
            ("Return value", self._merged(
                topic, lambda c: self._blocks(c.returns))),
            ("Completion", self._section(topic, "Completion")),
            ("Errors", self._errors(topic)),
            ("Cancellation", self._section(topic, "Cancellation")),
        ]
        safety = lambda c: self._blocks(c.sections.get("Thread Safety", []))
        since = lambda c: self._blocks(c.since)
        inherit = self._inherited if whole else self._merged
        parts += [
            ("Thread safety", inherit(topic, safety)),
            ("Example", self._section(topic, "Example")),
            ("Since", inherit(topic, since)),
        ]
        if whole:
            parts.append(("See also", self._see(topic)))
        return [(title, text) for title, text in parts if text]

    def _function_page(self, topic: Topic) -> str:
        return join([
            f"## Synopsis\n\n{self._synopsis(topic, include=True)}",
            *(f"## {title}\n\n{text}"
              for title, text in self._function_parts(topic, whole=True))])

    def _function_section(self, topic: Topic, level: int) -> str:
        """What a class's page has of a member."""
        name = topic.first.name
        parts = self._function_parts(topic, whole=False)
        return join([
            self._heading(topic, code_span(name), level),
            self._synopsis(topic, include=False),
            *(text if title == "Description" else definition(title, text)
              for title, text in parts)])

    def _heading(self, topic: Topic, text: str, level: int) -> str:
        heading = f"{'#' * level} {text}"
        if self._man:
            return heading
        return f"({self._labels[topic.first.id]})=\n{heading}"

    # -- classes and enumerations

    def _fields(self, entities: List[Entity]) -> str:
        return join(
            definition(code_span(entity.name), join([
                self._brief(entity), self._blocks(entity.comment.description)]))
            for entity in entities)

    def _own(self, topic: Topic) -> List[Tuple[str, str]]:
        """What a class's or an enumeration's comment says about it."""
        comment = topic.first.comment
        return [
            *((title, self._blocks(blocks)) for title, blocks
              in comment.others),
            *((title, self._blocks(comment.sections.get(key, [])))
              for title, key in (("Errors", "Errors"),
                                 ("Thread safety", "Thread Safety"),
                                 ("Example", "Example"))),
            ("Since", self._blocks(comment.since)),
        ]

    def _type_page(self, topic: Topic, level: int = 2) -> str:
        entity = topic.first
        comment = entity.comment
        parts: List[Tuple[str, str]] = [
            ("Synopsis", self._synopsis(topic, include=level == 2)),
            ("Description", join([self._brief(entity), self._blocks(
                comment.description)])),
            ("Template parameters", self._parameters(
                topic, lambda c: c.template_parameters)),
        ]
        own = self._own(topic)
        if entity.kind == "enum":
            parts += [("Values", self._fields(entity.members)), *own]
        elif self._has_pages_of_members(entity):
            parts += [("Members", self._member_list(entity)), *own]
        else:
            parts += own
            parts.append(("Members", self._member_sections(entity, level + 1)))
        if level == 2:
            parts.append(("See also", self._see(topic)))
        mark = "#" * level
        return join(f"{mark} {title}\n\n{text}"
                    for title, text in parts if text)

    def _types_of(self, entity: Entity) -> str:
        return join(
            definition(code_span(declaration(member).rstrip(";")),
                       join([self._brief(member) or "\\-",
                             self._blocks(member.comment.description)]))
            for member in entity.members if member.kind == "typedef")

    def _member_sections(self, entity: Entity, level: int) -> str:
        fields = [m for m in entity.members if m.kind == "variable"]
        parts = [self._types_of(entity), self._fields(fields)]
        for topic in self._members(entity):
            first = topic.first
            if first.kind == "function":
                parts.append(self._function_section(topic, level))
            elif self._has_section(topic):
                parts.append(self._nested(topic, level))
        parts.append(self._inherited_members(entity))
        return join(parts)

    def _nested(self, topic: Topic, level: int) -> str:
        """A type within a class, where that has everything on one page."""
        entity = topic.first
        heading = self._heading(topic, code_span(entity.name), level)
        text = join([self._synopsis(topic, include=False), self._brief(entity),
                     self._blocks(entity.comment.description)])
        if entity.kind == "enum":
            return join([heading, text, self._fields(entity.members)])
        members = []
        for member in self._members(entity):
            labels = "" if self._man else "".join(
                f"({label})=\n" for label in {self._labels[member.first.id]}
                if label != self._labels[entity.id])
            declared = "\n".join(declaration(e) for e in member.entities)
            members.append(join([
                labels + code_block(declared), self._description(member)]))
        return join([heading, text, *members])

    def _inherited_members(self, entity: Entity) -> str:
        parts = []
        for name, id_ in entity.bases:
            base = next((e for e in self.library.every() if e.id == id_), None)
            if base:
                names = dict.fromkeys(m.name for m in base.members)
                parts.append(
                    "From " + self._link(code_span(name), id_ or "") + ": "
                    + ", ".join(map(code_span, names)) + ".")
        return join(parts)

    def _member_list(self, entity: Entity) -> str:
        parts = [self._types_of(entity)]
        for topic in self._members(entity):
            if self._has_section(topic):
                name = self._title(topic).rpartition("::")[2]
                parts.append(definition(
                    self._link(code_span(name), topic.first.id),
                    self._brief(topic.first)))
        parts.append(self._inherited_members(entity))
        return join(parts)

    # -- all together

    def _page(self, topic: Topic, name: str) -> Page:
        self._shown = self._labels[topic.first.id]
        names = [self._title(topic)]
        if topic.first.kind == "define":
            names = [entity.name for entity in topic.entities]
        if topic.first.id in self._aliases:
            names.append(topic.first.qualified)
        title = ", ".join(names[:1] if topic.first.id in self._aliases
                          else names)
        if topic.first.is_class or topic.first.kind == "enum":
            text = self._type_page(topic)
        else:
            text = self._function_page(topic)
        heading = self._heading(topic, escape(title), 1)
        return Page(name, title, self._plain_brief(topic),
                    f"{heading}\n\n{text}\n", names)

    def _page_name(self, topic: Topic) -> str:
        return file_name(self._shown_name(topic.first))

    def names(self) -> Dict[str, str]:
        """The labels of what other documents may name, by name."""
        result = {}
        for topic in self._topics:
            for entity in topic.entities:
                label = self._labels[entity.id]
                for name in {entity.name, self._shown_name(entity)}:
                    if "_" in name: # no word of the language
                        result[name] = label
                for member in entity.members:
                    owner = self._shown_name(entity)
                    result[f"{owner}::{member.name}"] = self._labels[member.id]
        return result

    def manual_pages(self) -> List[Page]:
        return [self._page(topic, self._title(topic))
                for topic in self._topics]

    def site_pages(self) -> List[Page]:
        pages = []
        for topic in self._topics:
            name = self._page_name(topic)
            page = self._page(topic, name)
            pages.append(page)
            if self._has_pages_of_members(topic.first):
                below = []
                for member in self._members(topic.first):
                    if self._has_section(member):
                        below.append(self._page(
                            member, f"{name}/{self._page_name(member)}"))
                page.text += "\n" + toctree(
                    [(p.title.rpartition("::")[2], p.name) for p in below])
                pages += below
        pages.append(self._index())
        return pages

    def _index(self) -> Page:
        rest = list(self._topics)
        parts = ["# Reference", "Every public name, by what it is for. "
                 "`#include <sigfd.hpp>` includes all of them."]
        entries = []
        for title, headers, begin in [*GROUPS, ("More", [], [])]:
            group = [t for header in headers for t in rest
                     if self._header(t) == header]
            if title == "More":
                group = rest
            group.sort(key=lambda t, names=begin: self._place(t, names))
            if not group:
                continue
            rest = [t for t in rest if t not in group]
            parts.append(f"## {title}")
            for topic in group:
                names = [self._shown_name(topic.first)]
                if topic.first.kind == "define":
                    names = [e.name for e in topic.entities]
                self._shown = ""
                parts.append(definition(
                    self._link(code_span(", ".join(names)), topic.first.id),
                    self._brief(topic.first)))
                entries.append((", ".join(names), self._page_name(topic)))
        parts.append(toctree(entries))
        return Page("index", "Reference", "", join(parts) + "\n")

    def _place(self, topic: Topic, names: List[str]) -> int:
        name = self._shown_name(topic.first)
        return names.index(name) if name in names else len(names)

    def _header(self, topic: Topic) -> str:
        alias = self._aliases.get(topic.first.id)
        return alias.header if alias else topic.first.header


def text_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


_CHARACTERS = {
    "ndash": "–", "mdash": "—", "lsquo": "‘", "rsquo": "’", "ldquo": "“",
    "rdquo": "”", "nonbreakablespace": " ", "copy": "©", "times": "×",
    "hellip": "…",
}
