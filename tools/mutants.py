"""Is a check fooled by a wrong answer? It is given every small change of the right one: python -m tools.mutants NAME…

NAME is an exercise; without one, all are tried. A mutant that is accepted either does the same on all that the docstring asks for,
and then it stands in ``tests/equivalents`` with the reason, or the check has a hole. What stands nowhere is printed, as it would be
written down, and so is what is written down there and is no accepted mutant any more.
"""

import argparse
import ast
import contextlib
import gc
import hashlib
import io
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import torch

from bert_parts.learn import bounded
from bert_parts.learn.edits import Edit, edited, edits_of
from bert_parts.learn.exercise import Case, Exercise, Finding
from bert_parts.learn.judging import judge, outcome_of
from bert_parts.learn.patches import defined, plain_source
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.state import chance_kept, usual_settings
from tools.console import print_anything
from tools.equivalents import Equivalent, as_written, equivalents
from tools.sameness import asks_for_errors, same

TOGETHER = 25     # are judged in one process, which costs more than to judge one
PATIENT = 20     # times as long as usual, for one that is written down as right
REFUSED, ACCEPTED, REFUSED_INSIDE = 0, 1, 2


class _Quick(Exercise):
    """An exercise whose reference is asked once only, and whose cases with 300 answers come last."""

    @classmethod
    def of(cls, exercise: Exercise) -> "_Quick":
        parts = {field.name: getattr(exercise, field.name) for field in fields(exercise)}
        return cls(**parts | {"cases": tuple(sorted(exercise.cases, key=lambda case: case.training))})

    def answer(self, thing, case: Case, arguments: tuple):
        return _expected(self, case) if thing is self.reference else super().answer(thing, case, arguments)


@cache
def _expected(exercise: _Quick, case: Case):
    return Exercise.answer(exercise, exercise.reference, case, case.arguments())


def mutants(reference, asks: tuple[str, ...] = ()) -> list[tuple[Edit, str, object]]:
    """Every small change of a function or class of the package: the edit, the source after it, and what that defines.

    Changes that leave the text as it is, or that cannot even be defined, are left out, and of equal ones all but the first. So are,
    of a class of which an exercise asks for a part, those of what it gives.
    """
    source = plain_source(reference)
    tree, given = ast.parse(source), given_of(source, asks)
    seen, found = {ast.unparse(tree)}, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for edit in edits_of(tree):
            text = _text(tree, edit)
            if text and text not in seen and given_of(text, asks) == given:
                seen.add(text)
                with contextlib.suppress(Exception):
                    found.append((edit, text, defined(text, reference.__name__, vars(sys.modules[reference.__module__]))))
    return found


def _text(tree: ast.Module, edit: Edit) -> str | None:
    with contextlib.suppress(Exception):
        return ast.unparse(edited(tree, [edit]))


def given_of(source: str, asks: tuple[str, ...]) -> str:
    """What stands in the stub of a class beside what it asks for; "" if that is all."""
    return ast.unparse(_Given(asks).visit(ast.parse(source))) if asks else ""


class _Given(ast.NodeTransformer):
    """Takes out the methods and attributes that are asked for."""

    def __init__(self, asks: tuple[str, ...]):
        self.asks = asks

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        return None if node.name in self.asks else self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        return None if ast.unparse(node.targets[0]) in self.asks else node


def outcomes(exercise: Exercise, things: list, patience: float = 1) -> Iterator[int]:
    """What becomes of each, in their order.

    Args:
        patience: how many times as long as usual a mutant may take.
    """
    exercise = _Quick.of(exercise)
    right = exercise.made(())
    _judged(exercise, right)     # what is loaded once is there in every process
    began = time.process_time()
    _judged(exercise, right)
    seconds = patience * max(0.03, time.process_time() - began)
    for start in range(0, len(things), TOGETHER):
        yield from _together(exercise, things[start : start + TOGETHER], right, seconds)


def _together(exercise: Exercise, things: list, right, seconds: float) -> list[int]:
    """The outcomes of those that are judged in one process. One that ends the process is refused, and the others are judged again;
    so are all, fewer at a time, if the right answer is refused in the end."""
    if not things:
        return []
    found = _judged_apart(exercise, [*things, right], seconds)
    if len(found) > len(things) and found[-1] == ACCEPTED or len(things) == 1:
        return [*found, REFUSED][: len(things)]
    ended = len(found) < len(things)
    middle = len(found) if ended else len(things) // 2
    before, after = things[:middle], things[middle + ended :]
    return [*_together(exercise, before, right, seconds), *[REFUSED] * ended, *_together(exercise, after, right, seconds)]


def _judged_apart(exercise: Exercise, things: list, seconds: float) -> bytes:
    """The outcomes of those that a child process gets to, which ends if one takes much longer than the right answer's seconds."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        try:
            gc.freeze()     # to look through what is the parent's would take longer than many an answer
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
            torch.set_num_threads(1)     # those of the parent's pool are not here
            bounded.BUSY = 3 * seconds     # for one question: most of the time goes into loops that never end
            for thing in things:
                _end_after(1 + 5 * seconds)
                os.write(writer, bytes([_judged(exercise, thing)]))
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        found = pipe.read()
    os.waitpid(process, 0)
    return found


def _end_after(seconds: float):
    """End the process after so many seconds of work, or twenty times as many on the clock."""
    for timer, number, factor in ((signal.ITIMER_PROF, signal.SIGPROF, 1), (signal.ITIMER_REAL, signal.SIGALRM, 20)):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, factor * seconds)


def _judged(exercise: Exercise, thing) -> int:
    with chance_kept(), usual_settings(), contextlib.redirect_stdout(io.StringIO()):
        if judge(exercise, thing) is not None:
            return REFUSED
        inside = outcome_of(lambda: exercise.drop_in(thing), thing) if exercise.drop_in else ""
        return ACCEPTED if isinstance(inside, str) and not isinstance(inside, Finding) else REFUSED_INSIDE


class Results:
    """What became of mutants, in a file, so that a run goes on where another stopped."""

    def __init__(self, path: Path | None):
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        self.known = {digest: int(outcome) for _, digest, outcome in map(str.split, lines)}

    def of(self, text: str) -> int | None:
        return self.known.get(_digest(text))

    def add(self, name: str, text: str, outcome: int):
        self.known[_digest(text)] = outcome
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{name} {_digest(text)} {outcome}\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Trial:
    """What came of an exercise: how many mutants were tried, beside those that are the same by a rule; how many were accepted that
    are written down; the other accepted ones, which are holes or to be written down; and the entries that no mutant needs."""

    tried: int
    ruled: int
    written: int
    new: list[tuple[Edit, str]]
    vain: list[Equivalent]


def trial(exercise: Exercise, results: Results, every: int = 1) -> Trial:
    """Try each mutant of an exercise, or every so manieth. What was accepted, and is not written down, is tried again; and so is,
    with patience, what was refused although it is written down."""
    source, errors = plain_source(exercise.reference), asks_for_errors(exercise)
    entries = {each: each.text(exercise) for each in equivalents(exercise)}
    made = {text: (edit, thing) for edit, text, thing in mutants(exercise.reference, exercise.asks)}
    some, written = list(made)[::every], set(entries.values())
    others = [key for key in some if not same(source, key, errors)]

    def ask(keys: list[str], patience: float = 1):
        for key, outcome in zip(keys, outcomes(exercise, [made[key][1] for key in keys], patience), strict=True):
            results.add(exercise.name, key, outcome)

    ask([key for key in others if results.of(key) is None or results.of(key) == ACCEPTED and key not in written])
    ask([key for key in others if results.of(key) == REFUSED and key in written], PATIENT)
    accepted = [key for key in others if results.of(key) == ACCEPTED]
    needed = made.keys() - set(some) | set(accepted)
    new = [key for key in accepted if key not in written]
    vain = [each for each, key in entries.items() if key not in needed]
    return Trial(len(others), len(some) - len(others), len(accepted) - len(new), [(made[key][0], key) for key in new], vain)


def main():
    print_anything()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="exercises; all, if none is given")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try only every Nth")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keeps what is tried, so that a run can go on")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in EXERCISES]:
        parser.error(f"there is no exercise {unknown[0]}")
    torch.set_num_threads(1)
    results, trials = Results(given.results), []
    for name in given.names or EXERCISES:
        trials.append(trial(EXERCISES[name], results, given.every))
        print(told(EXERCISES[name], trials[-1]), flush=True)
    new, vain = sum(len(one.new) for one in trials), sum(len(one.vain) for one in trials)
    print(f"{sum(one.tried for one in trials)} mutants tried, {sum(one.ruled for one in trials)} others are the same by a rule; "
          f"{sum(one.written for one in trials)} accepted and written down, {new} accepted and not; {vain} entries are not needed")
    sys.exit(bool(new or vain))


def told(exercise: Exercise, one: Trial) -> str:
    """What came of a trial, with what is to be written down, and what no more."""
    lines = [f"{exercise.name}: {one.tried} mutants, {one.written} accepted and written down, {len(one.new)} accepted and not"]
    lines += [f"{edit.kind}: {edit.rule}\n{as_written(exercise, text)}" for edit, text in one.new]
    return "\n".join(lines + [f"not needed: {each.changes}" for each in one.vain])


if __name__ == "__main__":
    main()
