"""Install the course into .venv, or complete and mend what is there.

    python3 tools/install.py                  what a learner needs
    python3 tools/install.py --tests          what the tests need, too
    python3 tools/install.py --bench          what `make bench` compares with, into .venv-bench, which is apart from that
    python3 tools/install.py --site           what `make site` needs, into .venv-site
    python3 tools/install.py --wheel          the wheel, as `pip install bert-parts` brings it, into .venv-wheel
    python3 tools/install.py --torch cuda     PyTorch with CUDA, for NVIDIA cards; --torch cpu without

On Linux the usual build of PyTorch brings some 4 GB for NVIDIA cards. Where there is no such card, the CPU build is taken instead,
from PyTorch's own index if that answers. uv does the installing if it is there, since it is much faster; else pip.
Nothing but Python itself is needed to run this.
"""

# So that an old Python gets as far as being told that it is too old.
from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.check_python import has_venv, problem  # noqa: E402

PLACES = {     # what is wanted: what the installer is told, and the environment that gets it
    "learn": (("-r", "requirements.txt"), ROOT / ".venv"),
    "tests": (("-r", "requirements-test.txt"), ROOT / ".venv"),
    "bench": (("-r", "requirements-bench.txt"), ROOT / ".venv-bench"),
    "site": (("-r", "requirements-site.txt"), ROOT / ".venv-site"),
    "wheel": ((".",), ROOT / ".venv-wheel"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted = parser.add_mutually_exclusive_group()
    for name, words in (("tests", "bring what the tests need, too"),
                        ("bench", "bring what `make bench` needs, into an environment of its own"),
                        ("site", "bring what `make site` needs, into an environment of its own"),
                        ("wheel", "bring the wheel alone, and what it asks for, into an environment of its own")):
        wanted.add_argument(f"--{name}", dest="wanted", action="store_const", const=name, default="learn", help=words)
    parser.add_argument("--torch", choices=("cpu", "cuda"), help="which build of PyTorch, on Linux")
    options = parser.parse_args()
    words, venv = PLACES[options.wanted]
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    try:
        make_venv(venv, python)
        mend(site_packages(python))
        install_torch(python, options.torch)
        install(python, *words)
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"The installation did not finish ({why(error)}). What is there is kept: give the same command again to go on.")
    except KeyboardInterrupt:
        sys.exit("The installation was stopped. What is there is kept: give the same command again to go on.")


def why(error: Exception) -> str:
    """What went wrong, in a few words: the installer has said more above."""
    return f"{error.cmd[0]} ended with {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else str(error)


# ---------------------------------------------------------------- the environment


def make_venv(venv: Path, python: Path):
    """An environment with a Python that runs and can be installed into; what an earlier try left half made is made whole."""
    if answer_of(python, "import sys; sys.exit(sys.prefix == sys.base_prefix)") is None:     # none, or not any more
        refuse(problem(sys.version_info, has_venv()))
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    refuse(answer_of(python, f"import runpy; runpy.run_path({str(ROOT / 'tools' / 'check_python.py')!r}, run_name='__main__')"))
    if not uv() and answer_of(python, "import pip") is None:
        print(f"There is no pip in {venv.name}: putting it there.", flush=True)
        subprocess.run([python, "-m", "ensurepip", "--upgrade"], check=True, stdout=subprocess.DEVNULL)


def refuse(problem: str | None):
    if problem:
        sys.exit(problem)


def site_packages(python: Path) -> Path:
    return Path(answer_of(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def answer_of(python: Path, code: str) -> str | None:
    """What a line of Python prints there, or None if it does not run. A path may have any letters."""
    in_utf_8 = os.environ | {"PYTHONIOENCODING": "utf-8"}
    try:
        found = subprocess.run([python, "-c", code], capture_output=True, encoding="utf-8", env=in_utf_8)
    except OSError:
        return None
    return found.stdout.strip() if found.returncode == 0 else None


def uv() -> str | None:
    return shutil.which("uv")


def install(python: Path, *arguments: str):
    """One call of uv, or of pip, that installs where this Python finds it."""
    if uv():
        command = [uv(), "pip", "install", "--python", str(python)]
    else:
        command = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True, cwd=ROOT)


# ---------------------------------------------------------------- an installation that was interrupted


def mend(folder: Path):
    """Forget each package of which not every file is there, whole, so that it is installed again.

    An installer that is killed can leave a package's description in place, and only a part of its files. The next one
    would take it for installed.
    """
    for leftover in folder.glob("~*"):     # what pip had put aside
        shutil.rmtree(leftover, ignore_errors=True)
    for package in distributions(path=[str(folder)]):
        description = Path(package._path)     # its .dist-info, which importlib.metadata has no public name for
        if description.suffix == ".dist-info" and not is_whole(package, description):
            print(f"{description.name.removesuffix('.dist-info')} is not whole: it is installed again.", flush=True)
            shutil.rmtree(description)


def is_whole(package: Distribution, description: Path) -> bool:
    """Whether every file that the package's list names is there, and as long as it says."""
    record = description / "RECORD"
    if not record.is_file() or not (description / "METADATA").is_file():
        return False
    with open(record, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row and not row[0].endswith(".pyc")]
    return bool(rows) and all(is_there(description.parent / name, size) for name, _, size in rows)


def is_there(path: Path, size: str) -> bool:
    try:
        return not size or path.stat().st_size == int(size)
    except FileNotFoundError:
        return False


# ---------------------------------------------------------------- which PyTorch


def install_torch(python: Path, wanted: str | None):
    """On Linux, the build of PyTorch that fits this machine, or the one asked for. Elsewhere the usual one is for the CPU."""
    if sys.platform != "linux":
        return
    version, there = pinned_torch(), answer_of(python, "import importlib.metadata as m; print(m.version('torch'))") or ""
    is_cpu, is_pinned = there.endswith("+cpu"), there.split("+")[0] == version
    if wanted == "cuda" and is_cpu:
        install(python, "--no-deps", reinstalling(), f"torch=={version}")
    if wanted == "cuda" or (is_pinned and (is_cpu or not wanted)):
        return
    if not wanted and has_nvidia_card():
        print("There is an NVIDIA card: PyTorch comes with CUDA. Without: tools/install.py --torch cpu", flush=True)
        return
    bring_cpu_build(python, version)


def bring_cpu_build(python: Path, version: str):
    """The CPU build from PyTorch's own index; a sentence where that cannot be had."""
    if not answers(cpu_index()):
        print("PyTorch's index of CPU builds does not answer, so PyTorch comes from where everything else does: on most "
              "Linux machines that is its build for NVIDIA cards, some 4 GB more.", flush=True)
        return
    print("PyTorch comes as its CPU build, without the 4 GB for NVIDIA cards. To have these: the same command with --torch cuda "
          "(make: with TORCH=cuda).", flush=True)
    try:
        install(python, "--no-deps", reinstalling(), "--index-url", cpu_index(), f"torch=={version}+cpu")
    except subprocess.CalledProcessError:
        print("There is no CPU build for this machine: PyTorch comes from where everything else does.", flush=True)


def reinstalling() -> str:
    """uv and pip call it by other names: the package itself, also if that version is there in another build."""
    return "--reinstall" if uv() else "--force-reinstall"


def pinned_torch() -> str:
    return re.search(r"^torch==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]


def cpu_index() -> str:
    """The address of PyTorch's own index, which stands where Binder needs it."""
    text = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8")
    return re.search(r"^--extra-index-url (\S+)", text, re.MULTILINE)[1]


def answers(index: str) -> bool:
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=10) as page:
            return page.status == 200
    except OSError:
        return False


def has_nvidia_card() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


if __name__ == "__main__":
    main()
