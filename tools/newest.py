"""Does what a learner would install today still run the course? Its wheel names versions loosely, and packages move on.

    python tools/newest.py try build/newest      install the newest, run quick notebooks, and write down what came of it
    python tools/newest.py tell build/newest     what went wrong, as the text of an issue

Nothing but Python itself is needed to run this. .github/workflows/newest.yml does so once a week, on several systems.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUICK = ("01_attention", "03_tokenizer", "04_embeddings", "05_encoder")
LINES = 25     # of what a failed command said: the last ones


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("try", "tell"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", default="", help="the address of the run that tells")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    if options.what == "tell":
        print(told([json.loads(path.read_text(encoding="utf-8")) for path in sorted(options.folder.glob("*.json"))], options.run))
    else:
        sys.exit(bool(tried(options.folder.absolute())["failed"]))


# ---------------------------------------------------------------- try


def tried(folder: Path) -> dict:
    """Install the course and run it, one command after the other until one fails; what came of it is written down, too."""
    venv.create(folder / "venv", with_pip=True, clear=True)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    found = {"system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(), "failed": None}
    for what, words in steps(folder):
        print(f"{what} …", flush=True)
        ran = subprocess.run([python, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if ran.returncode:
            said = ran.stdout.decode(errors="replace").strip()
            print(said, flush=True)
            found["failed"] = {"what": what, "said": "\n".join(said.splitlines()[-LINES:])}
            break
    found["versions"] = versions(python)
    name = f"{platform.system()}-{platform.python_version()}.json"
    (folder / name).write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def steps(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """What is done, and the words that do it, after Python's own name. The clone is read while installing, and then no more."""
    course = str(folder / "course")
    command = ["-c", "from bert_parts_course.command import main; main()", "--folder", course]
    yield "pip install bert-parts", ["-m", "pip", "install", "--disable-pip-version-check", str(ROOT)]
    yield "putting the course into a folder", [
        "-c", "import sys; from pathlib import Path; from bert_parts_course.command import bring; bring(Path(sys.argv[1]))", course]
    yield "bert-parts doctor", [*command, "doctor"]
    for name in QUICK:
        notebook = str(folder / "course" / "notebooks" / f"{name}.ipynb")
        yield f"running {name}", ["-m", "nbconvert", "--execute", "--to", "notebook", "--output-dir", str(folder / "run"), notebook]


def versions(python: Path) -> dict[str, str]:
    """Of what is installed there."""
    ran = subprocess.run([python, "-m", "pip", "list", "--format", "json"], capture_output=True, encoding="utf-8")
    return {each["name"]: each["version"] for each in json.loads(ran.stdout or "[]")}


# ---------------------------------------------------------------- tell


def told(found: list[dict], run: str) -> str:
    """The text of an issue: where it fails, what is said there, and what is newer than what the tests run with."""
    broken = [each for each in found if each["failed"]]
    rows = "\n".join(f"| {each['system']} | {each['python']} | {each['failed']['what']} |" for each in broken)
    said = "\n\n".join(f"{each['system']}, Python {each['python']}: {each['failed']['what']}\n\n```\n{each['failed']['said']}\n```"
                       for each in broken)
    pins = pinned()
    newer = {(name, " or ".join(pins[key(name)]), number) for each in broken for name, number in each["versions"].items()
             if key(name) in pins and number.split("+")[0] not in pins[key(name)]}
    table = "\n".join(f"| {name} | {old} | {new} |" for name, old, new in sorted(newer))
    return f"""On {len(broken)} of {len(found)} systems what `pip install bert-parts` brings today does not run the course any more.

| system | Python | what failed |
|---|---|---|
{rows}

{said}

Versions that differ from those that the tests run with:

| package | `constraints.txt` | here |
|---|---|---|
{table or "| none | | |"}

To see it: `python tools/newest.py try build/newest`. Until the course goes with the new version, an upper bound in
`pyproject.toml` keeps learners from it. {run}"""


def pinned() -> dict[str, list[str]]:
    """The versions of constraints.txt; a few packages have another on another Python."""
    pins = {}
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for name, number in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        pins.setdefault(key(name), []).append(number)
    return pins


def key(name: str) -> str:
    """One name for all ways of writing it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
