"""What is wrong with an answer, in steps from sure to general: known mistakes, one or two at once; then, whatever it is, how the
numbers differ, where values part, and the smallest example."""

import inspect
import linecache
import time
from dataclasses import replace

from bert_parts.learn.example import smallest
from bert_parts.learn.exercise import Exercise, Finding
from bert_parts.learn.judging import Refusal, Trouble
from bert_parts.learn.known import Outcomes, known_mistake, shown_here, two_mistakes
from bert_parts.learn.measures import measured, sizes_of
from bert_parts.learn.source import functions_of
from bert_parts.learn.trace import parting, steps_of

SECONDS = 2.0     # for the whole answer


def diagnosed(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """The refusal of an answer, with the mistake's name and words where they are found."""
    if refusal.case is None:
        return refusal.finding
    began = time.monotonic()
    outcomes = Outcomes(exercise, thing, {refusal.case: refusal.given})
    finding = (
        known_mistake(exercise, outcomes, refusal)
        or two_mistakes(exercise, outcomes, refusal, until=began + SECONDS / 2)
        or shown_here(exercise, outcomes, refusal)
        or in_general(exercise, thing, refusal)
    )
    return with_example(exercise, thing, refusal, finding)


def in_general(exercise: Exercise, thing, refusal: Refusal) -> Finding:
    """What can be said of a mistake that nobody listed."""
    expected = exercise.answer(exercise.reference, refusal.case, refusal.case.arguments())
    measure = measured(refusal.given, expected, dict(sizes_of(named_arguments(exercise, refusal))))
    said = [refusal.finding.message, measure.says if measure else ""]
    line, where = parted(exercise, thing, refusal)
    return Finding("\n".join(filter(None, (*said, where))), measure.kind if measure else None, line)


def named_arguments(exercise: Exercise, refusal: Refusal) -> dict[str, object]:
    """The arguments of the case under their names in the reference."""
    reference = exercise.reference
    names = list(inspect.signature(reference.forward if isinstance(reference, type) else reference).parameters)
    return dict(zip(names[isinstance(reference, type):], refusal.case.arguments(), strict=False))


def parted(exercise: Exercise, thing, refusal: Refusal) -> tuple[int | None, str]:
    """The line on which the learner's values part from those of the course's version, with words."""
    if isinstance(refusal.given, Trouble):
        return refusal.given.line, ""
    course = exercise.made(())
    own, theirs = (steps_of(lambda part=part: exercise.answer(part, refusal.case, refusal.case.arguments()), files_of(part))
                   for part in (thing, course))
    agreed, line = parting(own, theirs, exercise.tolerance)
    if line is None or agreed is None or line <= agreed:
        return None, ""
    text = linecache.getline(next(iter(files_of(thing))), line).strip()
    return line, f"Up to line {agreed} your values are the course's. Look at line {line}, where they part: `{text}`"


def files_of(thing) -> set[str]:
    return {function.__code__.co_filename for function in functions_of(thing)}


def with_example(exercise: Exercise, thing, refusal: Refusal, finding: Finding) -> Finding:
    """The finding, and the smallest example of what is wrong, where the answer is numbers."""
    arguments = named_arguments(exercise, refusal)

    def answer(part):
        return lambda *tried: exercise.answer(part, refusal.case, tried)

    example = "" if refusal.case.training or isinstance(refusal.given, Trouble) else smallest(
        answer(thing), answer(exercise.reference), tuple(arguments.values()), list(arguments), exercise.tolerance)
    return replace(finding, message=f"{finding.message}\n{example}") if example else finding
