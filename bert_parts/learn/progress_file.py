"""What has been solved, remembered between sessions in ``my_parts/progress.json``."""

import json
import os
from pathlib import Path

from bert_parts.files import whole_file


def home() -> Path:
    """Where the learner's parts and progress are kept: ``my_parts/`` in the course's folder."""
    return Path(os.environ.get("BERT_PARTS_HOME") or Path(__file__).resolve().parents[2] / "my_parts")


def solved() -> list[str]:
    """The names of the exercises solved so far, in the order in which they were solved."""
    path = home() / "progress.json"
    if not path.is_file():
        return []
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["solved"]
        if not all(isinstance(name, str) for name in names) or not isinstance(names, list):
            raise TypeError("its list of solved exercises is not a list of names")
    except (ValueError, KeyError, TypeError) as error:
        set_aside(path, error)
        return []
    return names


def remember(name: str):
    """Add one exercise to those solved."""
    names = solved()
    if name in names:
        return
    home().mkdir(parents=True, exist_ok=True)
    with whole_file(home() / "progress.json") as path:
        path.write_text(json.dumps({"solved": [*names, name]}, indent=2) + "\n", encoding="utf-8")


def set_aside(path: Path, error: Exception):
    """Move an unreadable file out of the way, keeping it, and say so."""
    number = 1
    while path.with_name(f"{path.name}.damaged-{number}").exists():
        number += 1
    aside = path.with_name(f"{path.name}.damaged-{number}")
    os.replace(path, aside)
    print(f"{path.name} could not be used ({type(error).__name__}: {error}). It was set aside as {aside.name}; "
          f"the course goes on without it.")
