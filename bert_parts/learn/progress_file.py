"""What has been solved, remembered between sessions in ``my_parts/progress.json``."""

import json
import os
from pathlib import Path

from filelock import FileLock

from bert_parts.files import whole_file
from bert_parts_course.folder import parts_here

MY_PARTS = parts_here()     # found once, since a learner's code may go to another folder
LOCK_SECONDS = 5     # another kernel holds the lock for some milliseconds; one that is killed lets it go


def home() -> Path:
    """Where the learner's parts and progress are kept: ``my_parts/`` in the course's folder, or ``BERT_PARTS_HOME``."""
    chosen = os.environ.get("BERT_PARTS_HOME")
    return Path(chosen).expanduser() if chosen else MY_PARTS


def solved() -> list[str]:
    """The names of the exercises solved so far, in the order in which they were solved."""
    path = home() / "progress.json"
    if not os.path.isfile(path):     # unlike path.is_file(), False where the folder may not be read
        return []
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["solved"]
        if not all(isinstance(name, str) for name in names) or not isinstance(names, list):
            raise TypeError("its list of solved exercises is not a list of names")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        set_aside(path, f"{type(error).__name__}: {error}")
        return []
    return names


def remember(name: str):
    """Add one exercise to those solved, whatever other kernels add meanwhile.

    Raises:
        OSError: the file cannot be written.
    """
    if name in solved():
        return
    home().mkdir(parents=True, exist_ok=True)
    with FileLock(home() / ".lock", timeout=LOCK_SECONDS):
        names = solved()
        if name not in names:
            with whole_file(home() / "progress.json") as path:
                path.write_text(json.dumps({"solved": [*names, name]}, indent=2) + "\n", encoding="utf-8")


def set_aside(path: Path, why: str):
    """Move a file that is of no use out of the way, keeping it, and say so."""
    number = 1
    while os.path.exists(path.with_name(f"{path.name}.damaged-{number}")):
        number += 1
    aside = path.with_name(f"{path.name}.damaged-{number}")
    try:
        os.replace(path, aside)
        done = f"It was set aside as {aside.name}"
    except OSError as error:
        done = f"It could not be set aside ({error.strerror}), so remove it yourself"
    print(f"{path} could not be used ({why}). {done}; the course goes on without it.")
