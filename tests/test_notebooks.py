"""Every notebook as it is committed, and again with each stub solved as a learner would.

The notebooks as shipped are run by nbval, which compares every output: see `make test`.
"""

import ast
import json
from pathlib import Path

import nbformat
import pytest
import torch

from bert_parts import load_pretrained
from bert_parts.learn import EXERCISES, my_model
from bert_parts.learn.inside import authors
from bert_parts.learn.source import definition_in, empty_functions
from tools.notebook_rules import code_cells, defined, notebooks, problems, source_of, tags, text_of
from tools.run_notebooks import execute
from tools.stubs import renewed, with_definition

SOLUTIONS = Path(__file__).parent / "solutions"
NOTEBOOKS = [pytest.param(path, id=path.stem) for path in notebooks()]
STUBS = [
    pytest.param(path, cell, id=f"{path.stem}-{defined(cell).name}")
    for path in notebooks()
    for cell in code_cells(json.loads(path.read_text(encoding="utf-8")))
    if {"exercise", "demonstration"} & set(tags(cell)) and defined(cell)
]


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


# ── as committed ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_it_may_be_committed(path):
    found = problems(read(path), path.stat().st_size)
    assert not found, "\n".join(["run `make notebooks` again, or:", *found])


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_it_is_a_valid_notebook(path):
    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_every_exercise_is_there_and_unattempted(path):
    cells = code_cells(read(path))
    stubs = [defined(cell).name for cell in cells if "exercise" in tags(cell)]
    shown = [defined(cell).name for cell in cells if "demonstration" in tags(cell)]     # solved before the reader's eyes
    set_here = [name for name, exercise in EXERCISES.items() if exercise.notebook == path.stem]
    assert stubs == [name for name in set_here if name not in shown]
    checks = [cell for cell in cells if is_check(cell)]
    assert [checked(cell) for cell in checks] == stubs
    assert all(answer(cell).startswith("○ not attempted") for cell in checks), [answer(cell) for cell in checks]


# ── the stubs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path, cell", STUBS)
def test_a_stub_is_made_of_the_part_of_the_package(path, cell):
    assert source_of(cell) == renewed(cell), "run `python -m tools.stubs`"
    assert "demonstration" in tags(cell) or empty_functions(source_of(cell)), "it is solved already"


# ── solved ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.timeout(3600)
def test_solved(tmp_path, monkeypatch):
    """A learner goes through the course: each stub is solved from tests/solutions, each check says that it is right.

    The parts are kept from one notebook, and one kernel, to the next; in the end the whole model is the learner's. No
    cell may reach for the network.
    """
    home, notes = tmp_path / "home", tmp_path / "network"
    for path in notebooks():
        notebook = solved(nbformat.read(path, as_version=4), path.stem)
        execute(notebook, home, {"OFFLINE_NOTES": str(notes)})
        assert not notes.exists(), f"{path.stem} reached for the network:\n{notes.read_text(encoding='utf-8')}"
        for cell in code_cells(notebook):
            if is_check(cell):
                assert answer(cell).startswith("✓ right"), f"{path.stem}, {source_of(cell)}: {answer(cell)}"
                assert (home / f"{checked(cell)}.py").is_file(), f"{checked(cell)} was not kept: {answer(cell)}"
    monkeypatch.setenv("BERT_PARTS_HOME", str(home))
    assert_the_model_is_the_learners()


def assert_the_model_is_the_learners():
    """In a fresh process: every part that the course asks for is the learner's, and the numbers are the published ones."""
    own, tokenizer = my_model()
    parts = {name for name, exercise in EXERCISES.items()
             if isinstance(exercise.reference, type) and exercise.reference.__name__ in authors(own)}
    assert {name: author for name, (_, author) in authors(own).items() if name in parts} == dict.fromkeys(parts, "you")
    batch = tokenizer(["The bank lent them the money.", "Good!", "A film that gives back more than it asks."])
    real = batch["attention_mask"].bool()
    with torch.no_grad():
        given, expected = own(**batch), load_pretrained()[0](**batch)
    torch.testing.assert_close(given[0][real], expected[0][real], atol=1e-5, rtol=0)
    torch.testing.assert_close(given[1], expected[1], atol=1e-5, rtol=0)


def solved(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """The notebook with its stubs solved, and without the cells that take long, which run once, as they are committed. They use
    nothing of the learner's, or nothing that other cells do not use as well."""
    solutions = SOLUTIONS / f"{name}.py"
    text = solutions.read_text(encoding="utf-8") if solutions.exists() else ""
    cells = [cell for cell in notebook.cells if "long" not in tags(cell)]
    for cell in cells:
        if cell.cell_type == "code" and "exercise" in tags(cell):
            wanted = defined(cell).name
            source = definition_in(text, wanted)
            assert source, f"tests/solutions/{name}.py has no {wanted}"
            cell.source = with_definition(cell, f"{preamble(text)}\n\n{source.rstrip()}")
    notebook.cells = cells
    return notebook


def preamble(text: str) -> str:
    """The imports and helpers of a file of solutions: all of it but the exercises themselves."""
    nodes = [node for node in ast.parse(text).body if getattr(node, "name", None) not in EXERCISES]
    return "\n".join(ast.unparse(node) for node in nodes)


def is_check(cell: dict) -> bool:
    return source_of(cell).startswith("check(")


def checked(cell: dict) -> str:
    """What a cell that begins with check(…) gives it."""
    return ast.unparse(ast.parse(source_of(cell)).body[0].value.args[0])


def answer(cell: dict) -> str:
    """What check said."""
    texts = [text_of(output["data"]["text/plain"]) for output in cell["outputs"] if "data" in output]
    return texts[0] if texts else ""
