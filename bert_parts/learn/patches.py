"""Known mistakes are patches of the reference's source; here they are applied."""

import ast
import inspect
import itertools
import linecache
import textwrap
from functools import cache

Changes = tuple[tuple[str, str], ...]     # (old, new), made together; without an old, new is a function to put in


class PatchError(ValueError):
    """A patch does not apply to the reference as it is now."""


@cache
def plain_source(thing) -> str:
    """The source of a part of the package in the form that patches are written for: see ``normal``."""
    return normal(inspect.getsource(thing))


@cache
def normal(source: str) -> str:
    """Without docstrings and comments, each statement in one line, as ``ast.unparse`` writes it."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def patched(source: str, changes: Changes) -> str:
    """The source with all changes made. Each must find its place, once, and leave the others' alone.

    Raises:
        PatchError: an old part is not there, is there more than once, or overlaps another.
    """
    spans = sorted(part_span(source, old, new) if old else whole_span(source, new) for old, new in changes)
    if any(one[1] > other[0] for one, other in itertools.pairwise(spans)):
        raise PatchError(f"Two changes meet in one place: {changes}")
    for start, end, new in reversed(spans):
        source = source[:start] + new + source[end:]
    return source


def part_span(source: str, old: str, new: str) -> tuple[int, int, str]:
    """From where to where a part of the source stands, and what is to stand there."""
    count = source.count(old)
    if count != 1:
        raise PatchError(f"This part is there {count} times, and should be there once:\n{old}\n\nin:\n\n{source}")
    start = source.index(old)
    return start, start + len(old), new


def whole_span(source: str, function: str) -> tuple[int, int, str]:
    """The same for a function, class or method, which takes the place of the one of its name; a new method comes last."""
    function = textwrap.dedent(function).strip("\n")
    outer, name = ast.parse(source).body[-1], ast.parse(function).body[-1].name
    if name == outer.name:
        return 0, len(source), function
    if not isinstance(outer, ast.ClassDef):
        raise PatchError(f"A function `{name}` cannot take the place of `{outer.name}`.")
    function = textwrap.indent(function, "    ")
    starts = [0, *itertools.accumulate(len(line) + 1 for line in source.split("\n"))]
    for node in outer.body:
        if getattr(node, "name", None) == name:
            return starts[node.lineno - 1], starts[node.end_lineno] - 1, function
    return len(source), len(source), f"\n\n{function}"


def defined(source: str, name: str, surroundings: dict) -> object:
    """What a source defines under that name, run in a copy of the surroundings. Tracebacks and ``inspect`` find its lines."""
    filename = f"<mistake {abs(hash((source, name)))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = surroundings | {"__name__": "a_mistake"}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]
