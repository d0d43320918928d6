"""What GitHub is told to run, and what it asks of people. It does not run here; but what it names is there."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tools import newest, release, versions
from tools.site_text import COLAB_BRANCH, ROOT, repository

GITHUB = ROOT / ".github"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((GITHUB / "workflows").glob("*.yml"))}
JOBS = [pytest.param(workflow, job, id=f"{name}-{title}")
        for name, workflow in WORKFLOWS.items() for title, job in workflow["jobs"].items()]
STEPS = [pytest.param(step, id=f"{name}-{title}-{number}") for name, workflow in WORKFLOWS.items()
         for title, job in workflow["jobs"].items() for number, step in enumerate(job["steps"])]
RUNS = [pytest.param(each.values[0]["run"], id=each.id) for each in STEPS if "run" in each.values[0]]
ALLOWED = {     # which job may do more than read
    "site-publish": {"pages": "write", "id-token": "write"},
    "newest-tell": {"contents": "read", "issues": "write"},
    "codeql-look": {"contents": "read", "security-events": "write"},
    "colab-copy": {"contents": "write"},
    "release-publish": {"id-token": "write"},
    "release-tell": {"contents": "write", "actions": "write"},
}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def triggers(workflow: dict) -> dict:
    """YAML reads "on" as true."""
    return workflow[True]


# ── workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_that_the_issue_of_proof_asks_for_is_there():
    assert WORKFLOWS.keys() == {"tests", "newest", "links", "codeql", "colab", "release", "site"}
    assert all("schedule" in triggers(WORKFLOWS[name]) for name in ("newest", "links", "codeql"))
    assert {"push", "pull_request"} <= triggers(WORKFLOWS["tests"]).keys()


@pytest.mark.parametrize("step", STEPS)
def test_an_action_is_named_by_its_commit(step):
    assert ("uses" in step) != ("run" in step)
    assert re.fullmatch(r"[\w-]+(/[\w-]+)+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}"))


def test_a_comment_says_which_version_a_commit_is_and_it_is_the_same_everywhere():
    lines = [line for path in (GITHUB / "workflows").glob("*.yml") for line in path.read_text(encoding="utf-8").splitlines()
             if "uses:" in line]
    named = {tuple(re.search(r"uses: ([\w-]+/[\w-]+)\S*@(\S+) # v(\d+\.\d+\.\d+)$", line).groups()) for line in lines}
    assert len({action for action, *_ in named}) == len(named)


@pytest.mark.parametrize(("workflow", "job"), JOBS)
def test_a_job_may_read_and_what_it_may_do_beyond_that_is_listed(workflow, job, request):
    name = re.search(r"\[(.+)\]", request.node.name)[1]
    assert workflow["permissions"] == {"contents": "read"}
    assert job.get("permissions") == ALLOWED.get(name)
    assert job["timeout-minutes"] <= 120


@pytest.mark.parametrize("step", STEPS)
def test_a_checkout_keeps_no_password_but_where_one_pushes(step, request):
    if step.get("uses", "").startswith("actions/checkout@"):
        assert step["with"]["persist-credentials"] is ("colab-copy" in request.node.name)


def test_no_job_runs_words_that_a_stranger_wrote():
    """What stands between ${{ and }} is put into a script as it is."""
    for each in RUNS:
        assert "${{" not in each.values[0]
    started_by = {name for each in WORKFLOWS.values() for name in triggers(each)}
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & started_by


@pytest.mark.parametrize("script", RUNS)
def test_what_a_step_runs_is_there(script):
    for target in re.findall(r"^make ([\w-]+)", script, re.MULTILINE):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
    for name in re.findall(r"(?<![\w./-])((?:tools|tests|docs|notebooks)/[\w./-]+)", script):
        assert (ROOT / name).exists(), name
    for module in re.findall(r"-m (tools\.\w+)", script):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
    for code in re.findall(r"-c \"([^\"]+)\"", script):
        compile(code, "step", "exec")
        for module, names in re.findall(r"from (bert_parts_course\S*) import (\w+)", code):
            exec(f"from {module} import {names}", {})
    for workflow in re.findall(r"gh workflow run (\S+)", script):
        assert (GITHUB / "workflows" / workflow).is_file()
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


@pytest.mark.parametrize("script", RUNS)
def test_options_of_our_own_commands_are_known(script):
    for words in re.findall(r"python tools/(\w+\.py[^\n>]*)", script):
        name, *given = words.split()
        known = subprocess.run([sys.executable, ROOT / "tools" / name, "--help"], capture_output=True, text=True).stdout
        assert all(option in known for option in given if option.startswith("--")), words


def test_the_matrix_is_every_system_and_every_python_that_will_do():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = SpecifierSet(project["requires-python"])
    tests = WORKFLOWS["tests"]["jobs"]
    matrix = tests["learner"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"] and all(python in needs for python in matrix["python"])
    assert "3.10" not in needs
    systems = [system.split("-")[0] for system in matrix["system"]]
    assert systems == ["ubuntu", "macos", "windows"]
    all_run_there = [{"system": "ubuntu-latest", "python": python} for python in tests["all"]["strategy"]["matrix"]["python"]]
    assert matrix["exclude"] == all_run_there
    for name in ("newest", "release"):
        tried = WORKFLOWS[name]["jobs"]["try"]["strategy"]["matrix"]
        assert tried["system"] == matrix["system"] and tried["python"] == [matrix["python"][0], matrix["python"][-1]]


def test_a_learners_machine_runs_pytest_as_make_test_does():
    steps = " ".join(step.get("run", "") for step in WORKFLOWS["tests"]["jobs"]["learner"]["steps"])
    ours = re.search(r"^test: .*\n\t(.+)\\\n\t\t(.+)", MAKEFILE, re.MULTILINE)
    for option in re.findall(r"--?[a-z][\w-]*(?: (?:\d+|loadfile|tests/sanitize\.cfg))?", f"{ours[1]} {ours[2]}"):
        assert option in steps, option


@pytest.mark.parametrize("script", RUNS)
def test_notebooks_run_without_the_tests_are_compared_as_with_them(script):
    """Tolerances and widgets' twins are in tests/conftest.py, which pytest finds by itself only beside tests that it is given."""
    for words in re.findall(r"-m pytest(.+)", script.replace("\\\n", " ")):
        given = re.search(r"(?<!\S)tests(?!\S)", words)
        assert "--nbval" not in words or given or "-p tests.conftest" in words, words


def test_the_branch_of_copies_starts_nothing():
    for name, workflow in WORKFLOWS.items():
        push = triggers(workflow).get("push", {"tags": True})
        if name != "colab":
            assert "tags" in push or push == {"branches-ignore": [COLAB_BRANCH]}
    assert WORKFLOWS["colab"]["jobs"]["copy"]["if"].endswith("default_branch")
    assert f"git push --force origin {COLAB_BRANCH}" in WORKFLOWS["colab"]["jobs"]["copy"]["steps"][-1]["run"]


@pytest.mark.skipif(sys.platform == "win32", reason="it is run on Linux")
def test_the_branch_of_copies_holds_them_and_nothing_else(tmp_path):
    script = WORKFLOWS["colab"]["jobs"]["copy"]["steps"][-1]["run"].replace("git push", "true git push")
    clone = tmp_path / "clone"
    for words in (["init", "-q", "-b", "main", clone], ["-C", clone, "commit", "-q", "--allow-empty", "-m", "one"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=b", *words], check=True)
    for name in (".gitignore", "README.md", "build/colab/README.md", "build/colab/notebooks/00.ipynb"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("build/\n", encoding="utf-8")
    subprocess.run(["git", "-C", clone, "add", "."], check=True)
    subprocess.run(["bash", "-ec", script], cwd=clone, check=True, capture_output=True)
    listed = subprocess.run(["git", "-C", clone, "ls-tree", "-r", "--name-only", COLAB_BRANCH], capture_output=True, text=True)
    assert listed.stdout.split() == ["README.md", "notebooks/00.ipynb"]
    counted = subprocess.run(["git", "-C", clone, "rev-list", "--count", COLAB_BRANCH], capture_output=True, text=True)
    assert counted.stdout.strip() == "1"


def test_newer_versions_are_proposed_for_all_that_is_pinned():
    settings = yaml.safe_load((GITHUB / "dependabot.yml").read_text(encoding="utf-8"))
    assert settings["version"] == 2
    places = {(each["package-ecosystem"], each["directory"]) for each in settings["updates"]}
    assert places == {("pip", "/"), ("github-actions", "/"), ("docker", "/docker")}
    assert all((ROOT / directory.strip("/")).is_dir() for _, directory in places)


# ── a learner's install with the newest releases ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine on which nothing is installed or run, and what was asked of it; ``fails`` ends with an error."""
    asked, fails = [], []

    def run(line, **options):
        asked.append(" ".join(map(str, line[1:])))
        failed = any(word in asked[-1] for word in fails)
        there = {"Torch": "9.9", "numpy": newest.pinned()["numpy"][0], "new": "1"}
        listed = json.dumps([{"name": name, "version": number} for name, number in there.items()])
        said = "\n".join(f"line {number} ✓" for number in range(100)) if failed else ""
        return subprocess.CompletedProcess(line, int(failed), stdout=listed if "encoding" in options else said.encode())

    monkeypatch.setattr(newest.subprocess, "run", run)
    monkeypatch.setattr(newest.venv, "create", lambda folder, **options: folder.mkdir(parents=True))
    return asked, fails, tmp_path / "newest"


def test_the_newest_is_installed_from_the_clone_and_run_outside_of_it(machine):
    asked, _, folder = machine
    assert newest.tried(folder)["failed"] is None
    install, *others, listing = asked
    assert install.endswith(str(ROOT)) and "list" in listing
    assert not any(str(ROOT) in words for words in others)
    assert [name for name in newest.QUICK if any(name in words for words in others)] == list(newest.QUICK)
    assert all((ROOT / "notebooks" / f"{name}.ipynb").is_file() for name in newest.QUICK)
    assert newest.told([json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")], "").count("| none |") == 1


def test_what_went_wrong_is_told(machine, monkeypatch, capsys):
    asked, fails, folder = machine
    fails.append("doctor")
    monkeypatch.setattr(sys, "argv", ["newest.py", "try", str(folder)])
    with pytest.raises(SystemExit) as ended:
        newest.main()
    assert ended.value.code == 1 and "nbconvert" not in " ".join(asked)     # it stops there
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["newest.py", "tell", str(folder), "--run", "https://example.org/run/1"])
    monkeypatch.setattr(sys.stdout, "reconfigure", lambda **options: None, raising=False)
    newest.main()
    said = capsys.readouterr().out
    assert "On 1 of 1 systems what `pip install bert-parts` brings today does not run" in said and "| bert-parts doctor |" in said
    assert "line 99 ✓" in said and "line 74" not in said
    assert f"| Torch | {newest.pinned()['torch'][0]} | 9.9 |" in said and "numpy" not in said and "| new |" not in said
    assert "https://example.org/run/1" in said


# ── a release ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_version_is_the_same_in_every_file(monkeypatch):
    (version,) = set(release.versions().values())
    assert release.problem(f"v{version}") == ""
    monkeypatch.setattr(release, "versions", lambda: {"a": "1.0", "b": "1.1"})
    assert release.problem("v1.1") == "The tag is v1.1, and the version in a 1.0."


def test_the_sites_of_releases_are_named_on_the_page_that_says_how_to_cite(tmp_path, monkeypatch):
    assert versions.NONE in (ROOT / "docs" / "site" / "cite.md").read_text(encoding="utf-8")
    page = tmp_path / "cite.html"
    page.write_text(f"before {versions.NONE} after", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["versions.py", str(tmp_path)])
    versions.main()
    assert page.read_text(encoding="utf-8") == f"before {versions.NONE} after"
    for name in ("v0.9", "v0.10", "api"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").touch()
    versions.main()
    assert re.findall('href="([^"]+)"', page.read_text(encoding="utf-8")) == ["v0.10/index.html", "v0.9/index.html"]
    page.write_text("", encoding="utf-8")
    with pytest.raises(SystemExit, match="has no place for versions"):
        versions.main()


def test_how_to_cite_is_the_same_for_people_and_for_programs():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "version", "license", "repository-code"} <= cited.keys()
    assert cited["repository-code"] == repository()[0] and cited["license"] == "MIT" and cited["type"] == "software"
    page = (ROOT / "docs" / "site" / "cite.md").read_text(encoding="utf-8").replace("\\", "")
    assert cited["title"] in page and cited["authors"][0]["name"] in page


# ── what people are asked ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda path: path.stem)
def test_a_form_asks_for_what_is_needed(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form.keys() == {"name", "description", "labels", "body"}
    asked = [field["id"] for field in form["body"]]
    assert len(set(asked)) == len(asked)
    for field in form["body"]:
        assert field["type"] in ("input", "textarea", "dropdown") and field["attributes"]["label"]
        assert (field["type"] == "dropdown") == ("options" in field["attributes"])
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_a_hole_is_told_in_private():
    (link,) = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "config.yml").read_text(encoding="utf-8"))["contact_links"]
    assert link["url"] == f"{repository()[0]}/security/advisories/new"
    assert link["url"] in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
