"""What a newcomer meets before the first notebook: the README, make, and what is installed."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from jupyterlab_server.config import get_federated_extensions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bert_parts_course import lab
from tools import install as installing
from tools.check_python import problem
from tools.install import is_whole, mend
from tools.notebook_rules import code_cells, notebooks, source_of
from tools.run_notebooks import merged, tidy
from tools.site_text import on_binder

ROOT = Path(__file__).resolve().parents[1]


def lines_of(name: str) -> list[str]:
    """The requirements in a file, without remarks and without the lines that are for pip alone."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("-")]


DIRECT = [Requirement(line) for name in ("requirements.txt", "requirements-test.txt") for line in lines_of(name)]
LOCKED = [Requirement(line) for line in lines_of("constraints.txt")]


# ── a Python that will not do ────────────────────────────────────────────────────────────────────────────────────────


def test_a_python_that_will_do():
    assert problem((3, 11), has_venv=True) == ""
    assert problem((3, 14), has_venv=True) == ""


@pytest.mark.parametrize("version, has_venv, words", [
    ((3, 10), True, "needs Python 3.11 or newer, and this is Python 3.10"),
    ((2, 7), False, "needs Python 3.11 or newer, and this is Python 2.7"),
    ((3, 12), False, "sudo apt install python3-venv"),
])
def test_a_python_that_will_not_do_is_told_in_one_line(version, has_venv, words):
    message = problem(version, has_venv)
    assert words in message
    assert "make lab PYTHON=python3.12" in message
    assert "\n" not in message


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """make in a copy of the course that has nothing but what comes before the installation."""
    for name in ("Makefile", "requirements.txt", "requirements-test.txt", "requirements-bench.txt", "requirements-site.txt",
                 "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "tools").mkdir(exist_ok=True)
    for name in ("check_python.py", "install.py"):
        shutil.copy(ROOT / "tools" / name, folder / "tools")
    return run_make(folder, *arguments)


def run_make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """make as from a terminal: without what a `make test ARGS=…` around the tests hands on."""
    handed_on = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON", "ARGS", "NAMES", "ALL", "TORCH"}
    outside = {name: value for name, value in os.environ.items() if name not in handed_on}
    return subprocess.run(["make", *arguments], cwd=folder, env=outside, capture_output=True, text=True)


needs_make = pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")


@needs_make
@pytest.mark.parametrize("command, words", [
    ("no-such-python", "There is no command no-such-python"),
    ("./old-python", "this is Python 3.8"),
    ("./no-venv", "This Python has no venv module"),
])
def test_make_says_what_is_wrong_with_python_in_one_line(tmp_path, command, words):
    setups = {
        "old-python": "import sys; sys.version_info = (3, 8, 10)",
        "no-venv": "import sys; sys.modules['ensurepip'] = None",
    }
    for name, setup in setups.items():
        code = f"{setup}; import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"
        (tmp_path / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
        (tmp_path / name).chmod(0o755)
    result = make(tmp_path, "lab", f"PYTHON={command}")
    said = (result.stdout + result.stderr).strip()
    assert result.returncode != 0
    assert words in said
    assert len(said.splitlines()) == 1, said
    assert not (tmp_path / ".venv").exists()


def talking(venv: Path, name: str) -> Path:
    """The Python of an environment, which says its name and what it is told to run, and does nothing."""
    python = venv / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] || echo {name} $*\n')
    python.chmod(0o755)
    return python


@needs_make
def test_what_is_installed_is_not_installed_again(tmp_path):
    python = talking(tmp_path / ".venv", "python")
    for name in (".installed", ".installed-test"):
        (tmp_path / ".venv" / name).touch()
    first = make(tmp_path, "lab", "ARGS=--no-browser", "TORCH=cpu")
    assert "python tools/install.py --torch cpu\n" in first.stdout     # the requirements are newer than the mark
    again = run_make(tmp_path, "lab", "ARGS=--no-browser")
    assert again.stdout == "python tools/lab.py --no-browser\n"
    python.write_text("#!/bin/sh\nexit 1\n")     # say, a Python that was updated away
    (tmp_path / "another").write_text('#!/bin/sh\n[ "$1" = tools/check_python.py ] || echo another $*\n')
    (tmp_path / "another").chmod(0o755)
    assert "another tools/install.py\n" in run_make(tmp_path, "lab", "PYTHON=./another").stdout


@needs_make
def test_what_the_course_is_compared_with_has_an_environment_of_its_own(tmp_path):
    talking(tmp_path / ".venv-bench", "bench")
    assert make(tmp_path, "bench").stdout.splitlines()[1:] == ["bench tools/install.py --bench", "bench -m benchmarks"]
    assert run_make(tmp_path, "bench", "ARGS=--quick").stdout == "bench -m benchmarks --quick\n"
    assert not (tmp_path / ".venv").exists()


@needs_make
def test_what_makes_the_site_has_an_environment_of_its_own(tmp_path):
    talking(tmp_path / ".venv-site", "site")
    for name in ("bert_parts/model.py", "data/mask_filler/vocab.txt", "data/movie_reviews.tsv", "tools/page_models.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lines = [line for line in make(tmp_path, "site").stdout.splitlines() if line.startswith("site ")]
    assert lines == ["site tools/install.py --site", "site -m tools.page_models", "site -m tools.make_site"]
    (tmp_path / "build" / "page").mkdir(parents=True)
    (tmp_path / "build" / "page" / "files.json").touch()
    assert run_make(tmp_path, "site").stdout == "site -m tools.make_site\n"
    assert not (tmp_path / ".venv").exists()


@needs_make
def test_the_browser_sees_every_notebook_or_the_wheel_if_asked(tmp_path):
    python = talking(tmp_path / ".venv", "python")
    for name in (".installed", ".installed-test"):
        (tmp_path / ".venv" / name).touch()
    make(tmp_path, "lint")     # the requirements are newer than the mark
    assert "--all-notebooks" not in run_make(tmp_path, "test-browser").stdout
    assert run_make(tmp_path, "test-browser", "ALL=1").stdout.endswith(" --all-notebooks\n")
    (tmp_path / ".venv-wheel").mkdir()
    shutil.copy(python, tmp_path / "another")
    lines = run_make(tmp_path, "test-wheel", "PYTHON=./another", "TORCH=cpu").stdout.splitlines()
    assert lines[0] == "python tools/install.py --wheel --torch cpu" and not (tmp_path / ".venv-wheel").exists()
    assert lines[-1] == "python -m pytest tests/browser/test_course_command.py --learner .venv-wheel/bin/python"


def without_its_mark(folder: Path) -> Path:
    """The Python of an environment whose pyvenv.cfg is gone: it is the one that the environment was made of."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
    return python


unless_copied = pytest.mark.skipif(sys.platform == "win32", reason="a Python is copied there, and none is found without its mark")


@unless_copied
def test_what_is_no_environment_any_more_is_made_anew(tmp_path, monkeypatch):
    made, run, python = [], subprocess.run, without_its_mark(tmp_path)
    monkeypatch.setattr(subprocess, "run", lambda line, **options: made.append(line) if "venv" in line else run(line, **options))
    installing.make_venv(tmp_path / ".venv", python)
    assert made == [[sys.executable, "-m", "venv", "--clear", tmp_path / ".venv"]]
    installing.make_venv(Path(sys.prefix), Path(sys.executable))
    assert len(made) == 1


@needs_make
@unless_copied
def test_make_takes_no_python_for_an_environment(tmp_path):
    without_its_mark(tmp_path)
    lines = make(tmp_path, "lab", "--dry-run", f"PYTHON={sys.executable}").stdout.splitlines()
    assert [line.strip() for line in lines if "tools/install.py" in line] == [f'"{sys.executable}" tools/install.py']


@pytest.mark.parametrize("words, venv, told", [
    ([], ".venv", ["-r", "requirements.txt"]),
    (["--tests"], ".venv", ["-r", "requirements-test.txt"]),
    (["--bench"], ".venv-bench", ["-r", "requirements-bench.txt"]),
    (["--site"], ".venv-site", ["-r", "requirements-site.txt"]),
    (["--wheel"], ".venv-wheel", ["."]),
])
def test_what_is_installed_where(monkeypatch, words, venv, told):
    calls = []
    monkeypatch.setattr(sys, "argv", ["install.py", *words])
    for name in ("make_venv", "mend", "site_packages", "install_torch"):
        monkeypatch.setattr(installing, name, lambda *arguments: None)
    monkeypatch.setattr(installing, "install", lambda *arguments: calls.append(arguments))
    installing.main()
    ((python, *arguments),) = calls
    assert python.relative_to(ROOT).parts[0] == venv
    assert arguments == told     # in the course's folder


# ── the installation ─────────────────────────────────────────────────────────────────────────────────────────────────


def a_package(folder: Path, name: str) -> Path:
    """An installed package, as an installer leaves it."""
    description = folder / f"{name}-1.0.dist-info"
    description.mkdir(parents=True)
    (folder / f"{name}.py").write_text("answer = 42\n")
    (description / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (description / "RECORD").write_text(f"{name}.py,sha256=x,12\n__pycache__/{name}.pyc,,\n{name}-1.0.dist-info/RECORD,,\n")
    return description


@pytest.mark.parametrize("damage", [
    lambda folder: (folder / "one.py").unlink(),
    lambda folder: (folder / "one.py").write_text("answer ="),
    lambda folder: (folder / "one-1.0.dist-info" / "RECORD").unlink(),
    lambda folder: (folder / "one-1.0.dist-info" / "RECORD").write_text(""),
    lambda folder: (folder / "one-1.0.dist-info" / "METADATA").unlink(),
], ids=["a file is missing", "a file is cut off", "no list", "an empty list", "no description"])
def test_what_an_interrupted_installation_left_is_installed_again(tmp_path, capsys, damage):
    kept, broken = a_package(tmp_path, "two"), a_package(tmp_path, "one")
    (tmp_path / "~orch").mkdir()
    mend(tmp_path)
    assert kept.is_dir() and broken.is_dir() and not (tmp_path / "~orch").exists()
    assert capsys.readouterr().out == ""
    damage(tmp_path)
    mend(tmp_path)
    assert kept.is_dir() and not broken.exists()     # so that pip and uv know nothing of it
    assert capsys.readouterr().out == "one-1.0 is not whole: it is installed again.\n"


def test_all_that_is_installed_here_is_whole():
    folder = Path(sysconfig.get_path("purelib"))
    packages = [(each, Path(each._path)) for each in importlib.metadata.distributions(path=[str(folder)])]
    assert len(packages) > 100
    assert [path.name for each, path in packages if path.suffix == ".dist-info" and not is_whole(each, path)] == []


PYTHON = Path("python")     # of the environment that is installed into
CPU, CUDA = ("--no-deps", "--index-url", "INDEX", "torch==2.13.0+cpu"), ("--no-deps", "torch==2.13.0")


@pytest.mark.parametrize("there, wanted, card, answer, expected", [
    ("", None, False, True, CPU),
    ("", None, False, False, None),            # the index does not answer: the usual build, with all else
    ("", None, True, True, None),              # a card: the usual build
    ("", "cpu", True, True, CPU),
    ("", "cuda", False, True, None),
    ("2.13.0+cpu", None, False, True, None),   # what is there stays
    ("2.13.0", None, False, True, None),
    ("2.13.0+cpu", "cuda", False, True, CUDA),
    ("2.13.0", "cpu", False, True, CPU),
    ("2.12.1+cpu", None, False, True, CPU),
])
def test_which_torch_comes(monkeypatch, there, wanted, card, answer, expected):
    calls = []
    monkeypatch.setattr(installing.sys, "platform", "linux")
    monkeypatch.setattr(installing, "answer_of", lambda python, code: there or None)
    monkeypatch.setattr(installing, "has_nvidia_card", lambda: card)
    monkeypatch.setattr(installing, "answers", lambda index: answer)
    monkeypatch.setattr(installing, "cpu_index", lambda: "INDEX")
    monkeypatch.setattr(installing, "install", lambda python, *arguments: calls.append(arguments))
    installing.install_torch(PYTHON, wanted)
    given = [tuple(word for word in call if "reinstall" not in word) for call in calls]
    assert given == ([expected] if expected else [])


def test_the_usual_torch_comes_where_there_is_no_cpu_build(monkeypatch, capsys):
    def fail(*arguments):
        raise subprocess.CalledProcessError(1, ["pip"])

    monkeypatch.setattr(installing, "answers", lambda index: True)
    monkeypatch.setattr(installing, "install", fail)
    installing.bring_cpu_build(PYTHON, "2.13.0")
    assert "There is no CPU build for this machine" in capsys.readouterr().out


def test_the_cpu_index_is_the_one_that_binder_asks():
    assert installing.cpu_index().startswith("https://") and installing.cpu_index().endswith("/cpu")
    assert installing.pinned_torch() == "2.13.0"
    assert not installing.answers("http://127.0.0.1:9/whl/cpu")     # nobody listens there


def test_a_failed_installation_ends_in_a_sentence(monkeypatch):
    def fail(*arguments):
        raise subprocess.CalledProcessError(2, ["pip"])

    monkeypatch.setattr(sys, "argv", ["install.py"])
    for name in ("make_venv", "mend", "site_packages", "install_torch"):
        monkeypatch.setattr(installing, name, lambda *arguments: None)
    monkeypatch.setattr(installing, "install", fail)
    with pytest.raises(SystemExit, match="did not finish .pip ended with 2.. What is there is kept: give the same command again"):
        installing.main()


PROGRAMS = {     # what stands for them, and says when it is done
    "apt-get": 'touch fetching; [ "$1" = update ] || { sleep 1; echo chromium >> done; }',
    "make": '[ "$1" = test ] && until [ -e fetching ]; do sleep 0.1; done; echo "$1 $PIP_COMPILE" >> done',
}


@pytest.mark.skipif(sys.platform == "win32", reason="it runs on Linux")
def test_the_browser_is_fetched_while_the_other_tests_run(tmp_path):
    """And its own wait for it. What is installed there is not compiled before it is imported."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    for name, does in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    for name in ("bash", "dirname", "sed", "sh", "sleep", "touch"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    subprocess.run([shutil.which("bash"), ".ci/run"], cwd=tmp_path, env={"PATH": str(tmp_path / "bin")}, check=True, timeout=60)
    assert sorted((tmp_path / "done").read_text().splitlines()[:2]) == ["chromium", "test 0"]
    assert (tmp_path / "done").read_text().splitlines()[2:] == ["test-browser 0"]


# ── JupyterLab ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_lab_opens_the_first_notebook():
    line = lab.command(ROOT, ["--port=9999"], {"DISPLAY": ":0"}, "linux", is_root=False)
    assert line[1:4] == ["-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in line
    assert line[-1] == "--port=9999" and "--no-browser" not in line


def test_the_lab_prints_its_address_where_there_is_no_screen():
    assert "--no-browser" in lab.command(ROOT, [], {}, "linux", is_root=False)
    assert "--no-browser" not in lab.command(ROOT, [], {"WAYLAND_DISPLAY": "wayland-0"}, "linux", is_root=False)
    assert "--no-browser" not in lab.command(ROOT, [], {}, "darwin", is_root=False)
    assert "--allow-root" in lab.command(ROOT, [], {}, "linux", is_root=True)


@pytest.mark.parametrize("view", ["lab", "doc"])
def test_the_lab_has_the_views_that_links_to_binder_ask_for(view):
    from jupyterlab_server.handlers import MASTER_URL_PATTERN

    assert on_binder("notebooks/00.ipynb", view).endswith(f"?urlpath={view}/tree/notebooks/00.ipynb")
    assert re.fullmatch(MASTER_URL_PATTERN.format("lab"), f"/{view}/tree/notebooks/00.ipynb")["mode"] == view


def test_the_lab_asks_nobody_for_news():
    text = (lab.SETTINGS / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8")
    settings = json.loads(text)["@jupyterlab/apputils-extension:notification"]
    schema = Path(sys.prefix) / "share/jupyter/lab/schemas/@jupyterlab/apputils-extension/notification.json"
    known = json.loads(schema.read_text(encoding="utf-8"))["properties"]
    assert settings == {"fetchNews": "false", "checkForUpdates": False}
    assert settings.keys() <= known.keys()


def test_the_lab_has_the_courses_settings_and_its_extension_beside_a_users_own(monkeypatch):
    given = []

    def become(program, line, environment):
        given.append(environment)
        raise SystemExit

    monkeypatch.setattr(os, "name", "posix")
    monkeypatch.setattr(os, "execve", become, raising=False)
    with pytest.raises(SystemExit):
        lab.open_lab(ROOT, [], {"JUPYTER_PATH": "mine", "HOME": "home"})
    assert given == [{"HOME": "home", "OMP_WAIT_POLICY": "PASSIVE", "JUPYTER_CONFIG_PATH": str(lab.SETTINGS),
                      "JUPYTER_PATH": os.pathsep.join([str(lab.SETTINGS), "mine"])}]
    found = get_federated_extensions([str(lab.SETTINGS / "labextensions")])["bert-parts"]
    assert (Path(found["ext_path"]) / found["jupyterlab"]["_build"]["load"]).is_file()


@pytest.mark.skipif(os.name != "posix", reason="Binder runs Linux")
def test_binder_has_them_too():
    shown = subprocess.run([ROOT / ".binder/start", "env"], cwd=ROOT, env={"PATH": os.environ["PATH"], "JUPYTER_PATH": "own"},
                           capture_output=True, text=True, check=True)
    there = dict(line.split("=", 1) for line in shown.stdout.splitlines())
    assert there["JUPYTER_CONFIG_PATH"] == str(lab.SETTINGS) and there["JUPYTER_PATH"] == f"{lab.SETTINGS}:own"
    assert there["OMP_WAIT_POLICY"] == "PASSIVE"


# ── what is installed ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_a_requirement_is_pinned_and_installed(requirement):
    (pin,) = requirement.specifier
    assert pin.operator == "=="
    installed = Version(importlib.metadata.version(requirement.name))
    assert Version(pin.version) == Version(installed.public)     # without a build's own name, such as +cpu


def test_torch_is_written_as_it_must_be():
    assert "torch==2.13.0" in lines_of("requirements.txt")
    assert "torch==2.13.0" in lines_of("constraints.txt")


def test_the_lock_holds_all_that_the_requirements_bring():
    locked = {canonicalize_name(each.name): each for each in LOCKED if not each.marker or each.marker.evaluate()}
    missing = []
    for name in sorted(brought_by(DIRECT)):
        version = Version(importlib.metadata.version(name)).public
        if name not in locked or not locked[name].specifier.contains(version):
            missing.append(f"{name} {version}")
    assert not missing, f"run `make lock`, or `make test` in a clean folder: {missing}"


def brought_by(requirements: list[Requirement]) -> set[str]:
    """The names of all that must be installed here for these requirements, themselves included."""
    found, waiting = set(), [(each, "") for each in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in found:
            continue
        found.add(key)
        for line in importlib.metadata.requires(requirement.name) or []:
            waiting += [(Requirement(line), each) for each in (requirement.extras or {""})]
    return {name for name, _ in found}


def test_the_lock_is_for_every_system():
    for each in LOCKED:
        (pin,) = each.specifier
        assert pin.operator == "=="
        assert "+" not in pin.version, f"{each}: a build's own name is not known everywhere"
        assert not each.url


def test_what_is_imported_is_required():
    """What the package and the notebooks import, requirements.txt names; what the tests import comes with theirs."""
    named = {canonicalize_name(Requirement(line).name) for line in lines_of("requirements.txt")}
    package = [path.read_text(encoding="utf-8") for path in ROOT.glob("bert_parts*/**/*.py")]
    cells = [source_of(cell) for path in notebooks() for cell in code_cells(json.loads(path.read_text(encoding="utf-8")))]
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    assert imported(package + cells) - named - {"ipython", "jupyter-core", "packaging"} == set()     # they come with JupyterLab
    assert imported(tests) - brought_by(DIRECT) == set()


def imported(texts: list[str]) -> set[str]:
    """The distributions whose modules are imported, by the first name of each."""
    pattern = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)
    names = {name for text in texts for name in pattern.findall(text)} - set(sys.stdlib_module_names)
    homes = importlib.metadata.packages_distributions()
    return {canonicalize_name(homes[name][0]) for name in names if name in homes} - {"bert-parts"}


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_readme_begins_with_how_to_begin():
    first = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:34])
    for words in ("uvx bert-parts", "make lab", "make test", "python3 tools/install.py", ".venv/bin/python tools/lab.py",
                  r"py -3 tools\install.py", r".venv\Scripts\python tools\lab.py",
                  "urlpath=lab/tree/notebooks/00_start_here.ipynb", "urlpath=doc/tree/notebooks/00_start_here.ipynb"):
        assert words in first, words


def test_no_registry_is_named():
    """Which registry is asked is the user's own setting. Only Binder, which has none, is told."""
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("python" + "hosted", "org"), ("npm" + "js", "org"),
                                           ("yarn" + "pkg", "com"), ("ana" + "conda", "org"), ("pytorch", "org/whl"))]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone")
    named = [(name, host) for name in listed.stdout.split("\0") if name and not name.startswith(".binder/")
             for host in hosts if host.encode() in (ROOT / name).read_bytes()]
    assert named == []


# ── saving a notebook ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_saved_notebook_is_the_same_after_each_run():
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    def one_run(widget: str, seconds: str):
        outputs = [
            new_output("stream", name="stdout", text="a\n"),
            new_output("stream", name="stdout", text="b\n"),
            new_output("stream", name="stderr", text=f"\r 50%|█    | 1/2 [00:01<{seconds},  1.10s/it]"),
            new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {"model_id": widget}}),
        ]
        cells = [new_code_cell("1", id="one", outputs=outputs, execution_count=7,
                               metadata={"tags": ["long"], "execution": {"shell.execute_reply": seconds}}),
                 new_code_cell("", id="two")]
        state = {"application/vnd.jupyter.widget-state+json": {"state": {widget: {"model_name": "HTMLModel"}}}}
        metadata = {"widgets": state, "language_info": {"name": "python", "version": f"3.11.{seconds}"}}
        return nbformat.writes(tidy(new_notebook(cells=cells, metadata=metadata), "name"))

    saved = one_run("0123456789abcdef" * 2, "5")
    assert saved == one_run("fedcba9876543210" * 2, "6")
    cell, empty = json.loads(saved)["cells"]
    assert cell["metadata"] == {"tags": ["long"]}
    assert (cell["execution_count"], empty["execution_count"]) == (1, None)
    assert [output.get("text") for output in cell["outputs"]] == [["a\n", "b\n"], None]


def test_a_warning_is_not_taken_for_a_progress_bar():
    from nbformat.v4 import new_output

    (output,) = merged([new_output("stream", name="stderr", text="100%|██| 47/47 [01:15<00:00]\rUserWarning: look\n")])
    assert output.text == "UserWarning: look"
