"""The course's files in a folder of the learner's own, never in the place of the learner's work.

What was put there is written down with its SHA-256. A file that still has it is replaced when the course has a newer one. A file
that has another is the learner's work: it stays, or is kept aside where a newer one takes its place.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).resolve().parent
IN_WHEEL, IN_CLONE = HERE / "notebooks", HERE.parent / "notebooks"
NOTEBOOKS = IN_WHEEL if IN_WHEEL.is_dir() else IN_CLONE
PARTS = HERE.parent / "bert_parts"
FOR_READING = "bert_parts/"     # copies of the parts, to which the notebooks link; nothing imports them

MARK = ".bert_parts"     # the folder by which a course's folder is known
PLACED = "placed.json"     # in it: the digest of each file as it was put there
LOCK_SECONDS = 60


def course_files() -> dict[str, Path]:
    """All that is put into a learner's folder: where it goes there, and where it comes from."""
    kinds = ("*.py", "clinic/*.py", "learn/*.py")
    parts = [path for kind in kinds for path in PARTS.glob(kind) if path.name != "__init__.py"]
    return {
        "README.md": HERE / "README.md",
        **{f"notebooks/{path.name}": path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]*_*.ipynb"))},
        **{f"{FOR_READING}{path.relative_to(PARTS).as_posix()}": path for path in sorted(parts)},
    }


def usual_folder() -> Path:
    return Path.home() / "bert-parts"


def is_course(folder: Path) -> bool:
    return os.path.isdir(folder / MARK)     # unlike Path.is_dir, False where the folder may not be read


def course_around(path: Path) -> Path | None:
    """The course's folder in which this path lies."""
    return next((folder for folder in (path, *path.parents) if is_course(folder)), None)


def course_here() -> Path:
    """The course's folder that one is in; else the usual one."""
    try:
        return course_around(Path.cwd()) or usual_folder()
    except FileNotFoundError:     # the folder that one is in was deleted
        return usual_folder()


def parts_here() -> Path:
    """Where parts are kept if ``BERT_PARTS_HOME`` does not say: in the clone that this is, else in the course's folder."""
    return (IN_CLONE.parent if IN_CLONE.is_dir() else course_here()) / "my_parts"


def parts_of(folder: Path) -> Path:
    """Where the parts of a learner who works in this folder are kept; not there if it cannot be written."""
    own = folder / "my_parts"
    return own if os.access(own if own.exists() else folder, os.W_OK) else usual_folder() / "my_parts"


def place(folder: Path, files: dict[str, Path]) -> dict[str, str]:
    """Put files into the folder, or what is newer of them.

    Returns:
        the names of the learner's own that had to make way, and what each is kept as.

    Raises:
        ValueError: the folder holds other things.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = {path.name for path in folder.iterdir()} - {"my_parts"}
    if others and not is_course(folder):
        raise ValueError(f"{folder} holds other things, and no course: name another folder, as in bert-parts --folder NAME.")
    (folder / MARK).mkdir(exist_ok=True)
    aside = {}
    with lock(folder):
        before, now = placed(folder), {}
        for name, source in files.items():
            now[name] = digest(source)
            if is_due(digest(folder / name), before.get(name), now[name]):
                aside |= renew(folder, name, source, before.get(name))
        for name in before.keys() - files.keys():     # the course has it no more
            if digest(folder / name) == before[name]:
                (folder / name).chmod(0o644)     # Windows removes no file that is read-only
                (folder / name).unlink()
        write_placed(folder, now)
    return aside


def is_due(there: str | None, before: str | None, new: str) -> bool:
    """Whether the course's file is to be put there, by the digests of what is there, of what was put there, and of the course's."""
    if there in (None, before):
        return there != new
    return new not in (there, before)     # the learner's work stays, unless there is a newer one


def reset(folder: Path, name: str, source: Path) -> dict[str, str]:
    """Put one file there as the course has it. Gives the name under which the learner's is kept, if it is another.

    Raises:
        OSError: the folder is no course's, or cannot be written.
    """
    with lock(folder):
        before, new = placed(folder), digest(source)
        aside = renew(folder, name, source, before.get(name)) if digest(folder / name) != new else {}
        write_placed(folder, before | {name: new})
    return aside


def renew(folder: Path, name: str, source: Path, before: str | None) -> dict[str, str]:
    """Put the course's file into its place. If the learner's work is there, keep that aside: its name, and what it is kept as."""
    target, aside = folder / name, {}
    if digest(target) not in (None, before):
        free = free_name(target)
        os.rename(target, free)
        aside[name] = free.relative_to(folder).as_posix()
    put(source, target, read_only=name.startswith(FOR_READING))
    return aside


def free_name(path: Path) -> Path:
    """Such as 05_encoder.yours-1.ipynb."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.yours-{number}{path.suffix}")).exists():
        number += 1
    return aside


def put(source: Path, target: Path, read_only: bool):
    """A copy that is whole, or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    shutil.copyfile(source, part)
    if target.exists():
        target.chmod(0o644)     # Windows replaces no file that is read-only
    os.replace(part, target)
    if read_only:
        target.chmod(0o444)


def lock(folder: Path) -> FileLock:
    return FileLock(folder / MARK / "lock", timeout=LOCK_SECONDS)


def placed(folder: Path) -> dict[str, str]:
    """The digest of each file as it was put there; nothing if that is not known, and so all there counts as the learner's."""
    try:
        found = json.loads((folder / MARK / PLACED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_placed(folder: Path, digests: dict[str, str]):
    part = folder / MARK / f"{PLACED}.part"
    part.write_text(json.dumps(digests, indent=1), encoding="utf-8")
    os.replace(part, folder / MARK / PLACED)


def digest(path: Path) -> str | None:
    """The SHA-256 of a file; None if there is none."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
