"""Write anew what notebooks and the README say of the package: the stubs of the exercises, and the map.

    python -m tools.stubs             writes them
    python -m tools.stubs --check     only names those that differ, and fails if there are any

A stub is the package's own version of a part without its types and decorators, and with ``...`` for what the learner
writes. What else its cell holds stays. Where an exercise is solved before the reader's eyes, the name, the arguments and the
docstring are the package's, and the body stays.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat

from bert_parts.files import whole_file
from bert_parts.learn.exercise import Exercise
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.source import first_line
from tools.course_map import with_map
from tools.notebook_rules import ROOT, defined, notebooks, source_of, tags

Edit = tuple[int, int, list[str]]     # the lines from … to (not included), counted from 0, and what takes their place


# ── a stub ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def stub(exercise: Exercise) -> str:
    """What the learner finds in the notebook.

    Raises:
        ValueError: the part has not all that the exercise asks for.
    """
    source = textwrap.dedent(inspect.getsource(exercise.reference))
    (part,) = ast.parse(source).body
    nodes = part.body if isinstance(part, ast.ClassDef) else [part]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    blanks = dict(blank for function in functions for blank in blanks_of(function))
    asks = exercise.asks or [function.name for function in functions]
    if missing := set(asks) - blanks.keys():
        raise ValueError(f"{exercise.name} has no {', '.join(sorted(missing))}, which its exercise asks for: name methods, or "
                         "attributes that its methods set, such as self.layer.")
    given = [function for function in functions if function.name not in asks]
    refusals = [(node.lineno - 1, node.end_lineno, []) for function in given for node in function.body if is_refusal(node)]
    return edited(source, [*map(bare_head, functions), *(blanks[name] for name in asks), *refusals])


def blanks_of(function: ast.FunctionDef) -> Iterator[tuple[str, Edit]]:
    """What may be asked for, by its name: the whole body, and whatever the function sets."""
    space = " " * function.body[0].col_offset
    yield function.name, (head_end(function), function.end_lineno, [f"{space}..."])
    for node in function.body:
        if isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0])
            yield name, (node.lineno - 1, node.end_lineno, [f"{space}{name} = ..."])


def bare_head(function: ast.FunctionDef) -> Edit:
    """Its decorators and arguments → one line, without types."""
    for node in ast.walk(function.args):
        if isinstance(node, ast.arg):
            node.annotation = None
    line = f"{' ' * function.col_offset}def {function.name}({ast.unparse(function.args)}):"
    return first_line(function) - 1, function.body[0].lineno - 1, [line]


def head_end(function: ast.FunctionDef) -> int:
    """How many lines end with its docstring, or with its arguments where it has none."""
    return function.body[0].end_lineno if ast.get_docstring(function) is not None else function.body[0].lineno - 1


def is_refusal(node: ast.stmt) -> bool:
    """It only checks what it is given, which the learner need not."""
    return isinstance(node, ast.If) and [type(each) for each in (*node.body, *node.orelse)] == [ast.Raise]


def edited(text: str, edits: list[Edit]) -> str:
    lines = text.splitlines()
    for start, end, new in sorted(edits, reverse=True):
        lines[start:end] = new
    return "\n".join(lines)


# ── in a cell ────────────────────────────────────────────────────────────────────────────────────────────────────────


def renewed(cell: dict) -> str:
    """The text of a cell as it should be."""
    part = defined(cell) if {"exercise", "demonstration"} & set(tags(cell)) else None
    if part is None:
        return source_of(cell)
    source = stub(EXERCISES[part.name])
    if "exercise" in tags(cell):
        return with_definition(cell, source)
    (function,) = ast.parse(source).body
    head = source.splitlines()[: head_end(function)]
    return edited(source_of(cell), [(first_line(part) - 1, head_end(part), head)])


def with_definition(cell: dict, source: str) -> str:
    """The cell's text with another definition in the place of its own."""
    part = defined(cell)
    return edited(source_of(cell), [(first_line(part) - 1, part.end_lineno, source.splitlines())])


# ── in the files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def renewed_texts() -> dict[Path, tuple[str, list[str]]]:
    """Each file that differs from what it should be: its text as it should be, and the names of what differs."""
    found = {}
    for path in notebooks():
        notebook, differs = nbformat.read(path, as_version=4), []
        for cell in notebook.cells:
            text = renewed(cell) if cell.cell_type == "code" else with_map(cell.source, path.parent)
            if text != cell.source:
                differs.append(defined(cell).name if cell.cell_type == "code" else "the map")
                cell.source = text
        if differs:
            found[path] = nbformat.writes(notebook) + "\n", differs
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    if with_map(text, ROOT) != text:
        found[readme] = with_map(text, ROOT), ["the map"]
    return found


def main(arguments: list[str]) -> int:
    found = renewed_texts()
    for path, (text, differs) in found.items():
        print(f"{path.relative_to(ROOT)}: {', '.join(differs)}")
        if "--check" not in arguments:
            with whole_file(path) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
    return int("--check" in arguments and bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
