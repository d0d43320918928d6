"""The command ``bert-parts``."""

import argparse
import os
import sys
import webbrowser
from importlib.metadata import version
from pathlib import Path

from bert_parts_course.folder import course_files, course_here, is_course, parts_of, place
from bert_parts_course.lab import address_of, has_screen, open_lab

DESCRIPTION = "A course that builds BERT part by part in PyTorch. Puts it into a folder of yours, and opens it in JupyterLab."
EPILOG = "Other options go on to JupyterLab, such as --no-browser and --port=9999. Your own work is never written over."


def main(words: list[str] | None = None):
    parser = argparse.ArgumentParser("bert-parts", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    parser.add_argument("--folder", type=Path, help="the course's folder; else the one that you are in, or ~/bert-parts")
    parser.add_argument("--version", action="version", version=f"bert_parts {version('bert_parts')}")
    options, rest = parser.parse_known_args(words)
    folder = (options.folder or course_here()).expanduser().absolute()
    if rest and not rest[0].startswith("-"):
        parser.error(f"there is no command {rest[0]}")
    start(folder, rest)


def start(folder: Path, arguments: list[str]):
    """Bring the folder up to date and open it in JupyterLab, or in the JupyterLab that has it open already."""
    bring(folder)
    environment = {"BERT_PARTS_HOME": str(parts_of(folder))} | os.environ
    print(f"The course is in {folder}, and what you solve in {environment['BERT_PARTS_HOME']}.\n"
          "To come back, give the same command again.", flush=True)
    address = address_of(folder)
    if address is None:
        open_lab(folder, arguments, environment)
    print(f"It is open already: {address}")
    if "--no-browser" not in arguments and has_screen(os.environ, sys.platform):
        webbrowser.open(address)


def bring(folder: Path):
    """Put the course into the folder, if it is not there, or what is newer of it. One that cannot be written is left as it is."""
    try:
        for sentence in place(folder, course_files()):
            print(sentence)
    except ValueError as error:
        sys.exit(str(error))
    except OSError as error:
        why = f"{folder} cannot be written ({error.strerror or error})"
        if not is_course(folder):
            sys.exit(f"{why}: name another folder, as in bert-parts --folder NAME.")
        print(f"{why}: its notebooks run, but cannot be saved there.")
