"""The order of the files, and the style of the code."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "bert_parts"
MODULES = {path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
           for path in sorted(PACKAGE.rglob("*.py"))}


def order() -> list[str]:
    """The parts in the order that CONTRIBUTING.md gives."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    chain = next(words for words in re.findall(r"`([^`]+)`", text) if "config →" in words)
    return re.findall(r"\w+", chain)


def imports_of(path: Path) -> set[str]:
    """The modules of the package that a file imports anywhere, inside functions too, by their full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by dots: name the module in full"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {node.module}
    return {name for name in found if name.split(".")[0] == "bert_parts"}


PARTS = [name for name in MODULES if name.count(".") == 1 and name != "bert_parts.learn"]


def test_every_part_has_its_place_in_the_order():
    assert [name for name in PARTS if name.removeprefix("bert_parts.") not in order()] == []


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_parts_above_it(part):
    above = [f"bert_parts.{name}" for name in order()[: order().index(part.removeprefix("bert_parts."))]]
    assert sorted(imports_of(MODULES[part]) - set(above)) == []


def test_no_part_imports_learn():
    parts = [*PARTS, "bert_parts"]
    assert [name for name in parts if any(i.startswith("bert_parts.learn") for i in imports_of(MODULES[name]))] == []


def test_nobody_takes_what_is_a_files_own():
    """A name with an underscore is for the file that it stands in."""
    taken = []
    folders = ("bert_parts", "bert_parts_course", "benchmarks", "speedrun", "tests", "tools")
    for path in (path for name in folders for path in sorted((ROOT / name).rglob("*.py"))):
        tree, modules = ast.parse(path.read_text(encoding="utf-8")), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "bert_parts":
                taken += [f"{path.name}: {alias.name}" for alias in node.names if alias.name.startswith("_")]
                modules |= {alias.asname or alias.name for alias in node.names if f"{node.module}.{alias.name}" in MODULES}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
                taken += [f"{path.name}: {node.attr}"] if getattr(node.value, "id", None) in modules else []
    assert not taken


def test_no_circle_of_imports():
    graph = {name: imports_of(path) & MODULES.keys() for name, path in MODULES.items()}
    seen, path = set(), []

    def visit(name: str):
        assert name not in path, " → ".join([*path[path.index(name):], name])
        if name not in seen:
            path.append(name)
            for each in sorted(graph[name]):
                visit(each)
            seen.add(path.pop())

    for name in graph:
        visit(name)


def test_the_package_is_importable_from_anywhere(tmp_path):
    code = "import bert_parts, sys; print(bert_parts.__file__); assert 'bert_parts.learn' not in sys.modules"
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).parent == PACKAGE


def test_reading_a_checkpoint_needs_no_compiler():
    """Torch takes seconds to load its own: every notebook would begin so much later."""
    code = "import sys; from bert_parts import load_pretrained; load_pretrained(); assert 'torch._dynamo' not in sys.modules"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_style():
    result = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."],
                            cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
