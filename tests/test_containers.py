"""The containers that the course can be run in. None is built here; but what they install and run is there, and is run."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath

import pytest
from traitlets.config import Config

from bert_parts_course.lab import SETTINGS, WAITING
from tests.test_setup import lines_of
from tools.check_python import problem
from tools.site_text import ROOT

BASH = pytest.mark.skipif(sys.platform == "win32", reason="a container runs Linux")
DOCKERFILE = ROOT / "docker" / "Dockerfile"
SEEN_BY_LAB = dict.fromkeys(("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"), str(SETTINGS))     # its settings, and its extension


def python_of(image: str) -> tuple[int, ...]:
    return tuple(map(int, re.search(r":(\d+)\.(\d+)", image).groups()))


def requirements_of(path: Path) -> set[Path]:
    """The files that a file of requirements takes in, itself included."""
    named = re.findall(r"^-r (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {path}.union(*(requirements_of((path.parent / name).resolve()) for name in named))


# ── .devcontainer ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_development_container_installs_the_course_with_the_cpu_build_of_torch():
    settings = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert problem(python_of(settings["image"]), has_venv=True) == ""
    python, script, *options = shlex.split(settings["onCreateCommand"])
    assert python == "python3" and (ROOT / script).is_file() and options == ["--torch", "cpu"]
    known = subprocess.run([sys.executable, ROOT / script, "--help"], capture_output=True, text=True, check=True).stdout
    assert "--torch {cpu,cuda}" in known
    vscode = settings["customizations"]["vscode"]
    assert vscode["settings"]["python.defaultInterpreterPath"] == "${containerWorkspaceFolder}/.venv/bin/python"
    assert all((ROOT / name).is_file() for name in settings["customizations"]["codespaces"]["openFiles"])
    there = {name: value.replace("${containerWorkspaceFolder}", str(ROOT)) for name, value in settings["remoteEnv"].items()}
    assert there == SEEN_BY_LAB | WAITING


# ── a hub that has no image of ours ──────────────────────────────────────────────────────────────────────────────────


def test_teachers_are_told_what_the_lab_needs_where_the_course_is_installed_once_for_all():
    told = (ROOT / "docs" / "site" / "teachers.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"`python -c \"(.+?)\"`", told)
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = re.findall(r"^ *(c\.Spawner\.environment\.update\(.+\))$", told, re.MULTILINE)
    hub = Config()
    exec(line, {"c": hub, "folder": ran.stdout.strip()})
    assert hub.Spawner.environment.get_value({}) == SEEN_BY_LAB


# ── docker ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def instructions() -> list[tuple[str, str]]:
    """Those of the Dockerfile, each as a pair: ("COPY", ". .")."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n", "", text).splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def given(name: str) -> list[str]:
    return [words for instruction, words in instructions() if instruction == name]


def test_the_image_has_a_python_that_will_do_and_installs_what_is_pinned():
    (image,) = given("FROM")
    assert problem(python_of(image), has_venv=True) == ""
    install = next(words for words in given("RUN") if words.startswith("pip install"))
    (listed,) = re.findall(r"--requirement (\S+)", install)
    assert requirements_of(ROOT / listed) == {
        ROOT / listed, ROOT / ".binder" / "requirements.txt", ROOT / "requirements.txt"}
    (hub,) = lines_of(listed)
    assert re.fullmatch(r"jupyterhub==\d+\.\d+\.\d+", hub)


def test_what_the_image_runs_is_there_and_not_left_out_of_it():
    words = " ".join(each for _, each in instructions())
    named = [name.removeprefix("/opt/bert_parts/") for name in re.findall(r"(?:/opt/bert_parts/|docker/|\.binder/)[\w./-]+", words)]
    assert {"docker/start", "docker/healthcheck.py", "docker/requirements.txt", ".binder/postBuild"} <= set(named)
    left_out = (ROOT / "docker" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    packed = ["pyproject.toml", "README.md", "LICENSE", "NOTICE", "constraints.txt", "requirements.txt", ".binder/requirements.txt",
              ".binder/start", "bert_parts", "bert_parts_course", "data", "notebooks"]
    for name in [*named, *packed]:
        assert (ROOT / name).exists(), name
        assert not {name, *map(str, PurePosixPath(name).parents)} & set(left_out), name
    for name in ("docker/start", ".binder/start", ".binder/postBuild"):
        listed = subprocess.run(["git", "ls-files", "--stage", name], cwd=ROOT, capture_output=True, text=True).stdout
        assert not listed or listed.startswith("100755"), f"{name} cannot be run"


def test_the_image_runs_as_a_learner_and_says_whether_it_is_well():
    assert given("USER")[-1] == "${USER_ID}" and "USER_ID=1000" in given("ARG")
    after = instructions()[instructions().index(("USER", "${USER_ID}")) :]
    assert {name for name, _ in after} >= {"HEALTHCHECK", "ENTRYPOINT", "CMD"} and "RUN" not in {name for name, _ in after}
    assert json.loads(given("CMD")[0])[0] == "jupyterhub-singleuser"
    assert json.loads(given("ENTRYPOINT")[0]) == ["/opt/bert_parts/docker/start"]
    assert json.loads(given("HEALTHCHECK")[0].split("CMD ")[1]) == ["python", "/opt/bert_parts/docker/healthcheck.py"]


@BASH
def test_a_server_starts_in_the_learners_home_with_the_course_in_it(tmp_path):
    home = tmp_path / "the home of Zoë"
    home.mkdir()
    names = "BERT_PARTS_HOME", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", *SEEN_BY_LAB
    code = f"import os; print(os.getcwd(), *map(os.environ.get, {names}), sep='\\n')"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    around = {name: value for name, value in os.environ.items() if name not in names}
    ran = subprocess.run([ROOT / "docker" / "start", "python", "-c", code], cwd=home, capture_output=True, text=True,
                         env=around | {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT), "CPU_LIMIT": "2.0"})
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [str(home), str(home / "bert-parts" / "my_parts"), "2", "PASSIVE", *SEEN_BY_LAB.values()]
    assert (home / "bert-parts" / "notebooks" / "00_start_here.ipynb").is_file()


class Server(BaseHTTPRequestHandler):
    """Answers where a hub put the learner's server, and nowhere else."""

    def do_GET(self):
        self.send_response(200 if self.path == "/user/ada/api" else 404)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_the_image_is_well_where_its_server_answers(tmp_path, monkeypatch):
    known = importlib.util.spec_from_file_location("healthcheck", ROOT / "docker" / "healthcheck.py")
    healthcheck = importlib.util.module_from_spec(known)
    known.loader.exec_module(healthcheck)
    monkeypatch.setattr(healthcheck, "jupyter_runtime_dir", lambda: str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert healthcheck.main() == 1
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    for number, (path, expected) in enumerate((("", 1), ("user/ada/", 0))):
        (tmp_path / f"jpserver-{number}.json").write_text(json.dumps({"url": url + path}), encoding="utf-8")
        assert healthcheck.main() == expected
    server.shutdown()
    server.server_close()
    assert healthcheck.main() == 1     # its file is still there
