"""Is this part right? It is asked what the package's own version is asked, and both are compared."""

import ast
import inspect
import linecache
import sysconfig
import traceback
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import bert_parts
from bert_parts.files import shortened
from bert_parts.learn import bounded
from bert_parts.learn.bounded import Interrupted, TimeUp, in_time
from bert_parts.learn.compare import copied, difference, unchanged
from bert_parts.learn.exercise import Case, Exercise, Finding, Misfit, randn
from bert_parts.learn.source import source_of
from bert_parts.learn.state import settings_kept


@dataclass(frozen=True)
class Refusal:
    """Why an answer is not right.

    Attributes:
        finding: what can be said without looking further.
        case: the question at which the answer is another than expected; None if something else is the matter.
        given: what was answered there; without a case, the error that was raised, if there was one.
    """

    finding: Finding
    case: Case | None = None
    given: Any = None

    @property
    def message(self) -> str:
        return self.finding.message


def judge(exercise: Exercise, thing) -> Refusal | None:
    """The first thing that is wrong, from coarse to fine; None if nothing is."""
    if isinstance(exercise.reference, type) and not isinstance(thing, type):
        return Refusal(Finding(f"`{exercise.name}` is a class in this course, and yours is a function: start from the stub again."))
    for case in exercise.cases:
        refusal = try_case(exercise, thing, case)
        if refusal:
            return refusal
    for probe in probes_of(exercise):
        outcome = outcome_of(lambda probe=probe: probe(exercise, thing), thing, 2 * bounded.BUSY)
        if outcome:
            failed = isinstance(outcome, Trouble)
            return Refusal(Finding(outcome.message, line=outcome.line), given=outcome) if failed else Refusal(outcome)
    return None


def probes_of(exercise: Exercise) -> tuple:
    """What is asked beside the cases: each takes the exercise and the answer, and gives a Finding or None."""
    return *(only(probe) for probe in exercise.probes), learns_alike, keeps_what_it_is_made_from


def only(probe):
    """An exercise's own probe, which is given the answer alone."""
    return lambda _, thing: probe(thing)


def try_case(exercise: Exercise, thing, case: Case) -> Refusal | None:
    """Put one case to the answer and compare with the package's."""
    arguments = case.arguments()
    before = copied(arguments)
    given = outcome_of(lambda: exercise.answer(thing, case, arguments), thing, bounded.BUSY)
    if not unchanged(before, arguments):
        return Refusal(in_own_words(exercise, CHANGED))
    expected = exercise.answer(exercise.reference, case, case.arguments())
    how = given.message if isinstance(given, Trouble) else difference(given, expected, exercise.tolerance)
    if how is None:
        return None
    if isinstance(given, (Tensor, type(expected))) and changes(exercise, thing, case, given):
        return Refusal(by_chance(exercise))
    return Refusal(Finding(f"{how}\n(What was tried: {case.tries}.)", kind_of(given, expected)), case, given)


def by_chance(exercise: Exercise) -> Finding:
    if isinstance(exercise.reference, type):
        cure = "outside training too: let dropout act only while `self.training` is true"
    elif "generator" in inspect.signature(exercise.reference).parameters:
        cure = "though you are given a generator: draw from that, `generator=generator`, so that the same comes again"
    else:
        cure = "and nothing here is left to chance"
    return Finding(f"Your answer changes from run to run, {cure}.", RANDOM)


def in_own_words(exercise: Exercise, finding: Finding) -> Finding:
    """What the exercise's page says of a mistake that the judge finds in every part, if it says anything of it."""
    says = next((mistake.says for mistake in exercise.mistakes if mistake.name == finding.mistake), "")
    return replace(finding, message=says) if says else finding


CHANGED = Finding("Your code changes what it was given: work on a new tensor or list (`x + 1`, not `x += 1`; `masked_fill`, not "
                  "`masked_fill_`; no `pop`, `append` or `del`), since the caller may still need the old one.",
                  "input changed in place")
RANDOM, CUT, NOT_A_NUMBER = "random in evaluation", "gradient cut off", "gradient not a number"
NO_GRADIENT = Finding("The numbers are right, but no gradient comes through: `detach`, `.data`, `.item()`, `no_grad` or NumPy on "
                      "the way cuts it off, and then nothing could be learned here.", CUT)
RIGHT_BUT = "The numbers are right, but "
KEPT = ("The numbers are right, but the part does not keep what it was made from: set `self.{name} = {name}` in `__init__`, so "
        "that the course can build another just like it.")


def without_praise(message: str) -> str:
    """What is said of a fault that was found beside others, where not all the numbers are right."""
    said = message.removeprefix(RIGHT_BUT)
    return said[0].upper() + said[1:]


def kind_of(given, expected) -> str | None:
    """What kind of thing is the matter, where the answer's type alone tells it."""
    if isinstance(given, Trouble):
        return "definition" if given.kind[0] == Misfit.__name__ else None
    if type(given) is not type(expected):
        return "return"
    if isinstance(expected, (dict, list, tuple)):
        return kind_inside(given, expected)
    return "type" if isinstance(given, Tensor) and given.dtype != expected.dtype and given.shape == expected.shape else None


def kind_inside(given: dict | list | tuple, expected: dict | list | tuple) -> str | None:
    """The same of what is in a collection: where there is None, nothing was given back; anything else of another type is that."""
    if isinstance(expected, dict):
        given, expected = ([each[key] for key in expected] if expected.keys() <= each.keys() else [] for each in (given, expected))
    pairs = [(mine, wanted) for mine, wanted in zip(given, expected, strict=False) if type(mine) is not type(wanted)]
    if not pairs:
        return next(filter(None, map(kind_of, given, expected)), None)
    first, _ = pairs[0]
    if isinstance(first, bool | int | float):     # 1 for 1.0 is no other type
        return None
    return "return" if first is None else "type"


def changes(exercise: Exercise, thing, case: Case, given) -> bool:
    if difference(given, given, exercise.tolerance):     # it can be compared with nothing
        return False
    again = outcome_of(lambda: exercise.answer(thing, case, case.arguments()), thing)
    return isinstance(again, Trouble) or difference(again, given, exercise.tolerance) is not None


def learns_alike(exercise: Exercise, thing, least: float = 0.0) -> Finding | None:
    """Gradients reach all that they reach in the package's version, and are the same, but for a difference so small."""
    for case in exercise.cases:
        if case.training:
            continue
        expected, given = gradients(exercise, exercise.reference, case), gradients(exercise, thing, case)
        missing = not_reached(given, expected)
        if missing and not any(gradient is not None for gradient in given.values()):
            return NO_GRADIENT
        if missing:
            return Finding(f"The numbers are right, but no gradient reaches `{missing[0]}`: something on the way (`detach`, "
                           "`.data`, `.item()`, `no_grad`, NumPy) cuts it off, and then it could never learn.", CUT)
        largest = max((g.nan_to_num().abs().max().item() for g in expected.values() if g is not None), default=0.0)
        for name, gradient in expected.items():
            if gradient is not None and given[name].isnan().any() and not gradient.isnan().any():
                return Finding(f"The numbers are right, but the gradient that reaches `{name}` is NaN: on the way back 0 is "
                               "divided by 0, or infinity multiplied by 0. Candidates are a root of 0, and a `where` whose other "
                               "side is infinite.", NOT_A_NUMBER)
            if gradient is not None and not torch.allclose(given[name], gradient, atol=max(least, 1e-3 * largest), rtol=1e-3,
                                                           equal_nan=True):
                return Finding(f"The numbers are right, but the gradient that reaches `{name}` is not: a part of the way is cut "
                               "off (`detach`, `.data`, `.item()`, `no_grad`), so it would learn something else.", CUT)
    return None


def not_reached(given: dict[str, Tensor | None], expected: dict[str, Tensor | None]) -> list[str]:
    """The names that no gradient reaches, and should."""
    return [name for name, gradient in expected.items() if gradient is not None and given.get(name) is None]


def has_by_itself(exercise: Exercise, thing, finding: Finding) -> bool:
    """Whether a probe finds that in a part whose answers are wrong, too: of gradients, only that there are none."""
    if finding.mistake == CUT:
        return any(not_reached(gradients(exercise, thing, case), gradients(exercise, exercise.reference, case))
                   for case in exercise.cases if not case.training)
    found = (outcome_of(lambda probe=probe: probe(exercise, thing), thing, bounded.BUSY) for probe in probes_of(exercise)
             if probe is not learns_alike)
    return any(isinstance(each, Finding) and each.mistake == finding.mistake for each in found)


def gradients(exercise: Exercise, thing, case: Case) -> dict[str, Tensor | None]:
    """The gradient of one number made of the whole answer, by the names of the arguments and weights that it reaches."""
    arguments, function = case.arguments(), exercise.reference
    names = list(inspect.signature(function.forward if isinstance(function, type) else function).parameters)
    names = names[1:] if isinstance(function, type) else names
    leaves = {name: value.requires_grad_() for name, value in zip(names, arguments, strict=False)
              if isinstance(value, Tensor) and value.is_floating_point()}
    if not leaves and not isinstance(function, type):     # of words or ids there are none, and to ask may take long
        return {}
    with settings_kept():
        if isinstance(function, type):
            thing = exercise.built(thing, case)
            leaves |= dict(thing.named_parameters()) if isinstance(thing, nn.Module) else {}
        answer = thing(*arguments)
    parts = [part for part in (answer if isinstance(answer, (tuple, list)) else (answer,))
             if isinstance(part, Tensor) and part.requires_grad]
    if not parts or not leaves:
        return {}
    total = sum((part * randn(*part.shape, seed=number)).sum() for number, part in enumerate(parts))
    return dict(zip(leaves, torch.autograd.grad(total, list(leaves.values()), allow_unused=True), strict=True))


def keeps_what_it_is_made_from(exercise: Exercise, thing) -> Finding | None:
    """The course builds a learner's part like the one it replaces, from what that one keeps."""
    if not (isinstance(exercise.reference, type) and issubclass(exercise.reference, nn.Module)):
        return None
    case = exercise.cases[0]
    own = exercise.built(thing, case)
    for name, value in zip(inspect.signature(exercise.reference).parameters, case.build, strict=False):
        kept = getattr(own, name, None)
        if kept != value or type(kept) is not type(value):     # no layer is 12.0 wide
            return Finding(KEPT.format(name=name), f"{name} not kept")
    return None


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
        self.line = None
        self.kind = (type(error).__name__, said, place_of(error))
        if isinstance(error, TimeUp):
            self.message = f"Your code was {said}, so it was stopped: does a loop never end?"
        elif isinstance(error, Misfit):
            self.message = said
        elif isinstance(error, NotImplementedError) and "forward" in said:
            self.message = "`forward` is missing: write it below `__init__`."
        elif isinstance(error, MemoryError):
            self.message = f"Your code asked for more memory than there is for it.\n{self.where(error, thing)}".rstrip()
        else:
            text = f": {said}" if said else ""
            self.message = f"Your code raised {type(error).__name__}{text}\n{self.where(error, thing)}".rstrip()

    def where(self, error: BaseException, thing) -> str:
        """The learner's own line on which it happened."""
        written = source_of(thing) or ""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if frame.line and frame.line in written:
                self.line = frame.lineno
                return f"It happened at: `{frame.line}`"
        return ""


LIBRARIES = (sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
OTHERS = ("<frozen", str(Path(bert_parts.__file__).parent), *LIBRARIES)     # where code is that is not the learner's


def place_of(error: BaseException) -> str:
    """What kind of expression raised the error, in the innermost code that is neither torch's nor the course's: such as
    "Call softmax" or "BinOp MatMult". "" where that is not known."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(OTHERS) and frame.end_lineno is not None:
            lines = linecache.getlines(frame.filename)[frame.lineno - 1 : frame.end_lineno]
            if lines:
                lines[-1] = lines[-1].encode()[: frame.end_colno].decode(errors="ignore")
                lines[0] = lines[0].encode()[frame.colno :].decode(errors="ignore")
                return described("".join(lines))
    return ""


def described(text: str) -> str:
    """The kind of the outermost node of an expression, with the name of what is called or reached for."""
    try:
        node = ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        return text.split()[0] if text.split() else ""
    inner = node.func if isinstance(node, ast.Call) else node
    name = next((getattr(inner, field) for field in ("attr", "id") if hasattr(inner, field)), "")
    operator = type(node.op).__name__ if hasattr(node, "op") else ""
    return f"{type(node).__name__} {name}{operator}".strip()


def outcome_of(call, thing, busy: float | None = None):
    """What the call gives back, or its Trouble. Warnings of the learner's code are not shown, and what it sets is put back."""
    try:
        with settings_kept(), in_time(busy):
            warnings.simplefilter("ignore")
            return call()
    except Interrupted:     # by whoever sits before it
        raise
    except BaseException as error:
        return Trouble(error, thing)
