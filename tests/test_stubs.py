"""The stubs of the exercises and the map: what is made of the package, and that it stands so in the notebooks and the README."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell
from torch import Tensor, nn

from bert_parts.learn.exercise import Exercise
from bert_parts.learn.registry import EXERCISES, LESSONS
from tools.course_map import course_map
from tools.notebook_rules import FOLDER, ROOT
from tools.stubs import main, renewed, renewed_texts, stub


@torch.no_grad()
def scaled(
    x: Tensor, factor: float = 2.0, *, names: tuple[str, ...] = ()
) -> Tensor:
    """x, scaled.

    Shapes:
        x (B, T) → (B, T)
    """

    def inner(y: Tensor) -> Tensor:
        return y * factor

    return inner(x)


class Part(nn.Module):
    """It scales."""

    def __init__(self, width: int, rate: float):
        super().__init__()
        if width < 1:
            raise ValueError("It is too narrow.")
        self.width = width     # kept
        self.dense = nn.Sequential(
            nn.Linear(width, width), nn.Dropout(rate)
        )
        if rate:
            self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        # wide
        return self.dense(x)


def asked(reference, *asks: str) -> Exercise:
    return Exercise(lesson=Path("01_attention"), reference=reference, cases=(), asks=asks)


FUNCTION = '''\
def scaled(x, factor=2.0, *, names=()):
    """x, scaled.

    Shapes:
        x (B, T) → (B, T)
    """
    ...'''

ALL = '''\
class Part(nn.Module):
    """It scales."""

    def __init__(self, width, rate):
        ...

    def forward(self, x):
        ...'''

PARTLY = '''\
class Part(nn.Module):
    """It scales."""

    def __init__(self, width, rate):
        super().__init__()
        self.width = width     # kept
        self.dense = ...
        if rate:
            self.rate = rate

    def forward(self, x):
        ...'''


@pytest.mark.parametrize("exercise, text", [
    (asked(scaled), FUNCTION), (asked(Part), ALL), (asked(Part, "self.dense", "forward"), PARTLY)
])
def test_a_stub(exercise, text):
    assert stub(exercise) == text


def test_what_is_asked_for_must_be_there():
    with pytest.raises(ValueError, match="Part has no self.dens, which its exercise asks for"):
        stub(asked(Part, "self.dens", "forward"))


def test_the_rest_of_a_cell_stays(monkeypatch):
    monkeypatch.setitem(EXERCISES, "scaled", asked(scaled))
    around = "import math\n\n\n{}\n\n\nprint(math.pi)"
    old = 'def scaled(y):\n    """Old."""\n    return y'
    exercise, demonstration = (new_code_cell(around.format(old), metadata={"tags": [tag]}) for tag in ("exercise", "demonstration"))
    assert renewed(exercise) == around.format(FUNCTION)
    assert renewed(demonstration) == around.format(FUNCTION.removesuffix("...") + "return y")
    assert renewed(new_code_cell(old)) == old


def test_only_the_stub_changes(monkeypatch):
    """Another docstring in the package is another stub, and its notebook is otherwise as it was, outputs and all."""
    scaled.__name__ = "split_heads"
    monkeypatch.setitem(EXERCISES, "split_heads", asked(scaled))
    path = FOLDER / "01_attention.ipynb"
    found = renewed_texts()
    assert {file: differs for file, (_, differs) in found.items()} == {path: ["split_heads"]}
    old, new = nbformat.read(path, as_version=4), nbformat.reads(found[path][0], as_version=4)
    (changed,) = [place for place, cell in enumerate(new.cells) if cell.source != old.cells[place].source]
    assert new.cells[changed].source == FUNCTION
    old.cells[changed].source = FUNCTION
    assert new == old


# ── the map ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_is_up_to_date(capsys):
    assert main(["--check"]) == 0, f"run `python -m tools.stubs`: {capsys.readouterr().out}"


def test_the_map_stands_in_both_places(monkeypatch):
    first = next(iter(LESSONS.values()))
    monkeypatch.setattr(first, "BUILDS", "a thing that nobody has built")
    found = renewed_texts()
    assert {file.name: differs for file, (_, differs) in found.items()} == {
        "00_start_here.ipynb": ["the map"], "README.md": ["the map"]}
    for text, _ in found.values():
        assert first.BUILDS in text


@pytest.mark.parametrize("folder", [ROOT, FOLDER])
def test_the_links_of_the_map_lead_somewhere(folder):
    text = course_map(folder)
    links = [each for each in re.findall(r"\]\(([^)]+)\)", text) if not each.startswith("https://")]
    assert len(links) >= 2 * len(LESSONS)
    assert [each for each in links if not (folder / each).is_file()] == []
