"""What a reader of the reference would miss: names without a comment, and
functions that do not say how they complete, are cancelled or fail."""

from __future__ import annotations

from typing import Dict, Iterator, List, Tuple

from comments import Entity, Library


def find(library: Library) -> List[str]:
    """A line for each, as compilers write them: FILE:LINE: NAME: what."""
    lines = []
    for scope, siblings in _scopes(library):
        for entity in siblings:
            for missing in _missing(entity, siblings, scope is None):
                lines.append(f"include/{entity.file}:{entity.line}: "
                             f"{entity.qualified}: {missing}")
    return sorted(lines, key=lambda line: (line.split(":")[0],
                                           int(line.split(":")[1])))


def _scopes(library: Library) -> Iterator[Tuple[object, List[Entity]]]:
    yield None, library.entities
    for entity in library.every():
        if entity.members:
            yield entity, entity.members


def _missing(entity: Entity, siblings: List[Entity],
             at_top: bool) -> Iterator[str]:
    comment = entity.comment
    sections: Dict[str, object] = comment.sections
    if not comment.brief:
        yield "no brief description"
    if at_top and not comment.since:
        yield "no @since"
    if at_top and entity.kind == "class" and "Thread Safety" not in sections:
        yield "no @par Thread Safety"
    if entity.kind != "function":
        return
    if entity.name.startswith("async_"):
        for title in ("Completion", "Errors", "Cancellation"):
            if title not in sections:
                yield f"no @par {title}"
    elif _can_fail(entity, siblings) and not _tells_errors(entity, siblings):
        yield "no @throws, @par Errors or @param ec"


def _can_fail(entity: Entity, siblings: List[Entity]) -> bool:
    """A function with an error_code, or one that throws in place of that."""
    if entity.sets_error_code:
        return True
    return not entity.is_noexcept and any(
        other.name == entity.name and other.sets_error_code
        for other in siblings)


def _tells_errors(entity: Entity, siblings: List[Entity]) -> bool:
    comment = entity.comment
    if "Errors" in comment.sections or comment.throws:
        return True
    return entity.sets_error_code and any(
        "ec" in parameter.names for parameter in comment.parameters)
