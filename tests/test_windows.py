"""What Windows does in another way, as far as it can be seen on another system: by reading the code, and by imitating it."""

import ast
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest
import torch

from bert_parts import load_pretrained, save_pretrained
from bert_parts.training import fit
from bert_parts_course import lab
from bert_parts_course.folder import place
from tests.as_windows import GONE, MODULES
from tools import console, install
from tools.site_text import ROOT, with_links

FILES = [path for folder in ("bert_parts", "bert_parts_course", "benchmarks", "speedrun", "tools")
         for path in sorted((ROOT / folder).rglob("*.py"))]
NAMES = {path: path.relative_to(ROOT).as_posix() for path in FILES}
TREES = {NAMES[path]: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{name}:{node.lineno}", node


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


# ── text and its encoding ────────────────────────────────────────────────────────────────────────────────────────────


def opens_text(node: ast.Call) -> bool:
    """Whether a call reads or writes text by an encoding that it could name."""
    if called(node) in ("read_text", "write_text"):
        return True
    if called(node) not in ("open", "fdopen"):
        return False
    by_name = {each.arg: each.value for each in node.keywords}
    built_in = isinstance(node.func, ast.Name) or called(node) == "fdopen"
    mode = by_name.get("mode", node.args[built_in] if len(node.args) > built_in else None)
    if mode is None:
        return isinstance(node.func, ast.Name)     # of what else has an `open`, text is asked for by a mode
    return isinstance(mode, ast.Constant) and bool(re.fullmatch(r"[rwax]\+?t?", str(mode.value)))


@pytest.mark.parametrize("code, text", [
    ("open(path)", True), ("open(path, 'r')", True), ("path.open('a')", True), ("open(path, mode='w+')", True),
    ("path.read_text()", True), ("os.fdopen(1, 'w')", True),
    ("open(path, 'rb')", False), ("path.open('wb')", False), ("Image.open(file)", False), ("tarfile.open(path)", False),
])
def test_what_opens_a_file_for_text(code, text):
    assert opens_text(ast.parse(code).body[0].value) is text


def test_text_files_are_opened_with_their_encoding():
    """Windows takes another for what names none."""
    assert [place for place, node in calls() if opens_text(node) and "encoding" not in {each.arg for each in node.keywords}] == []


def test_what_another_program_says_is_read_with_its_encoding():
    """In a race the child is another Python, which both writes and is read as the system has it."""
    asked = [(place, {each.arg for each in node.keywords}) for place, node in calls() if called(node) in ("run", "Popen")]
    assert [place for place, options in asked if "text" in options and not place.startswith("speedrun/verify.py")] == []


# Commands that print numbers, and names of files and of exercises, in letters that every console has.
PLAIN = {"tools/check_python.py", "tools/colab.py", "tools/comparing.py", "tools/install.py", "tools/lab.py", "tools/lock.py",
         "tools/make_site.py", "tools/page_models.py", "tools/release.py", "tools/screenshots.py", "tools/stubs.py",
         "tools/versions.py", "speedrun/__main__.py", "speedrun/runner.py"}
GUARDS = {"print_anything", "in_one_sentence", "reconfigure"}


def commands() -> set[str]:
    """The files that are run by their name."""
    return {name for name, tree in TREES.items() for node in tree.body
            if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)}


def test_no_command_fails_for_a_letter_that_the_console_has_not():
    tasks = {name for name in commands() if name.startswith("bert_parts/tasks/")}     # their main is that of tasks/run.py
    guarded = {place.split(":")[0] for place, node in calls() if called(node) in GUARDS}
    assert {"bert_parts/tasks/run.py", "bert_parts_course/command.py"} <= guarded
    assert commands() - tasks - guarded == PLAIN
    for name in PLAIN:
        printed = [each for node in ast.walk(TREES[name]) if isinstance(node, ast.Call) and called(node) == "print"
                   for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        for each in printed:
            each.value.encode("cp1252")


def test_what_no_console_has_is_written_by_its_number(monkeypatch):
    for name, expected in (("cp1252", b"\\u2713 \\u2192 \xe9"), ("utf-8", "✓ → é".encode())):
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=name))
        console.print_anything()
        print("✓ → é", end="", flush=True)
        assert written.getvalue() == expected


@pytest.mark.parametrize("words", [["--help"], ["progress"], ["doctor"]], ids=" ".join)
def test_the_command_of_the_course_in_a_console_of_windows(words, tmp_path):
    """Its marks are ✓ and ✗, and a learner's folder may have any name."""
    there = tmp_path / "Łukasz ✓"
    code = ("import sys; from pathlib import Path; from bert_parts_course.command import bring, main; "
            "bring(Path(sys.argv[2])); main(sys.argv[1:])")
    ran = subprocess.run([sys.executable, "-c", code, "--folder", there, *words], cwd=ROOT, capture_output=True,
                         env=os.environ | {"PYTHONIOENCODING": "cp1252", "BERT_PARTS_HOME": str(there / "my_parts")})
    assert b"Traceback" not in ran.stderr and ran.stdout.decode("cp1252").strip(), ran.stderr.decode()


def test_a_python_in_a_folder_of_any_name_answers(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")     # as a pipe has it there
    assert install.answer_of(Path(sys.executable), "print('C:/Users/Łukasz')") == "C:/Users/Łukasz"


# ── names and paths ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_file_has_a_name_that_windows_takes():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8")
    if listed.returncode:
        pytest.skip("this is no clone")
    names = [name for name in listed.stdout.split("\0") if name]
    assert [name for name in names if PureWindowsPath(name).is_reserved() or re.search(r'[:*?"<>|\\]|[ .](/|$)', name)] == []
    assert len({name.lower() for name in names}) == len(names)
    assert max(map(len, names)) < 120     # of some 260 that a path may have


def test_a_path_becomes_a_name_by_its_slashes():
    """`str` of a path has backslashes there; so has what os.path makes of one."""
    made = [place for place, node in calls() if called(node) == "relative_to" or called(node) in ("normpath", "relpath") and
            getattr(node.func.value, "id", "") != "posixpath"]
    fine = {f"{name}:{inner.lineno}" for name, tree in TREES.items() for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in ("as_posix", "parts") or
            isinstance(node, ast.Call) and called(node) == "print"
            for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    assert [place for place in made if place not in fine] == []


def test_links_have_slashes_whatever_the_system():
    page = with_links("[a](../bert_parts/attention.py)", "notebooks/00_start_here.ipynb", "notebooks/00_start_here.ipynb")
    assert page == "[a](../api/attention.md)"


def test_scripts_keep_the_ends_of_their_lines():
    """A clone on Windows would otherwise have others, and a container that is made of it could not run them."""
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    for name in ("docker/start", ".binder/start", ".binder/postBuild", ".ci/run"):
        assert b"\r" not in (ROOT / name).read_bytes()


# ── what is not there ────────────────────────────────────────────────────────────────────────────────────────────────

# Where it is used all the same: behind can_fork or hasattr, or in a tool that says on which systems it runs.
UNIX = {"bert_parts/learn/apart.py", "bert_parts/learn/bounded.py", "bert_parts_course/lab.py", "benchmarks/machine.py",
        "benchmarks/memory.py", "tools/mutants.py", "tools/mutation.py"}


def test_what_windows_lacks_is_used_in_few_files():
    gone = {name for names in GONE.values() for name in names} | {"SIGKILL", "waitpid"}
    used = {name for name, tree in TREES.items() for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in gone and getattr(node.value, "id", "") in ("os", "signal")}
    used |= {name for name, tree in TREES.items() for node in ast.walk(tree)
             if isinstance(node, ast.Import) and {alias.name for alias in node.names} & {*MODULES, "fcntl", "termios", "pwd"}}
    assert used == UNIX


def test_a_check_judges_without_it(tmp_path):
    code = """
from tests.as_windows import take_away
take_away()
from bert_parts.learn import EXERCISES, check
exercise = EXERCISES["padding_mask"]
print(check(exercise.made(exercise.mistakes[0].ways[0])).status, check(exercise.made(())).status, sep=", ")
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8",
                         env=os.environ | {"BERT_PARTS_HOME": str(tmp_path)})
    assert ran.stdout.strip() == "not yet, right", ran.stderr


def test_no_file_of_tests_imports_what_windows_lacks():
    """Else none of its tests would be found there, and none of any other file's be run."""
    found = [path.name for path in (ROOT / "tests").rglob("*.py") for node in ast.parse(path.read_text(encoding="utf-8")).body
             if isinstance(node, ast.Import) and {alias.name for alias in node.names} & {*MODULES, "fcntl", "termios", "pwd"}]
    assert found == []


def test_jupyterlab_is_waited_for_where_a_process_cannot_become_another(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(lab.os, "name", "nt")
    monkeypatch.delattr(os, "geteuid", raising=False)
    monkeypatch.setattr(lab.subprocess, "call", lambda line, **options: asked.append((line, options)) or 3)
    with pytest.raises(SystemExit) as ended:
        lab.open_lab(tmp_path, ["--no-browser"], {})
    [(line, options)] = asked
    assert ended.value.code == 3 and line[1:3] == ["-m", "jupyterlab"] and options["cwd"] == tmp_path


def test_what_is_read_only_makes_way(monkeypatch, tmp_path):
    """Windows neither replaces nor removes such a file."""
    def only_if_it_may(function):
        def step(path, *more):
            target = Path(more[0] if more else path)
            if target.exists() and not target.stat().st_mode & 0o200:
                raise PermissionError(13, "Access is denied", str(target))
            return function(path, *more)
        return step

    course = {f"bert_parts/{name}.py": tmp_path / f"{name}.py" for name in ("model", "pooler")}
    for path in course.values():
        path.write_text("a part", encoding="utf-8")
    monkeypatch.setattr(os, "replace", only_if_it_may(os.replace))
    monkeypatch.setattr(Path, "unlink", only_if_it_may(Path.unlink))
    place(tmp_path / "there", course)
    course["bert_parts/model.py"].write_text("a newer part", encoding="utf-8")
    course.pop("bert_parts/pooler.py")
    assert place(tmp_path / "there", course) == {}
    assert [path.read_text(encoding="utf-8") for path in (tmp_path / "there" / "bert_parts").iterdir()] == ["a newer part"]


# ── files that are open ──────────────────────────────────────────────────────────────────────────────────────────────


def mapped() -> list[str]:
    """The weights that are mapped into this process: Windows replaces no such file."""
    return [line.split()[-1] for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines() if ".safetensors" in line]


needs_maps = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what is mapped")


@needs_maps
def test_a_model_that_was_loaded_can_be_saved_in_its_place(tiny, tmp_path):
    model, tokenizer = load_pretrained(tiny)
    assert mapped() == []
    save_pretrained(model, tokenizer, tmp_path)
    model, tokenizer = load_pretrained(tmp_path)
    save_pretrained(model, tokenizer, tmp_path)
    assert mapped() == []


@needs_maps
def test_a_training_that_goes_on_can_replace_what_it_goes_on_from(tmp_path):
    held = []

    def batch_at(step: int) -> torch.Tensor:
        held.append(mapped())
        if step == 2 and len(held) == 3:
            raise KeyboardInterrupt
        return torch.ones(4, 3)

    def train():
        fit(torch.nn.Linear(3, 1), batch_at, lambda model, batch: model(batch).square().mean(), steps=4, learning_rate=1e-3,
            folder=tmp_path, save_every=1)

    with pytest.raises(KeyboardInterrupt):
        train()
    train()
    assert len(held) == 5 and not any(held)
