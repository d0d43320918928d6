"""The map of the course: a row for each notebook, from what its lesson says and where its parts are written."""

import os
import re
import sys
from pathlib import Path

from bert_parts.learn.registry import LESSONS
from tools.notebook_rules import FOLDER, ROOT

BEGIN = "<!-- the map, from the lessons: python -m tools.stubs -->"
END = "<!-- end of the map -->"
PACKAGE = ROOT / "bert_parts"


def course_map(folder: Path) -> str:
    """The table, with links that lead from a folder."""
    rows = ["| notebook | you build | file | paper |", "|---|---|---|---|"]
    for lesson, says in LESSONS.items():
        notebook = link(lesson.name.replace("_", " "), FOLDER / f"{lesson.name}.ipynb", folder)
        files = dict.fromkeys(Path(sys.modules[exercise.reference.__module__].__file__) for exercise in says.EXERCISES)
        links = ", ".join(link(f"`{file.relative_to(PACKAGE).as_posix()}`", file, folder) for file in files)
        rows.append(f"| {notebook} | {says.BUILDS} | {links} | {says.PAPER} |")
    return "\n".join(rows)


def link(words: str, path: Path, folder: Path) -> str:
    return f"[{words}]({Path(os.path.relpath(path, folder)).as_posix()})"


def with_map(text: str, folder: Path) -> str:
    """The text with the map of today between its marks, where it has them; it stands in a folder, from which links lead."""
    return re.sub(f"{BEGIN}.*?{END}", lambda found: f"{BEGIN}\n\n{course_map(folder)}\n\n{END}", text, flags=re.S)
