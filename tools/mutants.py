"""Is a check fooled by a wrong answer? It is given every small change of the right one: python -m tools.mutants NAME… [--jobs N]

NAME is an exercise; without one, all are tried. A mutant that is accepted is printed with the line and the change: it either does
the same on everything that the docstring allows, or the check has a hole.
"""

import argparse
import ast
import contextlib
import inspect
import io
import os
import signal
import sys
import textwrap
import warnings
from collections.abc import Iterator

import torch

from bert_parts.learn.edits import Edit, edited, edits_of
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.judging import judge, outcome_of
from bert_parts.learn.patches import defined
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.state import chance_kept, usual_settings

SECONDS = 20     # for one mutant; what runs longer, or kills its process, was not accepted
REFUSED, ACCEPTED, REFUSED_INSIDE = 0, 1, 2


def mutants(reference) -> list[tuple[Edit, str, object]]:
    """Every small change of a function or class of the package: the edit, the source after it, and what that defines.

    Changes that leave the text as it is, or that cannot even be defined, are left out, and of equal ones all but the first.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(reference)))
    seen, found = {ast.unparse(tree)}, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for edit in edits_of(tree):
            text = _text(tree, edit)
            if text and text not in seen:
                seen.add(text)
                with contextlib.suppress(Exception):
                    found.append((edit, text, defined(text, reference.__name__, vars(sys.modules[reference.__module__]))))
    return found


def _text(tree: ast.Module, edit: Edit) -> str | None:
    with contextlib.suppress(Exception):
        return ast.unparse(edited(tree, [edit]))


def survivors(exercise: Exercise, jobs: int = 1) -> Iterator[tuple[Edit, str]]:
    """The mutants of an exercise's reference that its check accepts. Each is judged in a process of its own."""
    made = mutants(exercise.reference)
    for number, outcome in _outcomes(exercise, [thing for *_, thing in made], jobs):
        if outcome == ACCEPTED:
            yield made[number][:2]


def _outcomes(exercise: Exercise, things: list, jobs: int) -> Iterator[tuple[int, int]]:
    """The number of each mutant and what became of it; of one that was killed, that it was refused."""
    running: dict[int, int] = {}
    for number, thing in enumerate(things):
        running[_judged_apart(exercise, thing)] = number
        if len(running) >= jobs:
            yield _ended(running)
    while running:
        yield _ended(running)


def _ended(running: dict[int, int]) -> tuple[int, int]:
    process, status = os.wait()
    return running.pop(process), os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else REFUSED


def _judged_apart(exercise: Exercise, thing) -> int:
    """The id of a process that judges; its exit status says how."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    outcome = REFUSED
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        outcome = _judged(exercise, thing)
    finally:
        os._exit(outcome)


def _judged(exercise: Exercise, thing) -> int:
    with chance_kept(), usual_settings(), contextlib.redirect_stdout(io.StringIO()):
        if judge(exercise, thing) is not None:
            return REFUSED
        inside = outcome_of(lambda: exercise.drop_in(thing), thing) if exercise.drop_in else ""
        return ACCEPTED if isinstance(inside, str) and not isinstance(inside, Finding) else REFUSED_INSIDE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="exercises; all, if none is given")
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants are judged at a time")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in EXERCISES]:
        parser.error(f"there is no exercise {unknown[0]}")
    torch.set_num_threads(1)
    tried = accepted = 0
    for name in given.names or EXERCISES:
        made = mutants(EXERCISES[name].reference)
        left = list(survivors(EXERCISES[name], given.jobs))
        tried, accepted = tried + len(made), accepted + len(left)
        print(f"{name}: {len(left)} of {len(made)} mutants accepted", flush=True)
        for edit, text in left:
            print(f"  line {edit.line}, {edit.kind}: {edit.rule}\n      {_changed_line(EXERCISES[name].reference, text)}",
                flush=True)
    print(f"{accepted} of {tried} mutants accepted")


def _changed_line(reference, text: str) -> str:
    """The first line of the mutant that is not the reference's."""
    before = ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(reference)))).splitlines()
    return next((line.strip() for line in text.splitlines() if line not in before), "a line less, or in another place")


if __name__ == "__main__":
    main()
