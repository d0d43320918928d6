"""The tool that plants small changes in the package: it knows every part, and what it plants is what the tests run on."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="plants in forked processes")

from tools.mutation import TESTS, Mutant, drawn, path_of  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]


def texts(mutants: list[Mutant]) -> list[str]:
    return [ast.unparse(mutant.tree) for mutant in mutants]


def test_every_part_has_tests():
    left_out = {"drawing", "visualize", "__init__", "tasks.__init__"}     # pictures; no code
    files = [*(ROOT / "bert_parts").glob("*.py"), *(ROOT / "bert_parts" / "tasks").glob("*.py")]
    parts = {".".join(path.relative_to(ROOT / "bert_parts").with_suffix("").parts) for path in files}
    assert TESTS.keys() == parts - left_out
    named = {f"test_{name}.py" for names in TESTS.values() for name in names.split()}
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()] == []


def test_a_seed_draws_the_same_mutants_and_each_is_another_program():
    modules = ["pooler", "reading"]
    some = texts(drawn(modules, 12, seed=3))
    assert some == texts(drawn(modules, 12, seed=3)) != texts(drawn(modules, 12, seed=4))
    assert len(set(some)) == 12
    assert not set(some) & {ast.unparse(ast.parse(path_of(module).read_text(encoding="utf-8"))) for module in modules}


def test_the_tests_run_on_what_is_planted():
    """The same program passes, another fails. In a process of its own, since one that has used threads should not be forked."""
    program = """
import ast
import torch
torch.set_num_threads(1)
from tools.mutation import Mutant, outcomes, path_of
source = path_of("reading").read_text(encoding="utf-8")
mutants = [Mutant("reading", None, ast.parse(text), "") for text in (source, source.replace("batch_size]", "1]"))]
print(sorted(outcomes([(mutant, ["reading"]) for mutant in mutants], jobs=2)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[(0, 0), (1, 1)]\n", done.stderr
