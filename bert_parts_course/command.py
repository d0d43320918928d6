"""The command ``bert-parts``."""

import argparse
import os
import sys
import webbrowser
from importlib.metadata import version
from pathlib import Path

from bert_parts_course.folder import course_files, course_here, is_course, parts_of, place, reset
from bert_parts_course.lab import address_of, has_screen, open_lab

HELP = """A course that builds BERT part by part in PyTorch.

  bert-parts             put the course into a folder of yours, and open it in JupyterLab
  bert-parts reset 05    notebook 05 as it was at first; yours is kept beside it
  bert-parts progress    what you have solved
  bert-parts doctor      what is wrong with the installation or with your parts, and what to do

Other options go on to JupyterLab, such as --no-browser and --port=9999. Your own work is never written over."""


def main(words: list[str] | None = None):
    sys.stdout.reconfigure(errors="replace")     # on Windows, a file's encoding has no check mark
    parser = argparse.ArgumentParser("bert-parts", usage="bert-parts [--folder FOLDER] [command or options of JupyterLab]",
                                     description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--folder", type=Path, help="the course's folder; else the one that you are in, or ~/bert-parts")
    parser.add_argument("--version", action="version", version=f"bert_parts {version('bert_parts')}")
    options, rest = parser.parse_known_args(words)
    folder = (options.folder or course_here()).expanduser().absolute()
    match rest:
        case ["reset", notebook]:
            begin_anew(folder, notebook)
        case ["progress"]:
            show_progress(folder)
        case ["doctor"]:
            see_doctor(folder)
        case [word, *_] if not word.startswith("-"):
            parser.error(f"there is no command {' '.join(rest)}; see bert-parts --help")
        case _:
            start(folder, rest)


# ---------------------------------------------------------------- bert-parts


def start(folder: Path, arguments: list[str]):
    """Bring the folder up to date and open it in JupyterLab, or in the JupyterLab that has it open already."""
    bring(folder)
    environment = home_in(folder) | os.environ
    print(f"The course is in {folder}, and what you solve in {environment['BERT_PARTS_HOME']}.\n"
          "To come back, give the same command again.", flush=True)
    address = address_of(folder)
    if address is None:
        return open_lab(folder, arguments, environment)
    print(f"It is open already: {address}")
    if "--no-browser" not in arguments and has_screen(os.environ, sys.platform):
        webbrowser.open(address)


def bring(folder: Path):
    """Put the course into the folder, if it is not there, or what is newer of it. One that cannot be written is left as it is."""
    try:
        for name, kept in place(folder, course_files()).items():
            print(f"There is a new {name}. Yours is kept as {kept}.")
    except ValueError as error:
        sys.exit(str(error))
    except OSError as error:
        why = f"{folder} cannot be written ({error.strerror or error})"
        if not is_course(folder):
            sys.exit(f"{why}: name another folder, as in bert-parts --folder NAME.")
        print(f"{why}: its notebooks run, but cannot be saved there.")


def home_in(folder: Path) -> dict[str, str]:
    return {"BERT_PARTS_HOME": str(parts_of(folder))}


# ---------------------------------------------------------------- reset, progress, doctor


def begin_anew(folder: Path, notebook: str):
    """One notebook, by its number or its name, as it was at first."""
    need_course(folder)
    files = course_files()
    known = {Path(name).stem: name for name in files if name.startswith("notebooks/")}
    found = [name for stem, name in known.items() if stem == notebook or stem.split("_")[0] == notebook.zfill(2)]
    if not found:
        sys.exit(f"There is no notebook {notebook}. There are: {', '.join(known)}.")
    try:
        aside = reset(folder, found[0], files[found[0]])
    except OSError as error:
        sys.exit(f"{folder} cannot be written ({error.strerror or error}).")
    kept = f" Yours is kept as {aside[found[0]]}." if aside else ""
    print(f"{found[0]} is as it was at first.{kept}\n"
          f"If it is open: File → Reload Notebook from Disk. What you have solved stays in {parts_of(folder)}: "
          "delete a part's file there to begin that one anew.")


def show_progress(folder: Path):
    need_course(folder)
    os.environ |= home_in(folder) | os.environ
    from bert_parts.learn import progress

    print(progress())


def see_doctor(folder: Path):
    os.environ |= home_in(folder) | os.environ
    from bert_parts_course.doctor import findings

    trouble = False
    for finding in findings(folder):
        print(f"✗ {finding.what}\n    → {finding.advice}" if finding.advice else f"✓ {finding.what}", flush=True)
        trouble |= bool(finding.advice)
    sys.exit(trouble)


def need_course(folder: Path):
    if not is_course(folder):
        sys.exit(f"There is no course in {folder} yet: bert-parts puts it there; --folder names another one.")
