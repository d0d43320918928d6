"""The copies of the notebooks for Google Colab, and what their first cell does, on a Colab that is made up."""

import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from packaging.requirements import Requirement

from bert_parts_course import colab as on_colab
from tools import colab
from tools.notebook_rules import MAX_BYTES, code_cells, notebooks, source_of
from tools.site_text import ROOT, repository

# ── the copies ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("colab")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["colab.py", str(folder)])
        colab.main()
    return folder


def test_a_copy_is_the_notebook_with_a_cell_before_it(copies):
    assert {path.name for path in (copies / "notebooks").iterdir()} == {path.name for path in notebooks()}
    for path in notebooks():
        copy, own = (json.loads(each.read_text(encoding="utf-8")) for each in (copies / "notebooks" / path.name, path))
        first, *others = copy.pop("cells")
        cells = own.pop("cells")
        assert copy == own
        assert first == colab.first_cell() and [cell["id"] for cell in others] == [cell["id"] for cell in cells]
        assert [cell for cell in others if cell["cell_type"] == "code"] == [
            cell for cell in cells if cell["cell_type"] == "code"]
        assert (copies / "notebooks" / path.name).stat().st_size <= MAX_BYTES


def test_no_notebook_here_knows_of_colab():
    for path in notebooks():
        cells = code_cells(json.loads(path.read_text(encoding="utf-8")))
        assert not any("colab" in source_of(cell) for cell in cells)


def test_every_link_of_a_copy_leads_to_what_is_there(copies):
    address, branch = repository()
    name = address.removeprefix("https://github.com/")
    met = set()
    for path in [*(copies / "notebooks").iterdir(), copies / "README.md"]:
        text = path.read_text(encoding="utf-8")
        assert [link for link, _ in colab.LINK.findall(text) if path.suffix == ".md"] == []
        cells = json.loads(text)["cells"] if path.suffix == ".ipynb" else []
        words = [text] if not cells else [source_of(cell) for cell in cells if cell["cell_type"] == "markdown"]
        for part in words:
            assert colab.LINK.findall(part) == []     # none without a host
            for kind, target in re.findall(rf"\]\({address}/(blob|tree)/{branch}/([^)#]+)", part):
                assert (ROOT / target).is_dir() if kind == "tree" else (ROOT / target).is_file()
                met.add(kind)
            for target in re.findall(rf"\]\(https://colab[^)#]+/{name}/blob/colab/([^)#]+)", part):
                assert (copies / target).is_file()
                met.add("notebook")
    assert met >= {"blob", "notebook"}


def test_the_first_cell_is_told_by_its_title_and_asks_before_it_keeps_anything():
    cell = colab.first_cell()
    title, asked, install, *calls = source_of(cell).splitlines()
    assert title.startswith("# @title Run this first") and title.endswith('{display-mode: "form"}')
    assert asked.endswith('# @param {type: "boolean"}')
    assert install.startswith("%pip install") and "--no-deps" in install and repository()[0] in install
    compile("\n".join([asked, *calls]), "cell", "exec")


# ── what the first cell does ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A Colab with some of the packages, whose pip installs nothing; what it was asked."""
    asked, there = [], {"torch": "2.9.0+cpu", "numpy": version("numpy")}

    def run(line):
        asked.append(line[-2:])
        return SimpleNamespace(returncode=int("gensim" in line[-1]))

    needed = [Requirement(line) for line in ("torch>=2.13,<3", "numpy>=2", "jupyterlab>=4", "bertviz>=1.4", "gensim>=4")]
    monkeypatch.setattr(on_colab, "needed", lambda: needed)
    monkeypatch.setattr(on_colab, "version_of", there.get)
    monkeypatch.setattr(on_colab, "fits", lambda each: each.specifier.contains(there[each.name]))
    monkeypatch.setattr(on_colab.subprocess, "run", run)
    monkeypatch.setattr(on_colab, "DRIVE", tmp_path)
    monkeypatch.setattr(on_colab, "IN_DRIVE", tmp_path / "MyDrive" / "bert-parts" / "my_parts")
    return asked


def drive(monkeypatch, mount):
    """google.colab, with what it does where it is asked for the learner's Drive."""
    module = ModuleType("google.colab")
    module.drive = SimpleNamespace(mount=mount)
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", module)


def test_what_is_missing_comes_and_what_is_there_stays(machine, capsys):
    on_colab.begin(keep_in_drive=False)
    assert machine == [["--no-deps", "bertviz>=1.4"], ["--no-deps", "gensim>=4"]]
    said = capsys.readouterr().out
    assert "gensim was not installed" in said and "bertviz was not" not in said
    assert "Colab has torch 2.9.0+cpu, and the course is tested with others" in said and "numpy" not in said
    assert "is kept on this machine alone, and is gone with it." in said


def test_parts_are_kept_in_drive_where_the_learner_allows_it(machine, monkeypatch, tmp_path, capsys):
    mounted = []
    drive(monkeypatch, mounted.append)
    monkeypatch.setenv("BERT_PARTS_HOME", "before")
    on_colab.begin(keep_in_drive=True)
    assert mounted == [str(tmp_path)] and os.environ["BERT_PARTS_HOME"] == str(on_colab.IN_DRIVE)
    assert on_colab.IN_DRIVE.is_dir()
    assert f"kept in your Drive, in {Path('MyDrive/bert-parts/my_parts')}." in capsys.readouterr().out


def test_a_learner_may_say_no(machine, monkeypatch, capsys):
    def refuse(place):
        raise ValueError("mount failed")

    drive(monkeypatch, refuse)
    monkeypatch.setenv("BERT_PARTS_HOME", "before")
    on_colab.begin(keep_in_drive=True)
    assert os.environ["BERT_PARTS_HOME"] == "before"
    said = capsys.readouterr().out
    assert "Your Drive is not there (ValueError: mount failed)." in said and "on this machine alone" in said
