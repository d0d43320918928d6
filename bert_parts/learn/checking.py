"""``check``: is this part right, and if not, what is the mistake? It never raises and never hangs."""

import traceback
import warnings

import torch
from torch import Tensor

from bert_parts.learn.bounded import TimeUp, at_most
from bert_parts.learn.compare import difference
from bert_parts.learn.exercise import Case, Exercise, Finding, Misfit
from bert_parts.learn.kept import keep
from bert_parts.learn.page import Result
from bert_parts.learn.registry import EXERCISES
from bert_parts.learn.source import empty_functions, functions_of, names_in, source_of

SECONDS = 20     # for one case; the slowest right answer takes a few hundredths of one


def check(thing) -> Result:
    """Look at the learner's part, found by its name, and say how it stands.

    Returns:
        A Result: "not attempted", "not yet" with a diagnosis, or "right". A part that is right is kept.
    """
    exercise = EXERCISES.get(getattr(thing, "__name__", None))
    if exercise is None:
        return Result("not yet", unknown(thing))
    source = source_of(thing)
    empty = empty_functions(source) if source else []
    if empty:
        where = f" of {exercise.name}" if isinstance(thing, type) else ""
        return Result("not attempted", f"`{empty[0]}`{where} is still empty. Write it in the cell above, run that cell, "
                                       f"then run this one again. `hint({exercise.name})` helps.")
    finding = judge(exercise, thing)
    if finding:
        finding = unfinished_part(exercise, thing) or finding
        return Result("not yet", finding.message, finding.mistake)
    agreed = dropped_in(exercise, thing)
    if isinstance(agreed, Finding):
        return Result("not yet", agreed.message, agreed.mistake)
    kept = keep(exercise, thing, judge)
    return Result("right", "\n".join(part for part in (agreed, kept) if part))


def unknown(thing) -> str:
    given = getattr(thing, "__name__", None) or repr(thing)
    return (f"There is no exercise called `{given[:60]}`. Give check the function or class itself, under the name it has "
            f"in the notebook: {', '.join(EXERCISES)}.")


def judge(exercise: Exercise, thing) -> Finding | None:
    """The first thing that is wrong, from coarse to fine; None if nothing is."""
    if isinstance(exercise.reference, type) and not isinstance(thing, type):
        return Finding(f"`{exercise.name}` is a class in this course, and yours is a function: start from the stub again.")
    for case in exercise.cases:
        finding = try_case(exercise, thing, case)
        if finding:
            return finding
    for probe in exercise.probes:
        outcome = outcome_of(lambda probe=probe: probe(thing), thing)
        if isinstance(outcome, Trouble):
            return Finding(outcome.message)
        if outcome:
            return outcome
    return None


def unfinished_part(exercise: Exercise, thing) -> Finding | None:
    """An earlier part, written in the same notebook and used here, that is not right itself."""
    source = source_of(thing)
    for name in sorted(names_in(source) & EXERCISES.keys() - {exercise.name}) if source else ():
        part = functions_of(thing)[0].__globals__.get(name)
        written = source_of(part) if callable(part) else None
        if part is not EXERCISES[name].reference and written and (empty_functions(written) or judge(EXERCISES[name], part)):
            return Finding(f"Your code uses `{name}`, and the `{name}` of this notebook is not right yet: finish it, or run "
                           f"`{name} = mine({name})` to go on with the course's.", "uses an unfinished part")
    return None


def try_case(exercise: Exercise, thing, case: Case) -> Finding | None:
    """Put one case to the answer and compare with the package's, then with every known mistake's."""
    arguments = case.arguments()
    before = [argument.clone() if isinstance(argument, Tensor) else argument for argument in arguments]
    given = outcome_of(lambda: exercise.answer(thing, case, arguments), thing)
    if any(isinstance(old, Tensor) and not torch.equal(old, new) for old, new in zip(before, arguments, strict=True)):
        return Finding("Your code changes the tensor that it was given: work on a new one (`x + 1`, not `x += 1`; "
                       "`masked_fill`, not `masked_fill_`), since the caller may still need the old one.",
                       "input changed in place")
    expected = exercise.answer(exercise.reference, case, case.arguments())
    if not isinstance(given, Trouble):
        how = difference(given, expected, exercise.tolerance)
        if how is None:
            return None
    else:
        how = given.message
    known = known_mistake(exercise, case, given)
    if known:
        return known
    if isinstance(given, Tensor) and changes(exercise, thing, case, given):
        cure = "outside training too: let dropout act only while `self.training` is true" if isinstance(
            exercise.reference, type) else "and nothing here is left to chance"
        return Finding(f"Your answer changes from run to run, {cure}.", "random in evaluation")
    return Finding(f"{how}\n(What was tried: {case.tries}.)")


def known_mistake(exercise: Exercise, case: Case, given) -> Finding | None:
    """The first known mistake that gives just this answer, or fails in just this way."""
    for mistake in exercise.mistakes:
        wrong = outcome_of(lambda mistake=mistake: exercise.answer(mistake.wrong, case, case.arguments()), mistake.wrong)
        if isinstance(wrong, Trouble) or isinstance(given, Trouble):
            same = isinstance(wrong, Trouble) and isinstance(given, Trouble) and wrong.kind == given.kind
        else:
            same = difference(given, wrong, exercise.tolerance) is None
        if same:
            return Finding(mistake.says, mistake.name)
    return None


def changes(exercise: Exercise, thing, case: Case, given) -> bool:
    again = outcome_of(lambda: exercise.answer(thing, case, case.arguments()), thing)
    return isinstance(again, Trouble) or difference(again, given, exercise.tolerance) is not None


class Trouble:
    """The code raised an error, or was still running when its time was up."""

    def __init__(self, error: BaseException, thing):
        self.kind = (type(error).__name__, str(error))
        if isinstance(error, TimeUp):
            self.message = f"Your code was {error}, so it was stopped: does a loop never end?"
        elif isinstance(error, Misfit):
            self.message = str(error)
        elif isinstance(error, NotImplementedError) and "forward" in str(error):
            self.message = "`forward` is missing: write it below `__init__`."
        else:
            text = f": {error}" if str(error) else ""
            self.message = f"Your code raised {type(error).__name__}{text}\n{self.line(error, thing)}".rstrip()

    @staticmethod
    def line(error: BaseException, thing) -> str:
        """The learner's own line on which it happened."""
        written = source_of(thing) or ""
        frames = traceback.extract_tb(error.__traceback__)
        for frame in reversed(frames):
            if frame.line and frame.line in written:
                return f"It happened at: `{frame.line}`"
        return ""


def outcome_of(call, thing):
    """What the call gives back, or its Trouble. Warnings of the learner's code are not shown."""
    try:
        with at_most(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call()
    except (Exception, SystemExit, TimeUp) as error:
        return Trouble(error, thing)


def dropped_in(exercise: Exercise, thing) -> Finding | str:
    """The answer inside the real model."""
    if exercise.drop_in is None:
        return ""
    outcome = outcome_of(lambda: exercise.drop_in(thing), thing)
    if isinstance(outcome, Trouble):
        return Finding(f"By itself your part is right; inside the real model it fails. {outcome.message}")
    return outcome


