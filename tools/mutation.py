"""Do the tests see a small change of the package? python -m tools.mutation [MODULE…] [--sample 200] [--seed 0] [--jobs 1]

A line of the package is drawn, then a kind of edit, then an edit of it, as often as is asked. Each is planted in a process of its
own, which runs the tests of the module. What no test sees is printed with its line and the change: it either does the same, or the
tests have a hole. What a test starts in another process is the package as it is, so tests that do nothing else are left out.
"""

import argparse
import ast
import contextlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest
import torch

from bert_parts.learn.edits import Edit, edited, edits_of
from tools.console import print_anything

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 120     # of work, for the tests of one mutant; what needs more has been seen
PASSED, FAILED = 0, 1
ELSEWHERE = "killed_at_random or killed_by_force or killed_while_saving or ctrl_c or readmes_lines"     # tests in other processes
LOADED = (     # by tests, and slowly: it is done once
    "hypothesis.strategies", "sentence_transformers", "sklearn.metrics", "sklearn.neighbors",
    "transformers.models.bert.modeling_bert",
)

# Which tests know a module, the quickest first.
TESTS = {
    "answering": "unpadding products",
    "attention": "attention encoder model transformer",
    "attribution": "attribution",
    "checkpoint": "heads checkpoint",
    "config": "config checkpoint",
    "costs": "costs",
    "dashboard": "dashboard",
    "datasets": "datasets",
    "devices": "devices training",
    "embeddings": "embeddings model",
    "encoder": "encoder model",
    "files": "files checkpoint",
    "fill": "pretraining mask_filler",
    "heads": "heads",
    "inspection": "inspection",
    "masking": "pretraining mask_filler",
    "model": "pooler heads model",
    "muon": "pretraining",
    "normalization": "wordpiece tokenizer",
    "pairs": "pretraining",
    "pooler": "pooler model",
    "prepacking": "prepacking",
    "probing": "probing",
    "products": "products",
    "quantization": "quantization",
    "reading": "reading search",
    "restoration": "restoration",
    "search": "search",
    "shortcuts": "shortcuts",
    "spans": "spans questions",
    "tokenizer": "tokenizer wordpiece",
    "tokenizer_files": "tokenizer_files tokenizer",
    "training": "training",
    "transformer": "transformer",
    "unpadding": "unpadding",
    "wordpiece": "wordpiece tokenizer",
    "tasks.command": "predict tasks",
    "tasks.mask_filler": "mask_filler predict",
    "tasks.predict": "predict tasks",
    "tasks.question_answering": "questions predict tasks",
    "tasks.questions": "questions",
    "tasks.reranking": "predict tasks",
    "tasks.restoration": "predict tasks",
    "tasks.rows": "predict tasks",
    "tasks.run": "tasks unfinished_tasks",
    "tasks.sentiment": "predict tasks",
}


class Mutant(NamedTuple):
    module: str
    edit: Edit
    tree: ast.Module
    says: str     # its first line that is not the module's


def path_of(module: str) -> Path:
    return ROOT / "bert_parts" / f"{module.replace('.', '/')}.py"


def drawn(modules: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """So many mutants of the modules, in their order. The same seed draws the same ones of the same modules."""
    chance = random.Random(seed)
    trees = {module: ast.parse(path_of(module).read_text(encoding="utf-8")) for module in modules}
    edits = {module: _by_line_and_kind(tree) for module, tree in trees.items()}
    lines = [(module, line) for module in modules for line in edits[module]]
    found = {}
    while len(found) < count:
        module, line = chance.choice(lines)
        edit = chance.choice(chance.choice(list(edits[module][line].values())))
        if says := _change(trees[module], edit):
            tree = ast.fix_missing_locations(edited(trees[module], [edit]))
            found.setdefault((module, ast.unparse(tree)), Mutant(module, edit, tree, says))
    return sorted(found.values(), key=lambda mutant: (modules.index(mutant.module), mutant.edit.line))


def _by_line_and_kind(tree: ast.Module) -> dict[int, dict[str, list[Edit]]]:
    found: dict[int, dict[str, list[Edit]]] = {}
    for edit in edits_of(tree):
        found.setdefault(edit.line, {}).setdefault(edit.kind, []).append(edit)
    return dict(sorted(found.items()))


def _change(tree: ast.Module, edit: Edit) -> str:
    """The first line that becomes another; nothing if none does, or if what comes out is no program."""
    before = ast.unparse(tree).splitlines()
    try:
        after = ast.unparse(edited(tree, [edit])).splitlines()
        _compiled("\n".join(after), "mutant")
    except Exception:
        return ""
    return next((new.strip() for old, new in zip(before, after, strict=False) if old != new), "")


def _compiled(what: str | ast.Module, path: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(what, path, "exec")


class Planted(SourceFileLoader):
    """Finds and loads one module, and that with another tree than its file's."""

    def __init__(self, module: str, tree: ast.Module):
        super().__init__(f"bert_parts.{module}", str(path_of(module)))
        self.tree = tree

    def find_spec(self, name: str, path=None, target=None):
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str):
        return _compiled(self.tree, self.path)


def outcomes(tasks: Sequence[tuple[Mutant | None, list[str]]], jobs: int) -> Iterator[tuple[int, int]]:
    """The number of each task, a mutant and the names of tests, and how the tests ended: with one that failed if by force."""
    running: dict[int, tuple[int, str]] = {}
    for number, (mutant, names) in enumerate(tasks):
        scratch = tempfile.mkdtemp(prefix="mutant-")
        running[_begun(mutant, names, scratch)] = number, scratch
        if len(running) >= jobs:
            yield _ended(running)
    while running:
        yield _ended(running)


def _ended(running: dict[int, tuple[int, str]]) -> tuple[int, int]:
    process, status = os.wait()
    number, scratch = running.pop(process)
    with contextlib.suppress(ProcessLookupError):     # what its tests had started
        os.killpg(process, signal.SIGKILL)
    shutil.rmtree(scratch, ignore_errors=True)
    return number, os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else FAILED


def _begun(mutant: Mutant | None, names: list[str], scratch: str) -> int:
    """The id of a process that runs the tests; its exit status is pytest's."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    status = FAILED
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        os.environ["TMPDIR"] = tempfile.tempdir = scratch
        with open(Path(scratch) / "said", "w", encoding="utf-8") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        for name in [name for name in sys.modules if name.split(".")[0] in ("bert_parts", "tools")]:
            del sys.modules[name]
        if mutant:
            sys.meta_path.insert(0, Planted(mutant.module, mutant.tree))
        files = [f"tests/test_{name}.py" for name in names]
        status = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-k", f"not ({ELSEWHERE})", *files])
    finally:
        os._exit(status)


def main():
    print_anything()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as attention or tasks.run; all, if none is given")
    parser.add_argument("--sample", type=int, default=200, help="how many mutants are tried (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (default: 0)")
    parser.add_argument("--jobs", type=int, default=1, help="how many are tried at a time (default: 1)")
    given = parser.parse_args()
    if unknown := [name for name in given.modules if name not in TESTS]:
        parser.error(f"there is no module {unknown[0]}: there are {', '.join(TESTS)}")
    os.chdir(ROOT)
    torch.set_num_threads(1)
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True)     # the same mutant ends alike every time
    hypothesis.settings.load_profile("mutants")
    for name in LOADED:
        import_module(name)
    modules = given.modules or list(TESTS)
    _check_tests(modules, given.jobs)
    _tell(modules, drawn(modules, given.sample, given.seed), given.jobs)


def _check_tests(modules: Sequence[str], jobs: int):
    """Ends the program if tests fail without any change."""
    names = list(dict.fromkeys(name for module in modules for name in TESTS[module].split()))
    bad = [names[number] for number, status in outcomes([(None, [name]) for name in names], jobs) if status != PASSED]
    if bad:
        sys.exit(f"These tests fail as it is: {' '.join(bad)}")


def _tell(modules: Sequence[str], mutants: list[Mutant], jobs: int):
    tried, survived = dict.fromkeys(modules, 0), dict.fromkeys(modules, 0)
    for number, status in outcomes([(mutant, TESTS[mutant.module].split()) for mutant in mutants], jobs):
        module, edit, _, says = mutants[number]
        tried[module] += 1
        if status == PASSED:
            survived[module] += 1
            print(f"{module}, line {edit.line}, {edit.kind}: {edit.rule}\n      {says}", flush=True)
    for module in modules:
        print(f"{module}: {tried[module] - survived[module]} of {tried[module]} mutants seen")
    print(f"{sum(tried.values()) - sum(survived.values())} of {sum(tried.values())} mutants seen")


if __name__ == "__main__":
    main()
