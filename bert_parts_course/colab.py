"""The course on Google Colab: what the first cell of a notebook's copy there calls (tools/colab.py writes that cell).

Colab brings torch and most of the rest. What it has stays as it is, since its own parts rely on it.
"""

import importlib
import os
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from bert_parts_course.doctor import fits, needed, version_of

DRIVE = Path("/content/drive")
IN_DRIVE = DRIVE / "MyDrive" / "bert-parts" / "my_parts"
NOT_HERE = "jupyterlab"     # Colab is in its place


def begin(keep_in_drive: bool):
    """Bring what is missing, and say where the learner's parts are kept. To be called before anything of the course is imported."""
    wanted = [each for each in needed() if each.name != NOT_HERE]
    bring([each for each in wanted if version_of(each.name) is None])
    older = [f"{each.name} {version_of(each.name)}" for each in wanted if version_of(each.name) and not fits(each)]
    if older:
        print(f"Colab has {', '.join(older)}, and the course is tested with others: figures may differ, and if something fails, "
              "this may be why.")
    parts = in_drive() if keep_in_drive else None
    if parts:
        os.environ["BERT_PARTS_HOME"] = str(parts)
        print(f"What you solve is kept in your Drive, in {parts.relative_to(DRIVE)}.")
    else:
        print("What you solve is kept on this machine alone, and is gone with it.")


def bring(missing: list[Requirement]):
    """Install packages, and nothing that they name in turn: the course needs none of what Colab lacks of that. One by one, so that
    one that cannot be had keeps no other away."""
    for each in missing:
        line = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        if subprocess.run([*line, f"{each.name}{each.specifier}"]).returncode:
            print(f"{each.name} was not installed: what needs it will fail, or do without.")
    importlib.invalidate_caches()


def in_drive() -> Path | None:
    """The folder for a learner's parts in their Drive; None if they do not allow it."""
    try:
        from google.colab import drive

        drive.mount(str(DRIVE))     # asks
        IN_DRIVE.mkdir(parents=True, exist_ok=True)
    except Exception as error:     # which one comes of a "no" is nowhere promised
        print(f"Your Drive is not there ({type(error).__name__}: {error}).")
        return None
    return IN_DRIVE
