"""Is this part right? It is asked what the package's own version is asked, and both are compared."""

import traceback
import warnings

import torch
from torch import Tensor

from bert_parts.learn.bounded import Interrupted, TimeUp, in_time
from bert_parts.learn.compare import difference, shortened
from bert_parts.learn.exercise import Case, Exercise, Finding, Misfit
from bert_parts.learn.source import source_of
from bert_parts.learn.state import settings_kept


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
    if difference(given, given, exercise.tolerance):     # it can be compared with nothing
        return False
    again = outcome_of(lambda: exercise.answer(thing, case, case.arguments()), thing)
    return isinstance(again, Trouble) or difference(again, given, exercise.tolerance) is not None


def words_of(error: BaseException) -> str:
    """What an error says, or the first of it; "" if it cannot say it."""
    try:
        return shortened(error, 1000)
    except BaseException:     # its own code may raise anything
        return ""


class Trouble:
    """The code raised an error, or was still running when its time was up."""

    def __init__(self, error: BaseException, thing):
        said = words_of(error)
        self.kind = (type(error).__name__, said)
        if isinstance(error, TimeUp):
            self.message = f"Your code was {said}, so it was stopped: does a loop never end?"
        elif isinstance(error, Misfit):
            self.message = said
        elif isinstance(error, NotImplementedError) and "forward" in said:
            self.message = "`forward` is missing: write it below `__init__`."
        elif isinstance(error, MemoryError):
            self.message = f"Your code asked for more memory than there is for it.\n{self.line(error, thing)}".rstrip()
        else:
            text = f": {said}" if said else ""
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
    """What the call gives back, or its Trouble. Warnings of the learner's code are not shown, and what it sets is put back."""
    try:
        with settings_kept(), in_time():
            warnings.simplefilter("ignore")
            return call()
    except Interrupted:     # by whoever sits before it
        raise
    except BaseException as error:
        return Trouble(error, thing)
